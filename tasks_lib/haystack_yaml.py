"""Haystack components and pipelines from a configuration, behind Haystack's deserialisation allowlist."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from haystack import Pipeline
from haystack.core.component import Component
from haystack.core.pipeline.base import PipelineBase

from tasks_lib.config.pipelines import HaystackComponent
from tasks_lib.errors import ConfigurationError, LlmopsError

OWN_MODULES = ("tasks_lib", "tasks_lib.*", "blocks", "blocks.*")
"""Always allowed, beside Haystack's defaults: `haystack`, `haystack_integrations` and `haystack_experimental`."""

_NAME = "component"


def build_component(config: HaystackComponent, allowed_modules: Sequence[str], key: str) -> Component:
    """The component that `config` describes; it belongs to no pipeline yet.

    :param allowed_modules: `pipelines.allowed_modules`.
    :param key: Configuration key that named it.
    :raises ConfigurationError: If it is not allowed, cannot be imported, or cannot be made with these parameters.
    """
    data = {"components": {_NAME: config.model_dump()}, "connections": []}
    pipeline = _from_dict(data, allowed_modules, f"{key} names the component {config.type!r}")
    made: Component = pipeline.remove_component(_NAME)
    return made


def read_pipeline(file: Path, allowed_modules: Sequence[str], key: str) -> Pipeline:
    """The pipeline that a file in Haystack's YAML form describes.

    :raises ConfigurationError: As :func:`build_component`; or if the file cannot be read, or is no such YAML.
    """
    import yaml

    try:
        data = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigurationError(
            f"{key} names the file {str(file)!r}, which cannot be read: {error}",
            hint="`llmops pipeline show NAME` prints a pipeline to begin with.",
        ) from error
    if not isinstance(data, dict) or "components" not in data:
        raise ConfigurationError(
            f"{key} names the file {str(file)!r}, which is no Haystack pipeline: it has no `components`",
            hint="`llmops pipeline show NAME` prints a pipeline to begin with.",
        )
    return _from_dict(data, allowed_modules, f"{key} names the pipeline {str(file)!r}")


def pipeline_yaml(pipeline: PipelineBase) -> str:
    """The pipeline in Haystack's YAML form, as :func:`read_pipeline` reads it."""
    return pipeline.dumps()


def _from_dict(data: dict[str, Any], allowed_modules: Sequence[str], what: str) -> Pipeline:
    try:
        return Pipeline.from_dict(data, allowed_modules=[*OWN_MODULES, *allowed_modules])
    except LlmopsError:
        raise
    except Exception as error:  # components of other packages: whatever they raise when they are made
        defined = _with_defining_modules(data)
        if defined != data:
            return _from_dict(defined, allowed_modules, what)
        cause = _cause(error)
        if isinstance(cause, LlmopsError):
            raise cause from None
        if "allowlist" in str(cause):
            raise ConfigurationError(
                f"{what}, whose module is not allowed", hint="If you trust it, name it in pipelines.allowed_modules."
            ) from error
        raise ConfigurationError(
            f"{what}, which cannot be made: {_first_line(cause)}", hint="Correct its type and init_parameters."
        ) from error


def _with_defining_modules(data: dict[str, Any]) -> dict[str, Any]:
    """The data with each class named where it is defined: Haystack does not know `haystack.components.x.Class`.

    Only modules that are imported are looked at: what is not allowed was not imported, or is refused again.
    """
    components = data.get("components")
    if not isinstance(components, dict):
        return data
    return {**data, "components": {name: _defined(part) for name, part in components.items()}}


def _defined(part: Any) -> Any:
    module, _, name = str(part.get("type", "")).rpartition(".") if isinstance(part, dict) else ("", "", "")
    kind = getattr(sys.modules.get(module), name, None) if name else None
    return {**part, "type": f"{kind.__module__}.{kind.__qualname__}"} if isinstance(kind, type) else part


def _cause(error: BaseException) -> BaseException:
    """The error below those that Haystack wraps around it."""
    while type(error).__module__.startswith("haystack.") and error.__cause__ is not None:
        error = error.__cause__
    return error


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
