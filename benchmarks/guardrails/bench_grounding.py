"""Grounding: answers with their own passages against answers with other passages, a strange sentence, a wrong number.

    python benchmarks/guardrails/bench_grounding.py [DATA]

CLAPNQ's answers are nearly extracts; what a model says in other words is tried on our own answers about the sample
handbook (grounding_examples.py). Of each set one half is for choosing the threshold, and the other is reported. Every
answer stands beside five passages, as it is served; an answer is worth its weakest sentence.
"""

import random
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from data import read
from grounding_examples import EXAMPLES
from sklearn.metrics import roc_auc_score

from tasks_lib.assistant.contract.answer import Source
from tasks_lib.assistant.embedders.cached import CachedEmbedder
from tasks_lib.assistant.embedders.minilm import MiniLM
from tasks_lib.assistant.guardrails.detection import CheckContext
from tasks_lib.assistant.guardrails.grounding import GroundingDetector
from tasks_lib.assistant.guardrails.vectors import Vectors
from tasks_lib.config.guardrails import GroundingConfig

HANDBOOK = Path(__file__).resolve().parents[2] / "examples" / "handbook"
PASSAGES = 5
EMBEDDER = CachedEmbedder(MiniLM(), 100_000)
DEFAULT = GroundingConfig()


@dataclass(frozen=True)
class Case:
    """An answer with its passages; `kind` is `grounded`, or why it is not."""

    kind: str
    question: str
    answer: str
    passages: list[Source]


def clapnq(half: int) -> list[Case]:
    """Every second question: its answer, the same with other passages, with a strange sentence, with a wrong number."""
    rows = [row for row in read("qa/clapnq_dev_answerable_100.jsonl")[half::2] if row["output"]]
    strangers = [_passage(row) for row in read("qa/clapnq_dev_unanswerable_100.jsonl")[half::2]]
    own, answers = [_passage(row) for row in rows], [_written(row["output"][0]["answer"]) for row in rows]
    vectors = np.asarray(EMBEDDER.embed([p.content for p in own]))
    near = np.argsort(-(vectors @ vectors.T), axis=1)
    chosen = random.Random(half)
    cases = []
    for i, (row, answer) in enumerate(zip(rows, answers, strict=True)):
        others = [j for j in near[i] if own[j].title != own[i].title]
        beside = chosen.sample(strangers, PASSAGES - 1)
        strange = max(re.split(r"(?<=[.!?]) ", answers[chosen.choice(others[:10])]), key=len)
        cases += [
            Case("grounded", row["input"], answer, [own[i], *beside]),
            Case("other passages", row["input"], answer, [own[others[0]], *beside]),
            Case("strange sentence", row["input"], f"{answer} {strange}", [own[i], *beside]),
        ]
        if numbers := list(re.finditer(r"\d+", answer)):
            at = chosen.choice(numbers)
            wrong = str(int(at[0]) + chosen.randint(1, 8))
            said = answer[: at.start()] + wrong + answer[at.end() :]
            cases.append(Case("wrong number", row["input"], said, [own[i], *beside]))
    return cases


def handbook(half: int) -> list[Case]:
    """Every second of our own examples, with the sections of its document that are nearest to what is said."""
    cases = []
    for document, said, invented in EXAMPLES[half::2]:
        sections = (HANDBOOK / document).read_text(encoding="utf-8").split("\n## ")[1:]
        vectors = np.asarray(EMBEDDER.embed(sections))
        for kind, answer in (("grounded", said), ("invented", invented)):
            order = np.argsort(-(vectors @ np.asarray(EMBEDDER.embed([answer])[0])))[:PASSAGES]
            cases.append(Case(kind, "", answer, [_source(document, sections[i]) for i in order]))
    return cases


def support_of(case: Case, *, numbers: bool = True) -> float:
    """Support of the weakest sentence: the least threshold that lets the answer through."""
    detector = GroundingDetector(GroundingConfig(threshold=1.0, numbers=numbers), EMBEDDER)
    context = CheckContext("output", float("inf"), sources=case.passages, question=case.question)
    context.vectors = Vectors(EMBEDDER)
    return min((1.0 - f.score for f in detector.find(case.answer, context)), default=1.0)


def report(name: str, cases: Iterable[Case]) -> np.ndarray:
    """Print AUC and recalls of every kind; the supports of what is grounded."""
    scored = [(case, support_of(case), support_of(case, numbers=False)) for case in cases]
    good = np.array([s for case, s, _ in scored if case.kind == "grounded"])
    cut, threshold = np.quantile(good, 0.05), DEFAULT.threshold
    print(f"{name}: {len(good)} grounded, false alarms at {threshold}: {(good < threshold).mean():.3f}")
    for kind in dict.fromkeys(case.kind for case, _, _ in scored if case.kind != "grounded"):
        bad = np.array([s for case, s, _ in scored if case.kind == kind])
        plain = np.array([s for case, _, s in scored if case.kind == kind])
        auc = roc_auc_score(np.r_[np.ones(len(good)), np.zeros(len(bad))], np.r_[good, bad])
        print(
            f"    {kind:18} {len(bad):3}  AUC {auc:.3f}  recall at 5 % false alarms {(bad < cut).mean():.2f}, at "
            f"{threshold} {(bad < threshold).mean():.2f} (numbers not looked at: {(plain < threshold).mean():.2f})"
        )
    return good


def main() -> None:
    """Both sets, the half for choosing first."""
    for half, name in enumerate(("for choosing", "reported")):
        report(f"CLAPNQ, {name}", clapnq(half))
        good = report(f"handbook in other words, {name}", handbook(half))
        if not half:
            print(f"5 % of what is right in other words is supported by less than {np.quantile(good, 0.05):.2f}")


def _passage(row: dict) -> Source:
    passage = row["passages"][0]
    return _source(passage["title"], _written(passage["text"]), passage["title"])


def _source(document: str, content: str, title: str | None = None) -> Source:
    return Source(document=document, start=0, end=len(content), score=1.0, content=content, title=title)


def _written(text: str) -> str:
    """CLAPNQ's tokens as people write them."""
    text = re.sub(r"\s+([.,;:?!%)\]])", r"\1", text)
    text = re.sub(r"([(\[$])\s+", r"\1", text)
    return text.replace("`` ", '"').replace(" ''", '"').replace(" 's", "'s").replace(" n't", "n't").replace(" - ", "-")


if __name__ == "__main__":
    main()
