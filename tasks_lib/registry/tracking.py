"""MLflow tracking: one experiment for each assistant, whose runs are looked up by tags."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from textwrap import shorten
from typing import TYPE_CHECKING, Any

from tasks_lib.assistant.contract.platform import Platform
from tasks_lib.quiet import keep_quiet
from tasks_lib.registry.attempts import (
    ERROR_TAG,
    FLOW_RUN_TAG,
    current_flow_run,
    end_interrupted,
)

if TYPE_CHECKING:
    from mlflow import ActiveRun
    from mlflow.entities import Run

    from tasks_lib.registry.assistant_client import AssistantClient

VERB_TAG = "llmops.verb"
STARTED_BY_TAG = "llmops.started_by"
"""The person, automation or schedule that a run was started by."""
REASON_TAG = "llmops.reason"
"""Why it was started, in their words."""
APPROVED_BY_TAG = "llmops.approved_by"
"""The person who approved, or denied, what a run wanted to do."""
COMMENT_TAG = "llmops.comment"
"""What they said."""
DECIDED_AT_TAG = "llmops.decided_at"
WAITS_FOR_TAG = "llmops.waits_for"
"""What it waits for, and where."""
PACKAGE_TAG = "llmops.package_version"
RUN_NAME_TAG = "mlflow.runName"
DISTRIBUTION = "llmops-flows"

TRACE_VERSION_TAG = "llmops.model_version"
TRACE_INDEX_TAG = "llmops.index"
TRACE_SOURCE_TAG = "llmops.source"
"""`production`, `evaluation` or `smoke`: monitoring reads production only."""
TRACE_GROUPS_TAG = "llmops.groups"
"""Of traces: the groups of whoever asked, with commas between them."""
TRACE_REQUEST_TAG = "llmops.request_id"
"""The id of the request to the endpoint."""
TRACE_PARENT_TAG = "llmops.traceparent"
"""What the caller's header of that name said: its trace, and its span that the request comes from."""
TRACE_PARENT_ID_TAG = "llmops.parent_trace_id"
"""The trace in it, by which the answers of one are found."""
TRACE_ASSISTANT_TAG = "llmops.assistant"
"""The assistant that answered."""
TRACE_CALLER_TAG = "llmops.caller"
"""Pseudonym of who asked; none where callers need not say who they are."""


LONGEST_ERROR = 1000

ENVIRONMENT = {
    # more threads than sqlite's connection pool holds lose assessments, with nothing but a warning
    "MLFLOW_GENAI_EVAL_MAX_WORKERS": "4",
    # otherwise a question is asked once more before each evaluation
    "MLFLOW_GENAI_EVAL_SKIP_TRACE_VALIDATION": "True",
    # the default lets ten scorer calls a second through, which protects rate-limited models; ours are look-ups
    "MLFLOW_GENAI_EVAL_PREDICT_RATE_LIMIT": "0",
    "MLFLOW_SYSTEM_METRICS_SAMPLING_INTERVAL": "2",
}

MLFLOW_URIS = ("MLFLOW_TRACKING_URI", "MLFLOW_REGISTRY_URI")
"""MLflow writes the addresses it is pointed at into the environment, where the next platform would take them for
what the user wants."""


def connect(platform: Platform, assistant: str) -> "AssistantClient":
    """Point MLflow at the platform's tracking server; the client of one assistant."""
    keep_quiet()
    for name, value in ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    import mlflow

    uri = platform.tracking_uri()
    if mlflow.get_tracking_uri() != uri:
        with _unchanged(MLFLOW_URIS):
            mlflow.set_tracking_uri(uri)
            mlflow.set_registry_uri(uri)
    from tasks_lib.registry.assistant_client import AssistantClient

    return AssistantClient(assistant)


@contextmanager
def _unchanged(names: tuple[str, ...]) -> Iterator[None]:
    """Leave variables of the environment as they were."""
    before = {name: os.environ.get(name) for name in names}
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value


