"""MLflow tracking: one experiment, whose runs are looked up by tags."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

from tasks_lib.assistant.contract.platform import Platform
from tasks_lib.home import EXPERIMENT
from tasks_lib.quiet import keep_quiet

if TYPE_CHECKING:
    from mlflow import ActiveRun, MlflowClient
    from mlflow.entities import Run

VERB_TAG = "llmops.verb"

TRACE_VERSION_TAG = "llmops.model_version"
TRACE_INDEX_TAG = "llmops.index"
TRACE_SOURCE_TAG = "llmops.source"
"""`production`, `evaluation` or `smoke`: monitoring reads production only."""
TRACE_REQUEST_TAG = "llmops.request_id"
"""The id of the request to the endpoint."""
TRACE_ASSISTANT_TAG = "llmops.assistant"
"""The assistant that answered."""


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


def connect(platform: Platform) -> "MlflowClient":
    """Point MLflow at the platform's tracking server and at our experiment."""
    keep_quiet()
    for name, value in ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    import mlflow

    uri = platform.tracking_uri()
    if mlflow.get_tracking_uri() != uri:
        with _unchanged(MLFLOW_URIS):
            mlflow.set_tracking_uri(uri)
            mlflow.set_registry_uri(uri)
    mlflow.set_experiment(EXPERIMENT)
    return mlflow.MlflowClient()


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


def experiment_id(client: "MlflowClient") -> str:
    """Id of our experiment."""
    experiment = client.get_experiment_by_name(EXPERIMENT)
    return experiment.experiment_id if experiment else client.create_experiment(EXPERIMENT)


@cache
def disable_autologging() -> None:
    """Keep MLflow from patching packages as they are imported; once, and before threads are there.

    MLflow takes its own lock and then Python's import lock here, and in any thread that imports it is the other way
    round: with a tracking server, the thread that records system metrics imports on its first request.
    """
    import mlflow

    mlflow.autolog(disable=True, silent=True)


@contextmanager
def run_of(verb: str, tags: dict[str, Any] | None = None, *, system_metrics: bool = False) -> Iterator["ActiveRun"]:
    """An MLflow run that records one execution of `verb`.

    :param system_metrics: Record processor, memory, disk and network of this machine every few seconds.
    """
    import mlflow

    disable_autologging()
    described = {VERB_TAG: verb, **{k: str(v) for k, v in (tags or {}).items()}}
    with mlflow.start_run(run_name=verb, tags=described, log_system_metrics=system_metrics or None) as run:
        yield run


def last_runs(client: "MlflowClient", verb: str, *, where: str = "", limit: int = 1) -> "list[Run]":
    """The newest finished runs of `verb`, newest first; `where` is added to MLflow's filter string."""
    condition = f"tags.`{VERB_TAG}` = '{verb}' AND attributes.status = 'FINISHED'"
    runs = client.search_runs(
        [experiment_id(client)],
        filter_string=f"{condition} AND {where}" if where else condition,
        max_results=limit,
        order_by=["attributes.start_time DESC"],
    )
    return list(runs)
