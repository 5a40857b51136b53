"""The alias of the candidate: the version that went through the gate last, whatever came of it."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from tasks_lib.config.gate import AliasRole

if TYPE_CHECKING:
    from mlflow import MlflowClient

FORMER_CANDIDATE = "champion"
"""The candidate's alias before it was called `candidate`; many read that word as "live"."""


def name_candidate(client: "MlflowClient", model: str, alias: str, number: int) -> None:
    """Let `alias` name the candidate `number`.

    The first time, it takes the place of `champion`, which then names the last candidate of an earlier release. One
    that is there later is somebody else's.
    """
    registered = client.get_registered_model(model).aliases
    if alias not in registered and FORMER_CANDIDATE in registered:
        client.delete_registered_model_alias(model, FORMER_CANDIDATE)
    client.set_registered_model_alias(model, alias, str(number))


def names_in_use(registered: Mapping[str, str], names: Mapping[AliasRole, str]) -> dict[AliasRole, str]:
    """The names by which the roles are known: `champion` as well, until a deployment has named a candidate anew.

    :param registered: Alias → version of the registered model.
    """
    known = dict(names)
    if names["candidate"] not in registered and FORMER_CANDIDATE in registered:
        known["candidate"] = FORMER_CANDIDATE
    return known
