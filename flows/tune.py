"""Flow `tune`: evaluate a grid of configurations, and deploy the best through the gate."""

from typing import Any

from prefect import task, unmapped
from prefect.task_runners import ThreadPoolTaskRunner
from pydantic import BaseModel

from blocks.resolve import resolve_platform
from flows.deploy import DeployResult, deploy, too_few_questions
from flows.naming import concluded, named_by_assistant
from flows.verb import flow
from tasks_lib.config.load import for_assistant
from tasks_lib.config.rag import RagConfig
from tasks_lib.config.settings import Settings
from tasks_lib.dataset.datasets import load
from tasks_lib.gate.decide import too_few
from tasks_lib.gate.pipeline import evaluation_pipeline, require_measured
from tasks_lib.gate.publish import record_trials
from tasks_lib.gate.trials import Trial, front, grid, require_indexes, run_trial
from tasks_lib.registry.agreement import require_known, require_same_collection
from tasks_lib.registry.live import find_live
from tasks_lib.registry.retries import again
from tasks_lib.registry.tasks import call_models
from tasks_lib.registry.tracking import connect, run_of
from tasks_lib.untraversed import untraversed

LONGEST_SECONDS = 72 * 3600
TUNED_KEYS = ("chunking", "retriever", "prompt", "llm")


class TuneResult(BaseModel):
    """All trials, best first; the quality-latency-cost front; the best configuration and the gate's decision on it.

    Without trials the set has too few questions to decide anything, and `deploy` says what would help.
    """

    trials: list[Trial]
    front: list[Trial]
    best: dict[str, Any]
    deploy: DeployResult | None = None


ONE_AT_A_TIME: Any = ThreadPoolTaskRunner(max_workers=1)


@flow(
    name="tune",
    flow_run_name=named_by_assistant("tune"),
    description="Evaluate a grid of configurations on the evaluation set, and deploy the best through the gate.",
    task_runner=ONE_AT_A_TIME,
    timeout_seconds=LONGEST_SECONDS,
)
def tune(settings: Settings | None = None, platform: str = "local", assistant: str | None = None) -> TuneResult:
    """Evaluate one configuration after the other, so that latencies compare; deploy the best unless it is live.

    Args:
        settings: The keys of a configuration file. Leave it empty for the defaults.
        platform: Platform that gives addresses and credentials.
        assistant: Name of the assistant. Leave it empty for the one that the settings name.

    :raises InputError: If a chunking of the grid was not ingested, there is no such assistant, or its production reads
        another collection.
    :raises ModelUnavailableError: If a model does not answer when it is called once, before the first trial.
    """
    settings = for_assistant(settings, assistant)
    gate = settings.gate
    resolved = resolve_platform(platform)
    require_measured(evaluation_pipeline(resolved, settings), gate)
    client = connect(resolved, settings.assistant)
    require_known(client)
    live = find_live(client, settings.assistant, gate.aliases["production"])
    require_same_collection(live, settings)
    configurations = grid(settings.rag, settings.tune)
    require_indexes(resolved, configurations)
    dataset = load(client, gate.dataset)
    if short := too_few(len(dataset.examples), dataset.reference, gate, in_production=live is not None):
        tags = {"llmops.dataset": dataset.reference}
        undecided = too_few_questions(resolved, settings, short, tags, live.version if live else None, kind="tune")
        result = TuneResult(trials=[], front=[], best={}, deploy=undecided)
        return concluded(result, f"{settings.assistant}: too few questions", "; ".join(short))
    call_models(resolved, settings.embedder, [rag.llm for rag in configurations], judge=True)
    with run_of(client, "tune", {"llmops.dataset": dataset.reference}):
        examples = unmapped(untraversed(dataset.examples))
        results = try_configuration.map(unmapped(resolved), configurations, examples, unmapped(settings)).result()
        ranked = sorted(
            zip(configurations, results, strict=True),
            key=lambda pair: (-pair[1].primary, pair[1].latency_seconds),
        )
        trials = [trial for _, trial in ranked]
        record_trials(trials, front(trials), settings.assistant)
    best = ranked[0][0]
    live = find_live(client, settings.assistant, gate.aliases["production"])
    deployed = None if live and live.rag == best else _deploy(settings, best, len(trials), platform)
    chosen = best.model_dump(mode="json", include=set(TUNED_KEYS))
    return TuneResult(trials=trials, front=front(trials), best=chosen, deploy=deployed)


try_configuration = task(name="try-configuration", **again())(run_trial)


def _deploy(settings: Settings, best: RagConfig, trials: int, platform: str) -> DeployResult:
    return deploy(with_best(settings, best, trials), platform, reason=f"the best of {trials} configurations")


def with_best(settings: Settings, best: RagConfig, trials: int) -> Settings:
    """The settings with the best configuration, and a gate that knows how many it was chosen from."""
    gate = settings.gate.model_copy(update={"trials": trials})
    return settings.model_copy(update={"gate": gate, **{name: getattr(best, name) for name in TUNED_KEYS}})