def activate(client: "AssistantClient") -> str:
    """Make the assistant's experiment MLflow's active one, which `genai.evaluate` and nested runs take; its id."""
    import mlflow

    mlflow.set_experiment(experiment_id=client.experiment_id)
    return client.experiment_id


@cache
def disable_autologging() -> None:
    """Keep MLflow from patching packages as they are imported; once, and before threads are there.

    MLflow takes its own lock and then Python's import lock here, and in any thread that imports it is the other way
    round: with a tracking server, the thread that records system metrics imports on its first request.
    """
    import mlflow

    mlflow.autolog(disable=True, silent=True)


@contextmanager
def run_of(
    client: "AssistantClient",
    verb: str,
    tags: dict[str, Any] | None = None,
    *,
    name: str | None = None,
    system_metrics: bool = False,
) -> Iterator["ActiveRun"]:
    """An MLflow run that records one execution of `verb` for the client's assistant, below the one that is active.

    :param name: How MLflow lists it; by its verb without it.
    :param system_metrics: Record processor, memory, disk and network of this machine every few seconds.
    """
    import mlflow

    disable_autologging()
    described = {VERB_TAG: verb, PACKAGE_TAG: package_version(), **{k: str(v) for k, v in (tags or {}).items()}}
    if flow_run := current_flow_run():
        end_interrupted(client, verb, flow_run)
        described[FLOW_RUN_TAG] = flow_run
    with mlflow.start_run(
        experiment_id=activate(client),
        run_name=name or verb,
        nested=mlflow.active_run() is not None,
        tags=described,
        log_system_metrics=system_metrics or None,
    ) as run:
        try:
            yield run
        except BaseException as error:  # an interrupt and a timeout of Prefect's are none of `Exception`
            with suppress(Exception):  # the error of the run is what must be known
                mlflow.set_tags(
                    {
                        RUN_NAME_TAG: f"{client.assistant}: {verb} failed",
                        ERROR_TAG: shorten(
                            f"{type(error).__name__}: {error}".rstrip(": "), LONGEST_ERROR, placeholder=" …"
                        ),
                    }
                )
            raise


@cache
def package_version() -> str:
    """The version of this project's package; empty where it is not installed."""
    try:
        return version(DISTRIBUTION)
    except PackageNotFoundError:
        return ""


def last_runs(client: "AssistantClient", verb: str, *, where: str = "", limit: int = 1) -> "list[Run]":
    """The assistant's newest finished runs of `verb`, newest first; `where` is added to MLflow's filter string."""
    experiment = client.known_experiment_id
    return [] if experiment is None else _runs_in(client, [experiment], verb, where, limit)


def last_ingests(client: "AssistantClient", index: str, *, limit: int = 1) -> "list[Run]":
    """The newest finished ingests into `index`, whichever assistant they were made for."""
    return _of_index(client, "ingest", index, limit)


def last_releases(client: "AssistantClient", index: str, *, limit: int = 1) -> "list[Run]":
    """The newest decisions of the documents' gate about `index`, whichever assistant they were made for."""
    return _of_index(client, "documents", index, limit)


def _of_index(client: "AssistantClient", verb: str, index: str, limit: int) -> "list[Run]":
    experiments = [experiment.experiment_id for experiment in client.all_experiments()]
    return _runs_in(client, experiments, verb, f"tags.`{TRACE_INDEX_TAG}` = '{index}'", limit)


def _runs_in(client: "AssistantClient", experiments: list[str], verb: str, where: str, limit: int) -> "list[Run]":
    condition = f"tags.`{VERB_TAG}` = '{verb}' AND attributes.status = 'FINISHED'"
    runs = client.search_runs(
        experiments,
        filter_string=f"{condition} AND {where}" if where else condition,
        max_results=limit,
        order_by=["attributes.start_time DESC"],
    )
    return list(runs)
