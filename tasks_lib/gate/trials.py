"""Trials of a grid search: evaluate configurations in this process, before the gate evaluates the best one."""

import hashlib
import time
from collections.abc import Iterator, Sequence
from itertools import product
from typing import Any

from pydantic import BaseModel

from tasks_lib.assistant.contract.platform import Platform
from tasks_lib.config.rag import EXTRACTIVE_MODEL, RagConfig, RetrieverConfig
from tasks_lib.config.settings import Settings, TuneConfig
from tasks_lib.dataset.examples import Example
from tasks_lib.errors import ConfigurationError, InputError, LlmopsError
from tasks_lib.gate.evaluate import measurement_of
from tasks_lib.gate.pipeline import evaluation_pipeline
from tasks_lib.gate.prediction import Prediction, with_known_sources
from tasks_lib.gate.scorers import MEDIAN_LATENCY
from tasks_lib.gate.scores import evaluate
from tasks_lib.progress import advance
from tasks_lib.registry.fingerprint import prompt_version


class Trial(BaseModel):
    """One configuration and what it achieved."""

    chunking: str
    mode: str
    fusion: str
    top_k: int
    model: str
    prompt: str
    primary: float
    latency_seconds: float
    cost: float | None
    failed: int


def grid(rag: RagConfig, tune: TuneConfig) -> list[RagConfig]:
    """`rag` itself and every combination of `tune`, without repetitions.

    :raises ConfigurationError: If there are more than `tune.maximum`.
    """
    tried = [rag]
    llms = [rag.llm.model_copy(update={"model": model}) for model in tune.models] or [rag.llm]
    for chunking, llm in product(tune.chunkings or (rag.chunking,), llms):
        prompts = (tune.prompts if llm.model != EXTRACTIVE_MODEL else ()) or (rag.prompt,)
        for prompt, retriever in product(prompts, _retrievers(rag.retriever, tune)):
            changes = {"chunking": chunking, "llm": llm, "prompt": prompt, "retriever": retriever}
            one = rag.model_copy(update=changes)
            if one not in tried:
                tried.append(one)
    if len(tried) > tune.maximum:
        raise ConfigurationError(
            f"the grid has {len(tried)} configurations; tune.maximum is {tune.maximum}",
            hint="Shorten the lists below `tune`, or raise tune.maximum.",
        )
    return tried


def _retrievers(base: RetrieverConfig, tune: TuneConfig) -> Iterator[RetrieverConfig]:
    for mode, top_k in product(tune.modes or (base.mode,), tune.passages or (base.top_k,)):
        for fusion in tune.fusions if mode == "hybrid" and tune.fusions else (base.fusion,):
            yield base.model_copy(update={"mode": mode, "top_k": top_k, "fusion": fusion})


def require_indexes(platform: Platform, configurations: Sequence[RagConfig]) -> None:
    """Refuse a grid with chunkings that nobody ingested, before anything is spent.

    :raises InputError: Naming the first of them.
    """
    existing = platform.indexes()
    for rag in configurations:
        if rag.index_name not in existing:
            shape = f"chunking.tokens={rag.chunking.tokens} chunking.overlap={rag.chunking.overlap}"
            raise InputError(
                f"there is no index {rag.index_name!r} for {shape}; indexes: {', '.join(existing) or 'none'}",
                hint="Run `llmops ingest` with that chunking first.",
            )


def run_trial(platform: Platform, rag: RagConfig, examples: Sequence[Example], settings: Settings) -> Trial:
    """Answer every question with `rag`, one at a time, so that the latencies compare."""
    from tasks_lib.assistant.pipeline import build_assistant

    assistant = build_assistant(rag, platform)
    step = f"try {described(rag)}"
    predictions = []
    for done, example in enumerate(examples, start=1):
        started = time.perf_counter()
        try:
            answer, error = assistant.answer(list(example.messages)).payload(), None
        except LlmopsError as raised:
            answer, error = None, raised.message
        predictions.append(Prediction(example, answer, error, None, time.perf_counter() - started))
        advance(step, done, len(examples))
    primary = settings.gate.primary
    predictions = with_known_sources(predictions, platform.index(rag))
    pipeline = evaluation_pipeline(platform, settings, metrics={primary, "latency_seconds", "cost"})
    scores = evaluate(pipeline, predictions)
    measured = measurement_of(pipeline, predictions, scores, version=0, primary=primary)
    return Trial(
        **labels(rag),
        primary=measured.metrics[primary] or 0.0,
        latency_seconds=measured.metrics[MEDIAN_LATENCY] or 0.0,
        cost=measured.metrics["cost"],
        failed=sum(row.error is not None for row in measured.rows),
    )


def labels(rag: RagConfig) -> dict[str, Any]:
    """What the grid varies, in a word each."""
    prompt = f"inline {hashlib.sha256((rag.prompt.template or '').encode()).hexdigest()[:8]}"
    return {
        "chunking": f"{rag.chunking.strategy} {rag.chunking.tokens}-{rag.chunking.overlap}",
        "mode": rag.retriever.mode,
        "fusion": rag.retriever.fusion if rag.retriever.mode == "hybrid" else "–",
        "top_k": rag.retriever.top_k,
        "model": rag.llm.model,
        "prompt": prompt if rag.prompt.template is not None else prompt_version(rag),
    }


def described(rag: RagConfig) -> str:
    """The configuration in a line, for progress and the names of runs."""
    return ", ".join(str(value) for value in labels(rag).values())


def front(trials: Sequence[Trial]) -> list[Trial]:
    """Trials that no other beats in quality without being slower or dearer, best quality first."""
    kept = [trial for trial in trials if not any(_dominates(other, trial) for other in trials)]
    return sorted(kept, key=lambda trial: (-trial.primary, trial.latency_seconds))


def _dominates(one: Trial, other: Trial) -> bool:
    """At least as good in everything and better in something; an unknown cost counts as none."""
    first = (one.primary, -one.latency_seconds, -(one.cost or 0.0))
    second = (other.primary, -other.latency_seconds, -(other.cost or 0.0))
    return first != second and all(a >= b for a, b in zip(first, second, strict=True))
