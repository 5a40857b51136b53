"""What a flow run that was interrupted has left in MLflow: its next attempt says that it ended."""

import sys
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tasks_lib.registry.assistant_client import AssistantClient

FLOW_RUN_TAG = "llmops.flow_run"
"""Id of the flow run in Prefect."""


def current_flow_run() -> str | None:
    """Id of the flow run that this code is part of; `None` outside of one."""
    if "prefect" not in sys.modules:
        return None
    from prefect.runtime import flow_run

    return str(flow_run.id) if flow_run.id else None


def end_interrupted(client: "AssistantClient", verb: str, flow_run: str) -> None:
    """End what earlier attempts of a flow run have left `RUNNING`: nobody else will.

    A decision that was made stays the run's name; without one it is called interrupted.
    """
    condition = f"tags.`llmops.verb` = '{verb}' AND tags.`{FLOW_RUN_TAG}` = '{flow_run}'"
    running = f"{condition} AND attributes.status = 'RUNNING'"
    for run in client.search_runs([client.experiment_id], running):
        with suppress(Exception):  # another attempt's run is not worth this one
            if "llmops.decision" not in run.data.tags:
                client.set_tag(run.info.run_id, "mlflow.runName", f"{client.assistant}: {verb} interrupted")
            client.set_terminated(run.info.run_id, "KILLED")
