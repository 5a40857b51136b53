"""`llmops tune`: try a grid of configurations on the evaluation set and hand the best to the gate."""

from typing import Any

from prefect import flow, task
from prefect.cache_policies import NO_CACHE
from pydantic import BaseModel

from blocks.resolve import resolve_platform
from flows.deploy import DeployResult, deploy
from tasks_lib.config.rag import RagConfig
from tasks_lib.config.settings import Settings
from tasks_lib.evaluation.datasets import load
from tasks_lib.evaluation.decide import require_enough
from tasks_lib.evaluation.trials import Trial, front, grid, run_trial
from tasks_lib.registry.live import find_live
from tasks_lib.registry.plan import require_metrics
from tasks_lib.registry.tracking import connect


class TuneResult(BaseModel):
    """All trials, best first; the quality-latency-cost front; the best configuration and the gate's word on it."""

    trials: list[Trial]
    front: list[Trial]
    best: dict[str, Any]
    deploy: DeployResult | None = None


@flow(name="tune")
def tune(settings: Settings | None = None, platform: str = "local") -> TuneResult:
    """Try, choose, and deploy the choice unless production is configured like that already."""
    settings = settings or Settings()
    gate = settings.gate
    place = resolve_platform(platform)
    require_metrics(gate)
    client = connect(place)
    dataset = load(client, gate.dataset)
    require_enough(len(dataset.examples), dataset.reference, gate)
    tried = [(rag, try_configuration(place, rag, dataset.examples, gate)) for rag in grid(settings.rag)]
    tried.sort(key=lambda pair: (-pair[1].primary, pair[1].latency_seconds))
    trials = [trial for _, trial in tried]
    best = tried[0][0]
    live = find_live(client, gate.model_name, gate.aliases["production"])
    deployed = None if live and live.rag == best else deploy(corrected(settings, best, len(trials)), platform)
    chosen = best.model_dump(mode="json", include={"retriever"})
    return TuneResult(trials=trials, front=front(trials), best=chosen, deploy=deployed)


try_configuration = task(name="try a configuration", cache_policy=NO_CACHE)(run_trial)


def corrected(settings: Settings, best: RagConfig, trials: int) -> Settings:
    """The settings with the best configuration, and a gate that is stricter for its having been chosen (Bonferroni)."""
    confidence = 1 - (1 - settings.gate.confidence) / trials
    gate = settings.gate.model_copy(update={"confidence": confidence})
    return settings.model_copy(update={"retriever": best.retriever, "gate": gate})
