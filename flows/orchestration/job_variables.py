"""Job variables of the types of work pools, as Prefect's own collection describes them."""

import json
from functools import cache
from importlib.resources import files
from typing import Any, Literal

import prefect.settings
from jsonschema import Draft202012Validator

PoolType = Literal["process", "docker", "kubernetes", "ecs"]


@cache
def base_job_template(kind: PoolType) -> dict[str, Any]:
    """Prefect's template of a pool of this type; comes with Prefect, whether or not the type's worker is installed."""
    collection = files("prefect.server.api.collections_data").joinpath("views/aggregate-worker-metadata.json")
    packages: dict[str, dict[str, Any]] = json.loads(collection.read_text(encoding="utf-8"))
    template: dict[str, Any] = next(types[kind] for types in packages.values() if kind in types)[
        "default_base_job_configuration"
    ]
    return template


def check_job_variables(kind: PoolType, variables: dict[str, Any]) -> None:
    """Hold job variables against the type's template, and the environment in them against Prefect's settings.

    :raises ValueError: If a variable or setting is unknown, or a value does not fit.
    """
    schema = base_job_template(kind)["variables"]
    unknown = set(variables) - set(schema["properties"])
    if unknown:
        msg = f"a {kind} pool has no job variable {', '.join(sorted(unknown))}"
        raise ValueError(msg)
    for error in Draft202012Validator({**schema, "required": []}).iter_errors(variables):
        msg = f"job variable {'.'.join(map(str, error.absolute_path))} of a {kind} pool: {error.message}"
        raise ValueError(msg)
    settings = [name for name in variables.get("env", {}) if name.startswith("PREFECT_")]
    misspelt = [name for name in settings if not hasattr(prefect.settings, name)]
    if misspelt:
        msg = f"Prefect has no setting {', '.join(sorted(misspelt))}"
        raise ValueError(msg)
