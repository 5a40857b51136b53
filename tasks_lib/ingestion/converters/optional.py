"""Packages that only some formats need."""

from importlib import import_module
from typing import Any

from tasks_lib.ingestion.converters.converted import UnreadableDocumentError


def required(module: str, kind: str) -> Any:
    """The module that reads files of `kind`.

    :raises UnreadableDocumentError: If its package is not installed.
    """
    try:
        return import_module(module)
    except ImportError as error:
        reason = f"{kind} needs the package {module}: pip install {module}"
        raise UnreadableDocumentError(reason) from error
