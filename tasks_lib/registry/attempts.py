"""What a flow run that was interrupted has left in MLflow: its next attempt says that it ended."""

import sys
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tasks_lib.registry.moments import minute

if TYPE_CHECKING:
    from mlflow.entities import Run

    from tasks_lib.registry.assistant_client import AssistantClient

ERROR_TAG = "llmops.error"
WAITS_UNTIL_TAG = "llmops.waits_until"
"""Deadline of what a run waits for."""
FLOW_RUN_TAG = "llmops.flow_run"
"""Id of the flow run in Prefect."""


def current_flow_run() -> str | None:
    """Id of the flow run that this code is part of; `None` outside of one."""
    if "prefect" not in sys.modules:
        return None
    from prefect.runtime import flow_run

    return str(flow_run.id) if flow_run.id else None


def end_own_attempts(client: "AssistantClient", verb: str) -> "list[Run]":
    """:func:`end_interrupted` for the flow run that this code is part of; nothing outside of one."""
    flow_run = current_flow_run()
    return end_interrupted(client, verb, flow_run) if flow_run else []


def end_interrupted(client: "AssistantClient", verb: str, flow_run: str) -> "list[Run]":
    """End what earlier attempts of a flow run have left `RUNNING`: nobody else will.

    A decision that was made stays the run's name; without one it is called interrupted, and says that it began again.

    :returns: The runs as they were found.
    """
    condition = f"tags.`llmops.verb` = '{verb}' AND tags.`{FLOW_RUN_TAG}` = '{flow_run}'"
    running = f"{condition} AND attributes.status = 'RUNNING'"
    experiment = client.known_experiment_id
    found = list(client.search_runs([experiment], running)) if experiment else []
    for run in found:
        with suppress(Exception):  # another attempt's run is not worth this one
            if "llmops.decision" not in run.data.tags:
                client.set_tag(run.info.run_id, "mlflow.runName", f"{client.assistant}: {verb} interrupted")
                client.set_tag(run.info.run_id, ERROR_TAG, _what_happened(run))
            client.set_terminated(run.info.run_id, "KILLED")
    return found


def _what_happened(run: "Run") -> str:
    doing = "while it waited for approval" if WAITS_UNTIL_TAG in run.data.tags else "before it had decided"
    return f"its process ended {doing}; the run began again {minute(datetime.now(UTC))}"
