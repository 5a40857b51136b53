"""The local assistant: right answers and refusals, the worth of its refusal score, and where the time goes.

    python benchmarks/answers/answers.py [DATA]

Data: the sample handbook's hand-checked questions, and CLAPNQ dev (primeqa/clapnq, Apache-2.0), 100 answerable and 100
unanswerable questions of `../shared/data/qa`, asked of one index of all 200 passages. Weights and threshold were fitted
on the handbook and on every other question of CLAPNQ; the rest of CLAPNQ is what counts.

Beside it stands what one would write first: the five nearest chunks, their nearest sentence, and the cut-off that is
best on the same calibration questions.
"""

import json
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from haystack.tracing.tracer import NullSpan, Span, Tracer, disable_tracing, enable_tracing
from sklearn.metrics import roc_auc_score

from blocks.local import LocalPlatform, examples_folder
from flows.ingest import synchronise
from tasks_lib.assistant.answering.assistant import Assistant
from tasks_lib.assistant.answering.extractive import CALIBRATED_THRESHOLD
from tasks_lib.assistant.contract.answer import Answer, Message
from tasks_lib.assistant.embedders.minilm import MiniLM
from tasks_lib.assistant.pipeline import build_assistant
from tasks_lib.assistant.retrieval.search import search
from tasks_lib.config.ingest import IngestConfig
from tasks_lib.config.settings import Settings
from tasks_lib.dataset.examples import Example
from tasks_lib.dataset.similarity import Similarity
from tasks_lib.gate.answer_metrics import Row, right_or_refused
from tasks_lib.home import Home
from tasks_lib.text.matching import token_f1
from tasks_lib.text.sentences import split_sentences


@dataclass(frozen=True)
class Asked:
    """A question of CLAPNQ: what should be said (nothing where it is unanswerable), and what was said."""

    gold: tuple[str, ...]
    answer: Answer


