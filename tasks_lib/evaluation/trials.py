"""Configurations tried in this process: cheap figures to choose from, before the gate measures the choice properly."""

import time
from collections.abc import Iterator, Sequence
from typing import Literal

from pydantic import BaseModel

from tasks_lib.config.rag import RagConfig
from tasks_lib.config.settings import GateConfig
from tasks_lib.errors import LlmopsError
from tasks_lib.evaluation.evaluate import Prediction, measure_plainly
from tasks_lib.evaluation.examples import Example
from tasks_lib.evaluation.gate_metrics import MEDIAN_LATENCY
from tasks_lib.evaluation.similarity import Similarity
from tasks_lib.platform import Platform
from tasks_lib.progress import advance

MODES: tuple[Literal["vector", "keyword", "hybrid"], ...] = ("vector", "keyword", "hybrid")
TOP_K = (3, 5, 10)


class Trial(BaseModel):
    """One configuration and what it achieved."""

    mode: str
    top_k: int
    primary: float
    latency_seconds: float
    cost: float | None
    failed: int


def grid(rag: RagConfig) -> Iterator[RagConfig]:
    """`rag` with every retriever mode and number of passages, `rag` itself first."""
    yield rag
    for mode in MODES:
        for top_k in TOP_K:
            retriever = rag.retriever.model_copy(update={"mode": mode, "top_k": top_k})
            if retriever != rag.retriever:
                yield rag.model_copy(update={"retriever": retriever})


def run_trial(platform: Platform, rag: RagConfig, examples: Sequence[Example], gate: GateConfig) -> Trial:
    """Answer every question with `rag`, one at a time, so that the latencies compare."""
    from tasks_lib.rag.pipeline import build_assistant

    assistant = build_assistant(rag, platform)
    step = f"try {rag.retriever.mode}, {rag.retriever.top_k} passages"
    predictions = []
    for done, example in enumerate(examples, start=1):
        started = time.perf_counter()
        try:
            answer, error = assistant.answer(list(example.messages)).payload(), None
        except LlmopsError as raised:
            answer, error = None, raised.message
        predictions.append(Prediction(example, answer, error, None, time.perf_counter() - started))
        advance(step, done, len(examples))
    similarity = Similarity(platform.embedder(rag.embedder))
    measured = measure_plainly(predictions, similarity, version=0, gate=gate)
    return Trial(
        mode=rag.retriever.mode,
        top_k=rag.retriever.top_k,
        primary=measured.metrics[gate.primary] or 0.0,
        latency_seconds=measured.metrics[MEDIAN_LATENCY] or 0.0,
        cost=measured.metrics["cost"],
        failed=sum(row.error is not None for row in measured.rows),
    )


def front(trials: Sequence[Trial]) -> list[Trial]:
    """Trials that no other beats in quality without being slower or dearer, best quality first."""
    kept = [trial for trial in trials if not any(_dominates(other, trial) for other in trials)]
    return sorted(kept, key=lambda trial: (-trial.primary, trial.latency_seconds))


def _dominates(one: Trial, other: Trial) -> bool:
    """At least as good in everything and better in something; an unknown cost counts as none."""
    ours = (one.primary, -one.latency_seconds, -(one.cost or 0.0))
    theirs = (other.primary, -other.latency_seconds, -(other.cost or 0.0))
    return ours != theirs and all(mine >= its for mine, its in zip(ours, theirs, strict=True))
