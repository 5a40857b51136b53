"""Questions that readers wrote, by corpus, written or taken before any question was made: never used in the making.

`readers/argo-cd.jsonl` and `readers/icdar.jsonl` were written for this comparison by reading the documents. The
handbook's are those of `examples/handbook-questions.jsonl`; those of Chroma's corpora and of XQuAD come with the data,
forty of each, evenly spread.
"""

import json
from dataclasses import dataclass
from pathlib import Path

PER_CORPUS = 40
_HERE = Path(__file__).parent
_EXAMPLES = _HERE.parents[1] / "examples"
_WRITTEN_HERE = ("argo-cd", "icdar")
_RETRIEVAL = ("finance", "state_of_the_union", "wikitexts")


@dataclass(frozen=True)
class ReadersQuestion:
    """A question, its answer where the reader gave one, and the passages that hold the answer, word for word."""

    question: str
    answer: str
    evidence: tuple[str, ...]
    document: str = ""


def readers_questions(corpus: str, data: Path) -> list[ReadersQuestion]:
    """The forty questions of `corpus` (38 of the handbook).

    :param corpus: `argo-cd`, `icdar`, `handbook`, a corpus of `retrieval`, or `xquad-` with a language.
    :param data: The folder `data` beside the project.
    """
    if corpus in _WRITTEN_HERE:
        rows = _lines(_HERE / "readers" / f"{corpus}.jsonl")
        return [ReadersQuestion(r["question"], r["answer"], (r["content"],), r["document"]) for r in rows]
    if corpus in _RETRIEVAL:
        return _spread(_of_chroma(corpus, data))
    if corpus.startswith("xquad-"):
        return _spread(_of_xquad(corpus.removeprefix("xquad-"), data))
    return _of_handbook()


def _of_handbook() -> list[ReadersQuestion]:
    rows = [row for row in _lines(_EXAMPLES / "handbook-questions.jsonl") if row["kind"] == "answerable"]
    return [
        ReadersQuestion(
            row["messages"][-1]["content"],
            row["answer"],
            tuple(reference["content"] for reference in row["references"]),
            row["references"][0]["document"],
        )
        for row in rows
    ]


def _of_chroma(corpus: str, data: Path) -> list[ReadersQuestion]:
    rows = [row for row in _lines(data / "retrieval" / "questions.jsonl") if row["corpus"] == corpus]
    return [
        ReadersQuestion(row["question"], "", tuple(r["content"] for r in row["references"]), f"{corpus}.md")
        for row in rows
    ]


def _of_xquad(language: str, data: Path) -> list[ReadersQuestion]:
    articles = json.loads((data / "multilingual" / f"xquad.{language}.json").read_text(encoding="utf-8"))["data"]
    return [
        ReadersQuestion(
            asked["question"], asked["answers"][0]["text"], (_around(paragraph["context"], asked),), f"{number:02}.txt"
        )
        for number, article in enumerate(articles)
        for paragraph in article["paragraphs"]
        for asked in paragraph["qas"]
    ]


def _around(context: str, asked: dict) -> str:
    """The sentence of the passage that holds the answer."""
    start = asked["answers"][0]["answer_start"]
    end = start + len(asked["answers"][0]["text"])
    stops = ".!?。"
    left = max(context.rfind(stop, 0, start) for stop in stops) + 1
    right = min((found for stop in stops if (found := context.find(stop, end)) >= 0), default=len(context) - 1)
    return context[left : right + 1].strip()


def _spread(rows: list[ReadersQuestion]) -> list[ReadersQuestion]:
    return [rows[number * len(rows) // PER_CORPUS] for number in range(PER_CORPUS)]


def _lines(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line]
