"""Answers on documents of other people, judged by reading.

    python benchmarks/answers/reading.py [--set NAME] [--half HALF] [--home FOLDER] [--show] [DATA [DOCS [TRAEFIK]]]

Questions were written from the documents before any answer was seen: `questions/`, forty for each set, and for Traefik
thirty with an answer and thirty that come near and have none. Every other one is `unseen`: nobody looked at its answer
while rules were made. What an answer is worth was judged by reading, and stands in `judgements/`: `right` or `wrong`.
An answer that was not judged yet is printed, and counts as wrong.

DATA holds `docs/argo-cd`, `tables/icdar2013-eu` and `multilingual`; DOCS is the folder `docs` of a checkout of
prometheus/prometheus at d15adb9ad (Apache-2.0), TRAEFIK `docs/content` of traefik/traefik at fd5a576df (MIT). A set
whose documents are absent is left out.
"""

import argparse
import hashlib
import json
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from blocks.local import LocalPlatform
from flows.ingest import synchronise
from tasks_lib.assistant.contract.answer import Answer, Message
from tasks_lib.assistant.pipeline import build_assistant
from tasks_lib.config.ingest import IngestConfig
from tasks_lib.config.settings import Settings
from tasks_lib.home import Home

HERE = Path(__file__).parent
SETS = ("argo-cd", "prometheus", "icdar-eu", "xquad-de-es", "traefik")
SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"


@dataclass(frozen=True)
class Question:
    """A question, and what a reader of the documents would answer; nothing where they do not say it."""

    id: str
    half: str
    kind: str
    question: str
    answer: str


@dataclass(frozen=True)
class Judged:
    """An answer and its worth."""

    question: Question
    answer: Answer
    verdict: str


def questions(name: str) -> list[Question]:
    """The forty questions of a set."""
    lines = (HERE / "questions" / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    return [Question(**json.loads(line)) for line in lines]


def judgements(name: str) -> dict[tuple[str, str], str]:
    """Verdicts by question and digest of the answer."""
    file = HERE / "judgements" / f"{name}.jsonl"
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    return {(row["id"], row["digest"]): row["verdict"] for row in map(json.loads, lines)}


def digest(answer: Answer) -> str:
    """Eight hexadecimal digits of what was said."""
    return hashlib.sha256(answer.response.encode()).hexdigest()[:8]


def passages_folder(data: Path) -> Path:
    """The German and the Spanish articles of XQuAD, each as a document."""
    folder = Path(tempfile.mkdtemp(prefix="reading-"))
    for language in ("de", "es"):
        articles = json.loads((data / "multilingual" / f"xquad.{language}.json").read_text(encoding="utf-8"))["data"]
        (folder / language).mkdir()
        for article in articles:
            title = article["title"].replace("_", " ")
            text = "\n\n".join(paragraph["context"].strip() for paragraph in article["paragraphs"])
            (folder / language / f"{article['title']}.md").write_text(f"# {title}\n\n{text}\n", encoding="utf-8")
    return folder


def documents_of(name: str, data: Path, prometheus: Path | None, traefik: Path | None = None) -> Path | None:
    """Where the documents of a set lie; `None` where they are absent."""
    folder = {
        "argo-cd": data / "docs" / "argo-cd",
        "icdar-eu": data / "tables" / "icdar2013-eu",
        "xquad-de-es": data / "multilingual",
        "prometheus": prometheus,
        "traefik": traefik,
    }[name]
    if folder is None or not folder.is_dir():
        return None
    return passages_folder(data) if name == "xquad-de-es" else folder


def platform_of(name: str, documents: Path, home: Path | None) -> LocalPlatform:
    """The local platform with the documents in its default index; an index of an earlier run is kept in `home`."""
    folder = home / name if home else Path(tempfile.mkdtemp(prefix="reading-home-"))
    platform = LocalPlatform(Home(folder).ensure())
    if not platform.indexes():
        include = ("*.pdf",) if name == "icdar-eu" else ()
        synchronise(platform, Settings(ingest=IngestConfig(source=str(documents), include=include)))
    return platform


def verdict_of(question: Question, answer: Answer, known: dict[tuple[str, str], str]) -> str:
    """What a reader said of this answer; a refusal needs no reader."""
    if answer.refused:
        return "refused"
    if getattr(answer, "uncertain", False) and not question.answer:
        return "near"
    return known.get((question.id, digest(answer)), "unjudged")


def asked(platform: LocalPlatform, rows: list[Question], known: dict[tuple[str, str], str]) -> Iterator[Judged]:
    """Ask each question of its own."""
    assistant = build_assistant(Settings().rag, platform)
    assistant.answer([Message(role="user", content="What is this about?")])
    for row in rows:
        answer = assistant.answer([Message(role="user", content=row.question)])
        yield Judged(row, answer, verdict_of(row, answer, known))


def report(name: str, half: str, rows: list[Judged]) -> None:
    """Shares of one half of a set."""
    of = [row for row in rows if half in {"", row.question.half}]
    wanted = Counter(row.verdict for row in of if row.question.answer)
    absent = Counter(row.verdict for row in of if not row.question.answer)
    right = wanted["right"] / max(1, wanted.total())
    held = (absent["refused"] + absent["near"]) / max(1, absent.total())
    print(
        f"{name:12} {half:7} right {right:.2f} ({wanted['right']} of {wanted.total()}), wrongly refused "
        f"{wanted['refused'] / max(1, wanted.total()):.2f}; without an answer in the documents: refused or near "
        f"{held:.2f} ({absent['refused']} + {absent['near']} of {absent.total()}); unjudged {wanted['unjudged']}"
    )


def show(row: Judged) -> None:
    """One answer for its reader."""
    sources = ", ".join(f"{s.document}#{s.start}" for s in row.answer.source_documents[:3])
    print(f"## {row.question.id} [{row.question.kind}] {row.question.question}\n   reference: {row.question.answer}")
    print(f"   {row.verdict} {digest(row.answer)} evidence {row.answer.evidence or 0:.3f}  {sources}")
    print("   > " + row.answer.response.replace("\n", "\n   > "))


def main() -> None:
    """Ask, and say what was right."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", nargs="?", type=Path, default=SHARED)
    parser.add_argument("prometheus", nargs="?", type=Path)
    parser.add_argument("traefik", nargs="?", type=Path)
    parser.add_argument("--set", action="append", choices=SETS)
    parser.add_argument("--half", choices=("fitted", "unseen"), default="")
    parser.add_argument("--home", type=Path)
    parser.add_argument("--show", action="store_true", help="print every answer, not only those that nobody judged")
    given = parser.parse_args()
    for name in given.set or SETS:
        documents = documents_of(name, given.data, given.prometheus, given.traefik)
        if documents is None:
            print(f"{name}: its documents are absent")
            continue
        platform = platform_of(name, documents, given.home)
        rows = [row for row in questions(name) if given.half in {"", row.half}]
        started = time.perf_counter()
        judged = list(asked(platform, rows, judgements(name)))
        for row in judged:
            if given.show or row.verdict == "unjudged":
                show(row)
        for half in (given.half,) if given.half else ("fitted", "unseen"):
            report(name, half, judged)
        print(f"{name:12} {len(rows) / (time.perf_counter() - started):.1f} answers per second, the start included")


if __name__ == "__main__":
    main()
