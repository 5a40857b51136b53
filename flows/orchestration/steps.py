"""Build, push and pull steps of prefect.yaml."""

import importlib
import inspect
from importlib.util import find_spec
from typing import Annotated, Any

from pydantic import AfterValidator

OF_EVERY_STEP = {"id", "requires"}
IMAGE_INPUTS = {"image_name", "tag", "additional_tags", "ignore_cache", "build_backend"}
DOCKER = "prefect_docker.deployments.steps"
INPUTS = {
    f"{DOCKER}.build_docker_image": {*IMAGE_INPUTS, "dockerfile", "platform"},
    f"{DOCKER}.push_docker_image": {*IMAGE_INPUTS, "credentials"},
}
"""Inputs of the steps of prefect-docker 0.7, which is installed only where images are built."""
OUTPUTS = {f"{DOCKER}.build_docker_image": ("image", "image_name", "image_id", "tag", "additional_tags")}


def _known(step: dict[str, Any]) -> dict[str, Any]:
    if len(step) != 1:
        msg = f"a step has one key, the name of its function, and this one {len(step)}"
        raise ValueError(msg)
    (function, inputs), *_ = step.items()
    known = INPUTS[function] if function in INPUTS else _parameters(function)
    unknown = set(inputs) - known - OF_EVERY_STEP
    if unknown:
        msg = f"step {function!r} takes no {', '.join(sorted(unknown))}; known: {', '.join(sorted(known))}"
        raise ValueError(msg)
    return step


Step = Annotated[dict[str, dict[str, Any]], AfterValidator(_known)]
Steps = list[Step]


def outputs(steps: Steps) -> set[str]:
    """Names under which later parts of a deployment read what `steps` made, as `id.output`."""
    named = ((inputs.get("id"), OUTPUTS.get(function, ())) for step in steps for function, inputs in step.items())
    return {f"{name}.{output}" for name, made in named if name for output in made}


def missing_packages(steps: Steps) -> list[str]:
    """Packages that the steps need and that are not installed here."""
    modules = {function.partition(".")[0] for step in steps for function in step}
    return sorted(module.replace("_", "-") for module in modules if find_spec(module) is None)


def _parameters(function: str) -> set[str]:
    module, _, name = function.rpartition(".")
    try:
        return set(inspect.signature(getattr(importlib.import_module(module), name)).parameters)
    except (ImportError, AttributeError, ValueError) as error:
        msg = f"there is no step {function!r}: {error}"
        raise ValueError(msg) from error
