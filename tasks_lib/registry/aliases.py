"""The aliases of model versions (candidate, production, previous): promotion and rollback through valid states."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

from tasks_lib.errors import InputError, LlmopsError

if TYPE_CHECKING:
    from mlflow import MlflowClient

    from tasks_lib.assistant.contract.platform import Platform

Role = Literal["candidate", "production", "previous"]

Aliases = dict[str, int | None]
"""Alias → version, `None` where the alias does not exist."""

Names = Mapping[Role, str]
"""Role → alias, as `gate.aliases` configures it."""


def read_aliases(client: "MlflowClient", model: str, names: Names) -> Aliases:
    """What `production` and `previous` name now."""
    registered = {alias: int(number) for alias, number in client.get_registered_model(model).aliases.items()}
    return {alias: registered.get(alias) for alias in (names["previous"], names["production"])}


def write_aliases(client: "MlflowClient", model: str, wanted: Aliases) -> None:
    """Set and delete aliases in the order of `wanted`, then read them back.

    :raises LlmopsError: If the registry does not hold `wanted` afterwards.
    """
    for alias, number in wanted.items():
        if number is None:
            client.delete_registered_model_alias(model, alias)
        else:
            client.set_registered_model_alias(model, alias, str(number))
    registered = {alias: int(number) for alias, number in client.get_registered_model(model).aliases.items()}
    current = {alias: registered.get(alias) for alias in wanted}
    if current != wanted:
        raise LlmopsError(
            f"the aliases of {model!r} are {current}, not {wanted}", hint="Set them by hand in the MLflow registry."
        )


def after_promotion(before: Aliases, names: Names, number: int) -> Aliases:
    """`previous` ← production, `production` ← `number`; production comes last, so a kill in between leaves it live."""
    live = before[names["production"]]
    previous = before[names["previous"]] if live in {None, number} else live
    return {names["previous"]: previous, names["production"]: number}


def rollback_target(
    client: "MlflowClient", platform: "Platform", model: str, before: Aliases, names: Names, to: int | None
) -> int:
    """The version to go back to.

    :param to: A version, or `None` for the one that `previous` names.
    :raises InputError: If there is none, it is live already, it did not pass, or its index is gone.
    """
    live = before[names["production"]]
    number = to if to is not None else before[names["previous"]]
    if live is None or number is None:
        raise InputError(
            f"there is no {'production' if live is None else 'previous'} version of {model!r} to roll back",
            hint="Name a version with --to, or deploy one.",
        )
    if number == live:
        raise InputError(f"version {number} of {model!r} is in production already", hint="Name another one with --to.")
    _require_passed(client, platform, model, number)
    return number


def require_passed(client: "MlflowClient", model: str, number: int) -> dict[str, str]:
    """The tags of a version that passed its tests and thresholds.

    :raises InputError: If there is no such version, or it did not pass.
    """
    from mlflow.exceptions import MlflowException

    from tasks_lib.registry.register import versions_with

    passed = {"passed_tests": "true", "beats_threshold": "true"}
    try:
        tags = dict(client.get_model_version(model, str(number)).tags)
    except MlflowException as error:
        known = versions_with(client, model, passed)
        raise InputError(
            f"there is no version {number} of {model!r}", hint=f"Versions that passed: {list(known)}."
        ) from error
    missing = [name for name, value in passed.items() if tags.get(name) != value]
    if missing:
        raise InputError(
            f"version {number} of {model!r} cannot go live: {' and '.join(missing)} not true",
            hint=f"Versions that passed: {list(versions_with(client, model, passed))}.",
        )
    return tags


def _require_passed(client: "MlflowClient", platform: "Platform", model: str, number: int) -> None:
    tags = require_passed(client, model, number)
    if tags.get("index") not in platform.indexes():
        raise InputError(
            f"version {number} of {model!r} reads the index {tags.get('index')!r}, which no longer exists",
            hint="Run `llmops ingest` with its collection, embedder and chunking first.",
        )
