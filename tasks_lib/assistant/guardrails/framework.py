"""Guardrails AI without its side effects: no download, no metrics, no users' text in traces or histories."""

import importlib
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType

_LOCK = threading.Lock()


def guardrails_ai() -> ModuleType:
    """The package `guardrails`, imported once.

    On import it downloads a tokenizer model through nltk, and jsonschema compiles a grammar for international addresses
    through rfc3987_syntax. Neither is used here, both are optional, and together they are half of the import's time.
    """
    with _LOCK:
        if "guardrails" not in sys.modules:
            with _absent("nltk", *_unless_imported("rfc3987_syntax")):
                importlib.import_module("guardrails")
        module = sys.modules["guardrails"]
        _silence()
    return module


def _silence() -> None:
    from guardrails.classes.rc import RC
    from guardrails.settings import settings

    settings.rc = RC(enable_metrics=False, use_remote_inferencing=False)
    settings.disable_tracing = True
    os.environ.setdefault("GUARDRAILS_RUN_SYNC", "true")


def _unless_imported(name: str) -> tuple[str, ...]:
    return () if name in sys.modules else (name,)


@contextmanager
def _absent(*names: str) -> Iterator[None]:
    """Import as if these packages were not installed."""
    before = {name: sys.modules.get(name) for name in names}
    sys.modules.update(dict.fromkeys(names))  # type: ignore[arg-type]  # None makes `import` raise ImportError
    try:
        yield
    finally:
        for name, module in before.items():
            if module is None:
                sys.modules.pop(name, None)
            else:
                sys.modules[name] = module
