"""Runs by which somebody decides something: what the history tells of them is told by the audit as well."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from tasks_lib.errors import LlmopsError
from tasks_lib.home import Home
from tasks_lib.registry.audit import write_audit
from tasks_lib.registry.history import entry_of
from tasks_lib.registry.tracking import run_of

if TYPE_CHECKING:
    from mlflow import ActiveRun

    from tasks_lib.registry.assistant_client import AssistantClient

UNDECIDED = frozenset({"not ended", "waits for approval"})


@contextmanager
def audited_run(
    client: "AssistantClient",
    verb: str,
    tags: dict[str, Any] | None = None,
    *,
    name: str | None = None,
    system_metrics: bool = False,
) -> Iterator["ActiveRun"]:
    """:func:`~tasks_lib.registry.tracking.run_of`, and a line of the audit once it has ended, well or not."""
    run_id = ""
    try:
        with run_of(client, verb, tags, name=name, system_metrics=system_metrics) as run:
            run_id = run.info.run_id
            yield run
    finally:
        if run_id:
            _audit(client, run_id)


def _audit(client: "AssistantClient", run_id: str) -> None:
    """Tell what a run did that has ended. It is done already: a home that cannot be written is told in the log."""
    try:
        run = client.get_run(run_id)
        entry = entry_of(run)
        if entry.what in UNDECIDED:
            return
        before, after = entry.from_version or entry.compared_with, entry.version
        if entry.what not in {"promoted", "rolled back"}:
            after = before
        told = entry.model_dump(include={"by", "approved_by", "comment", "why", "changed", "reason", "index_version"})
        released = run.data.tags.get("llmops.released_state")
        about = f"{client.assistant} version {entry.version}" if entry.version else client.assistant
        write_audit(
            Home.from_environment(),
            entry.what,
            {**told, "about": about, "before": before, "after": released or after, "run": run_id},
        )
    except (LlmopsError, OSError, ValueError) as error:
        logging.getLogger(__name__).warning("run %s is not in the audit: %s", run_id, error)
