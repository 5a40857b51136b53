"""What waits for a person, as MLflow has it and as Prefect's run of it is now."""

import os
from collections.abc import Iterable
from contextlib import suppress
from uuid import UUID

from flows.failed_runs import ANSWER_SECONDS, API_URL
from tasks_lib.registry.history import Entry

WAITS = "waits for approval"


def as_they_are(entries: Iterable[Entry]) -> list[Entry]:
    """The entries; one that waits is called interrupted if its run in Prefect has ended, whatever it left in MLflow.

    Prefect is asked where ``PREFECT_API_URL`` names a server; what it does not answer stays as MLflow has it.
    """
    return [_as_it_is(entry) if entry.what == WAITS and entry.flow_run else entry for entry in entries]


def told(entry: Entry, production: int | None) -> str:
    """What waits, where, and whether an answer can still move anything.

    :param production: The version that is live now.
    """
    if entry.what != WAITS:
        return f"version {entry.version} waited for approval, but {entry.reason}"
    waits = f"version {entry.version} waits for approval: {entry.reason}"
    if moved := entry.in_vain(production):
        return f"{waits}; {moved}, so an approval would promote nothing: deploy again to compare with what is live"
    return waits


def _as_it_is(entry: Entry) -> Entry:
    state = _state(str(entry.flow_run))
    if state is None:
        return entry
    return entry.model_copy(
        update={"what": "interrupted", "reason": f"its run in Prefect is {state}: nobody is asked any more"}
    )


def _state(flow_run: str) -> str | None:
    """Name of the state in which the run has ended; `None` while it has not, and where nobody knows."""
    if not os.environ.get(API_URL):
        return None
    from prefect.client.orchestration import get_client

    with suppress(Exception), get_client(httpx_settings={"timeout": ANSWER_SECONDS}, sync_client=True) as client:
        state = client.read_flow_run(UUID(flow_run)).state
        return state.name if state and state.is_final() else None
    return None