class StepTimer(Tracer):
    """Adds up the seconds of every component."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)

    @contextmanager
    def trace(
        self,
        operation_name: str,
        tags: dict[str, Any] | None = None,
        parent_span: Span | None = None,  # noqa: ARG002
    ) -> Iterator[Span]:
        """Time one operation."""
        labels = tags or {}
        name = labels.get("haystack.component.name") or f"{operation_name} {labels.get('direction', '')}".strip()
        started = time.perf_counter()
        yield NullSpan()
        self.seconds[str(name)] += time.perf_counter() - started

    def current_span(self) -> Span | None:
        """No span is ever open."""
        return None


def platform_over(folder: Path) -> LocalPlatform:
    """The local platform in a temporary home with everything of `folder` in its default index."""
    platform = LocalPlatform(Home(Path(tempfile.mkdtemp(prefix="answers-benchmark-"))).ensure())
    synchronise(platform, Settings(ingest=IngestConfig(source=str(folder))))
    return platform


def handbook_examples() -> list[Example]:
    """The hand-checked questions."""
    lines = (examples_folder() / "handbook-questions.jsonl").read_text(encoding="utf-8").splitlines()
    return [Example.model_validate_json(line) for line in lines]


def clapnq(folder: Path) -> list[dict[str, Any]]:
    """Answerable and unanswerable questions in turn."""
    kinds = [
        [json.loads(line) for line in (folder / f"clapnq_dev_{kind}_100.jsonl").read_text("utf-8").splitlines()]
        for kind in ("answerable", "unanswerable")
    ]
    return [row for pair in zip(*kinds, strict=True) for row in pair]


def passages_folder(rows: Sequence[dict[str, Any]]) -> Path:
    """Every passage as a document of its own."""
    folder = Path(tempfile.mkdtemp(prefix="clapnq-"))
    for row in rows:
        for passage in row["passages"]:
            text = f"# {passage['title']}\n\n{passage['text']}\n"
            (folder / f"{row['id']}.md").write_text(text, encoding="utf-8")
    return folder


def first_try(platform: LocalPlatform, messages: Sequence[Message]) -> Answer:
    """The nearest sentence of the five nearest chunks; `evidence` is its cosine, and nothing is refused."""
    settings, embedder = Settings(), MiniLM()
    rag = settings.rag.model_copy(
        update={"retriever": settings.retriever.model_copy(update={"mode": "vector", "top_k": 5})}
    )
    (sources,) = search(platform, rag, [messages[-1].content])
    sentences = [(source, s.text) for source in sources for s in split_sentences(source.content)]
    closeness = np.array(embedder.embed([text for _, text in sentences])) @ embedder.embed([messages[-1].content])[0]
    best = int(closeness.argmax())
    cited = [sentences[best][0], *(source for source in sources if source is not sentences[best][0])]
    return Answer(response=sentences[best][1], source_documents=cited, evidence=float(closeness[best]))


def refusing(answer: Answer, threshold: float) -> Answer:
    """The same answer, refused below `threshold`."""
    refused = (answer.evidence or 0.0) < threshold
    return answer.model_copy(update={"refused": refused, "refusal_reason": "evidence" if refused else ""})


def evidence_of(answers: Sequence[Answer]) -> np.ndarray:
    """Refusal scores; what a guardrail stopped has none and counts as least."""
    return np.array([-1.0 if answer.evidence is None else answer.evidence for answer in answers])


def best_threshold(examples: Sequence[Example], answers: Sequence[Answer], calibration: Sequence[Asked]) -> float:
    """The cut-off with the most right reactions, answered or refused, on the handbook and half of CLAPNQ alike."""
    wanted = np.array([not example.must_refuse for example in examples])
    evidence = evidence_of(answers)
    asked = np.array([bool(row.gold) for row in calibration])
    scores = evidence_of([row.answer for row in calibration])

    def right(threshold: float) -> float:
        return float(np.mean((evidence >= threshold) == wanted) + np.mean((scores >= threshold) == asked))

    return max(np.unique([*evidence, *scores]).tolist(), key=right)


def report_handbook(name: str, examples: Sequence[Example], answers: Sequence[Answer]) -> None:
    """Right reactions by kind."""
    similarity = Similarity(MiniLM())
    rows = [Row.of(example, answer.payload(), similarity) for example, answer in zip(examples, answers, strict=True)]
    right: dict[str, list[float]] = defaultdict(list)
    for example, row in zip(examples, rows, strict=True):
        right[example.kind].append(right_or_refused(row))
    every = [value for values in right.values() for value in values]
    by_kind = ", ".join(f"{kind} {sum(values):.0f} of {len(values)}" for kind, values in right.items())
    print(f"{name:11} right, or rightly refused: {100 * np.mean(every):.1f} % ({by_kind})")


def report_clapnq(name: str, rows: Sequence[Asked]) -> None:
    """AUROC of the refusal score, F1 of what is answered, and what the threshold does."""
    answerable = np.array([bool(row.gold) for row in rows])
    evidence = evidence_of([row.answer for row in rows])
    refused = np.array([row.answer.refused for row in rows])
    f1 = [max(token_f1(row.answer.response, gold) for gold in row.gold) for row in rows if row.gold]
    given = [score for score, row in zip(f1, [r for r in rows if r.gold], strict=True) if not row.answer.refused]
    print(
        f"{name:24} AUROC {roc_auc_score(answerable, evidence):.3f}   F1 where answered {np.mean(given):.3f}, "
        f"refusals as 0 {sum(given) / len(f1):.3f}   answered {100 * np.mean(~refused[answerable]):.0f} % of the "
        f"answerable, refused {100 * np.mean(refused[~answerable]):.0f} % of the unanswerable"
    )


def report_time(assistant: Assistant, examples: Sequence[Example]) -> list[Answer]:
    """Answers per second, one at a time, and the share of every step; sentences are embedded for the first time."""
    assistant.answer([Message(role="user", content="What is this handbook about?")])
    timer = StepTimer()
    enable_tracing(timer)
    started = time.perf_counter()
    answers = [assistant.answer(list(example.messages)) for example in examples]
    seconds = time.perf_counter() - started
    disable_tracing()
    print(f"{len(examples) / seconds:.1f} answers per second, one at a time; share of the time:")
    whole = {"haystack.pipeline.run", "assistant.answer"}
    steps = {name: value for name, value in timer.seconds.items() if name not in whole}
    for name, value in sorted(steps.items(), key=lambda step: -step[1]):
        print(f"    {name:30} {100 * value / seconds:5.1f} %")
    return answers


def main() -> None:
    """Handbook, CLAPNQ, time."""
    examples = handbook_examples()
    platform = platform_over(examples_folder() / "handbook")
    answers = report_time(build_assistant(Settings().rag, platform), examples)
    simple = [first_try(platform, example.messages) for example in examples]

    named = sys.argv[1:2] or [str(Path(__file__).resolve().parents[3] / "shared" / "data")]
    rows = clapnq(Path(named[0]) / "qa")
    gold = [tuple(o["answer"] for o in row["output"] if o["answer"]) for row in rows]
    questions = [[Message(role="user", content=row["input"])] for row in rows]
    over_passages = platform_over(passages_folder(rows))
    assistant = build_assistant(Settings().rag, over_passages)
    ours = [Asked(g, assistant.answer(question)) for g, question in zip(gold, questions, strict=True)]
    theirs = [Asked(g, first_try(over_passages, question)) for g, question in zip(gold, questions, strict=True)]
    calibration = [position for position in range(len(rows)) if position // 2 % 2 == 0]
    test = [position for position in range(len(rows)) if position // 2 % 2 == 1]

    cut = best_threshold(examples, simple, [theirs[position] for position in calibration])
    theirs = [Asked(row.gold, refusing(row.answer, cut)) for row in theirs]
    print(f"\nHandbook ({len(examples)} questions; part of the calibration)")
    report_handbook("assistant", examples, answers)
    report_handbook("first try", examples, [refusing(answer, cut) for answer in simple])
    print(f"\nCLAPNQ (thresholds: assistant {CALIBRATED_THRESHOLD}, first try {cut:.2f})")
    for name, half in (("calibration half", calibration), ("other half", test)):
        report_clapnq(f"assistant, {name}", [ours[position] for position in half])
        report_clapnq(f"first try, {name}", [theirs[position] for position in half])
    best = best_threshold(examples, answers, [ours[position] for position in calibration])
    print(f"threshold of the assistant by the same rule: {best:.2f}")


if __name__ == "__main__":
    main()
