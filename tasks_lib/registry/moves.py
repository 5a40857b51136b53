"""Moving aliases so that a run that is killed leaves nothing half done.

What is to move is written to a tag of the registered model before the first alias moves, and taken away after the last
step. The next run that finds the tag finishes a rollback, which was decided, and undoes a promotion whose smoke
question was not answered yet.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel

from tasks_lib.errors import LlmopsError
from tasks_lib.home import Home
from tasks_lib.registry.aliases import Aliases, Names, read_aliases, write_aliases

if TYPE_CHECKING:
    from mlflow import MlflowClient

INTENT_TAG = "llmops.alias_move"
LOCK_SECONDS = 300.0


class Move(BaseModel):
    """Where the aliases were and where they go."""

    verb: Literal["deploy", "rollback"]
    before: Aliases
    wanted: Aliases


@contextmanager
def alias_lock(model: str) -> Iterator[None]:
    """Keep other runs on this machine from moving aliases; the lock of a killed run is free.

    :raises LlmopsError: If another run holds it for five minutes.
    """
    from filelock import FileLock, Timeout

    folder = Home.from_environment().ensure().locks
    try:
        with FileLock(folder / f"aliases-{model}.lock", timeout=LOCK_SECONDS):
            yield
    except Timeout as error:
        raise LlmopsError(
            f"another run has been moving the aliases of {model!r} for {LOCK_SECONDS:g} s", hint="Wait for its end."
        ) from error


def begin(client: "MlflowClient", model: str, move: Move) -> None:
    """Record the intent, then move."""
    client.set_registered_model_tag(model, INTENT_TAG, move.model_dump_json())
    write_aliases(client, model, move.wanted)


def finish(client: "MlflowClient", model: str) -> None:
    """Everything that belongs to the move is done."""
    client.delete_registered_model_tag(model, INTENT_TAG)


def undo(client: "MlflowClient", model: str, move: Move) -> None:
    """Restore the aliases exactly."""
    write_aliases(client, model, move.before)
    finish(client, model)


def recover_interrupted_move(client: "MlflowClient", model: str, names: Names) -> Move | None:
    """Bring what an interrupted run began to an end; call it with the lock held.

    :returns: The move that is now finished; `None` if there was none, or it was undone.
    """
    move = _interrupted(client, model)
    if move is None:
        return None
    log = logging.getLogger(__name__)
    held = read_aliases(client, model, names)
    if any(number not in {move.before.get(alias), move.wanted.get(alias)} for alias, number in held.items()):
        log.warning("the aliases of %r were moved by hand since a %s was interrupted", model, move.verb)
        finish(client, model)
        return None
    if _is_decided(client, model, move, names):
        write_aliases(client, model, move.wanted)
        finish(client, model)
        log.warning("an interrupted %s of %r was finished: %s", move.verb, model, move.wanted)
        return move
    undo(client, model, move)
    log.warning("an interrupted %s of %r was undone: %s", move.verb, model, move.before)
    return None


def _is_decided(client: "MlflowClient", model: str, move: Move, names: Names) -> bool:
    """A promotion is decided when the smoke question was answered, which the version's tag tells."""
    if move.verb == "rollback":
        return True
    number = move.wanted[names["production"]]
    return bool(client.get_model_version(model, str(number)).tags.get("decision") == "promote")


def _interrupted(client: "MlflowClient", model: str) -> Move | None:
    from mlflow.exceptions import MlflowException

    try:
        text = client.get_registered_model(model).tags.get(INTENT_TAG)
    except MlflowException as error:
        if error.error_code == "RESOURCE_DOES_NOT_EXIST":  # nothing was ever registered
            return None
        raise
    return Move.model_validate_json(text) if text else None
