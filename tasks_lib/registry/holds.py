"""A hold: runs that nobody started deploy nothing until a person lifts it.

It is a tag of the registered model, so that it travels with the registry. A rollback leaves one behind, which the next
deployment that a person carries through takes away; one that a person placed stays until it is released.
"""

from datetime import datetime
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel

from tasks_lib.registry.moments import minute

if TYPE_CHECKING:
    from mlflow import MlflowClient

HOLD_TAG = "llmops.hold"


class Hold(BaseModel):
    """Who placed it, when and why."""

    verb: Literal["hold", "rollback"]
    by: str
    at: datetime
    reason: str = ""

    def __str__(self) -> str:
        why = f": {self.reason}" if self.reason else ""
        return f"automatic deployments are on hold since a {self.verb} by {self.by}, {minute(self.at)}{why}"

    @property
    def way_out(self) -> str:
        """What ends it, as an imperative sentence."""
        return "Run `llmops hold --release`" + (", or deploy." if self.verb == "rollback" else ".")


def read_hold(client: "MlflowClient", model: str) -> Hold | None:
    """The hold on `model`; `None` without one, and where nothing is registered."""
    from mlflow.exceptions import MlflowException

    try:
        text = client.get_registered_model(model).tags.get(HOLD_TAG)
    except MlflowException as error:
        if error.error_code == "RESOURCE_DOES_NOT_EXIST":
            return None
        raise
    return Hold.model_validate_json(text) if text else None


def place_hold(client: "MlflowClient", model: str, hold: Hold) -> Hold:
    """Hold `model`; a person's hold is not replaced by a rollback's.

    :returns: The hold that is in force.
    """
    held = read_hold(client, model)
    if held and held.verb == "hold" and hold.verb == "rollback":
        return held
    client.set_registered_model_tag(model, HOLD_TAG, hold.model_dump_json())
    return hold


def lift_hold(client: "MlflowClient", model: str, hold: Hold) -> bool:
    """Take `hold` away, unless another one was placed meanwhile; whether it was there."""
    if read_hold(client, model) != hold:
        return False
    client.delete_registered_model_tag(model, HOLD_TAG)
    return True
