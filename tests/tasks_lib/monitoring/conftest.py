"""Synthetic production traffic in a real MLflow on sqlite."""

import random
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from blocks.local import LocalPlatform
from tasks_lib.config.settings import Settings
from tasks_lib.home import Home
from tasks_lib.monitoring import scores
from tasks_lib.monitoring.pipeline import scoring_pipeline
from tasks_lib.monitoring.scores import Scores
from tasks_lib.monitoring.traces import TraceRecord
from tasks_lib.registry.tracking import activate, connect

TOPICS = {
    "leave": ("How many days of annual leave do I get", "Can I carry leave over to next year", "Who approves my leave"),
    "pay": ("When is the salary paid", "How do I claim expenses", "What is the limit for a hotel per night"),
}
MONDAY = datetime(2026, 3, 2, tzinfo=UTC)


class WordEmbedder:
    """Embeds a text as its words, each at a place of its own: texts that share words are close."""

    dimension = 64
    max_tokens = 256

    def embed(self, texts: list[str]) -> list[list[float]]:
        return [self._vector(text) for text in texts]

    def token_spans(self, text: str) -> list[tuple[int, int]]:
        return [(0, len(text))]

    def _vector(self, text: str) -> list[float]:
        vector = np.zeros(self.dimension)
        for word in text.lower().split():
            vector[zlib.crc32(word.encode()) % self.dimension] += 1
        return list(vector / (np.linalg.norm(vector) or 1))


@dataclass(frozen=True)
class QuickPlatform(LocalPlatform):
    """The local platform with a light embedder, and a judge if a test brings one."""

    generator: Any = field(default=None, compare=False)

    def embedder(self, model: str) -> WordEmbedder:
        return WordEmbedder()

    def judge(self) -> Any:
        return self.generator


def score(
    records: list[TraceRecord],
    embedder: Any = None,
    *,
    judge: Any = None,
    rows: Sequence[int] | None = None,
    **monitor: Any,
) -> Scores:
    """The scores of the records by the scoring pipeline, on a platform with this embedder and this judge."""

    class Place(QuickPlatform):
        def embedder(self, model: str) -> Any:
            return embedder or WordEmbedder()

    settings = Settings.model_validate({"monitor": monitor})
    return scores.score(scoring_pipeline(Place(generator=judge), settings), records, rows)


def write_trace(at: datetime, *, tags: dict[str, str] | None = None, **changes: Any) -> str:
    """One trace as the endpoint leaves it. `outputs=None` leaves none, `error` makes it fail."""
    import mlflow

    question = changes.get("question", "How many days of annual leave do I get?")
    passage = changes.get("passage", "Every employee gets 28 days of annual leave a year, agreed with the manager.")
    outputs = {
        "response": changes.get("response", passage),
        "source_documents": [{"document": "leave.md", "start": 0, "end": 9, "score": 0.8, "content": passage}],
        "refused": changes.get("refused", False),
        "refusal_reason": "evidence" if changes.get("refused") else "",
        "guardrails": changes.get("guardrails", []),
        "usage": {"input_tokens": 10, "output_tokens": 5, "cost": None},
        "evidence": 0.7,
    }
    source = {"llmops.source": "production", "llmops.model_version": "1", "llmops.index": "documents__test"}
    nanoseconds = int(at.timestamp() * 1e9)
    span = mlflow.start_span_no_context(
        "rag-assistant",
        inputs=changes.get("inputs", {"messages": [{"role": "user", "content": question}]}),
        tags={**source, **(tags or {})},
        start_time_ns=nanoseconds,
    )
    end = nanoseconds + int(1e9 * changes.get("seconds", 0.05))
    if "error" in changes:
        span.record_exception(RuntimeError(changes["error"]))
        span.end(status="ERROR", end_time_ns=end)
    else:
        span.end(outputs=changes.get("outputs", outputs), end_time_ns=end)
    return str(span.trace_id)


def write_week(start: datetime, count: int, *, seed: int, **changes: Any) -> list[str]:
    """A week of questions about the handbook."""
    import mlflow

    rng = random.Random(seed)
    questions = [question for topic in TOPICS.values() for question in topic]
    ids = []
    for _ in range(count):
        question = f"{rng.choice(questions)} in {rng.choice(['spring', 'summer', 'autumn', 'winter'])}?"
        passage = f"{question.rstrip('?')} is {rng.randint(2, 40)} as agreed. Ask people operations about it."
        one = {"question": question, "passage": passage, "seconds": 0.05 * rng.lognormvariate(0, 0.3), **changes}
        ids.append(write_trace(start + timedelta(hours=rng.uniform(0, 160)), **one))
    mlflow.flush_trace_async_logging()
    return ids


@pytest.fixture(scope="module")
def place(tracked_home: Callable[[Path], Home], tmp_path_factory: pytest.TempPathFactory) -> Iterator[QuickPlatform]:
    """A platform of its own for the module, connected, without traces."""
    with pytest.MonkeyPatch.context() as patch:
        home = tracked_home(tmp_path_factory.mktemp("monitoring") / "home")
        patch.setenv("LLMOPS_HOME", str(home.root))
        platform = QuickPlatform(home)
        activate(connect(platform, "rag-assistant"))
        yield platform
