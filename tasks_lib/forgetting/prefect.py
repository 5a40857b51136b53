"""Out of a Prefect server: artifacts and runs that show it, as far as Prefect's interface reaches."""

from typing import TYPE_CHECKING

from tasks_lib.forgetting.needles import Needles
from tasks_lib.forgetting.redaction import holds

if TYPE_CHECKING:
    from prefect.client.orchestration import SyncPrefectClient

PAGE = 200


def delete_from_prefect(needles: Needles, *, only_count: bool = False) -> tuple[int, int]:
    """Delete artifacts and flow runs of a configured server that show the needles; how many of each."""
    from prefect.client.orchestration import get_client

    with get_client(sync_client=True) as client:
        return _artifacts(client, needles, only_count=only_count), _runs(client, needles, only_count=only_count)


def _artifacts(client: "SyncPrefectClient", needles: Needles, *, only_count: bool) -> int:
    found, offset = [], 0
    while page := client.read_artifacts(limit=PAGE, offset=offset):
        found += [each.id for each in page if holds([each.data, each.description, each.key], needles)]
        offset += len(page)
    for artifact in found if not only_count else []:
        client.delete_artifact(artifact)
    return len(found)


def _runs(client: "SyncPrefectClient", needles: Needles, *, only_count: bool) -> int:
    found, offset = [], 0
    while page := client.read_flow_runs(limit=PAGE, offset=offset):
        shown = ((run, [run.name, run.parameters, run.state.message if run.state else None]) for run in page)
        found += [run.id for run, texts in shown if run.state and run.state.is_final() and holds(texts, needles)]
        offset += len(page)
    for run in found if not only_count else []:
        client.delete_flow_run(run)
    return len(found)
