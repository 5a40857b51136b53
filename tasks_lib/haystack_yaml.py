"""Haystack components and pipelines from a configuration, behind Haystack's deserialisation allowlist."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from haystack import Pipeline
from haystack.core.component import Component
from haystack.core.errors import PipelineError
from haystack.core.pipeline.base import PipelineBase
from haystack.core.serialization import component_from_dict, generate_qualified_class_name, import_class_by_name

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


@dataclass(frozen=True)
class Sockets:
    """Names of what a component takes and gives."""

    inputs: tuple[str, ...]
    needed: tuple[str, ...]
    """Inputs that must be given."""
    outputs: tuple[str, ...]


def sockets_of(part: Component) -> Sockets:
    """The sockets of a component that belongs to no pipeline."""
    alone = Pipeline()
    alone.add_component(_NAME, part)
    inputs, outputs = alone.inputs().get(_NAME, {}), alone.outputs().get(_NAME, {})
    alone.remove_component(_NAME)
    needed = (name for name, socket in inputs.items() if socket["is_mandatory"])
    return Sockets(tuple(inputs), tuple(needed), tuple(outputs))


def nested_component(data: dict[str, Any], name: str) -> Component:
    """The component that is an init parameter of another one, for `from_dict` of the outer.

    :raises DeserializationError: If its module is not allowed where the outer one is read.
    """
    kind = import_class_by_name(data["type"])
    made: Component = component_from_dict(kind, {**data, "type": generate_qualified_class_name(kind)}, name)
    return made


def pipeline_yaml(pipeline: PipelineBase) -> str:
    """The pipeline in Haystack's YAML form, as :func:`read_pipeline` reads it."""
    return pipeline.dumps()


def _from_dict(data: dict[str, Any], allowed_modules: Sequence[str], what: str) -> Pipeline:
    try:
        return _pipeline(data, [*OWN_MODULES, *allowed_modules])
    except LlmopsError:
        raise
    except Exception as error:  # components of other packages: whatever they raise when they are made
        cause = _cause(error)
        if isinstance(cause, LlmopsError):
            raise cause from None
        if "allowlist" in str(cause):
            raise ConfigurationError(
                f"{what}, whose module is not allowed", hint="If you trust it, name it in pipelines.allowed_modules."
            ) from error
        hint = "Correct its type and init_parameters."
        if isinstance(cause, ModuleNotFoundError):
            hint = "Install the package that brings it where this runs, or correct its type."
        elif "component registry" in str(cause):
            hint = f"Correct its type{_nearest_type(data)}"
        raise ConfigurationError(f"{what}, which cannot be made: {_first_line(cause)}", hint=hint) from error


def _pipeline(data: dict[str, Any], allowed: list[str]) -> Pipeline:
    try:
        return Pipeline.from_dict(data, allowed_modules=allowed)
    except PipelineError:
        # Haystack knows a class by the module that defines it, its documentation by the package that offers it
        named = {name: _defined(component) for name, component in data["components"].items()}
        if named == data["components"]:
            raise
        return _pipeline({**data, "components": named}, allowed)


def _defined(component: Any) -> Any:
    """`component` with its type named by the defining module, which Haystack has imported if it is allowed."""
    if not isinstance(component, dict) or not isinstance(component.get("type"), str):
        return component
    module, _, name = component["type"].rpartition(".")
    kind = getattr(sys.modules.get(module), name, None)
    return {**component, "type": generate_qualified_class_name(kind)} if isinstance(kind, type) else component


def _nearest_type(data: dict[str, Any]) -> str:
    """The component that a misspelt type may mean, among those of its module."""
    for part in data["components"].values():
        module, _, name = str(part.get("type")).rpartition(".") if isinstance(part, dict) else ("", "", "")
        near = get_close_matches(name, getattr(sys.modules.get(module), "__all__", ()), n=1)
        if near and near[0] != name:
            return f": did you mean {module}.{near[0]}?"
    return " and init_parameters."


def _cause(error: BaseException) -> BaseException:
    """The error below those that Haystack wraps around it."""
    while type(error).__module__.startswith("haystack.") and error.__cause__ is not None:
        error = error.__cause__
    return error


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
