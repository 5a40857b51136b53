"""What a change of 1, 10 and 100 of a thousand documents costs: the share of questions asked again, and seconds.

    python benchmarks/documents_gate/share.py [--documents N] [--work FOLDER] [DATA]

The documents are the handbook, Argo CD's pages, and pieces of financial filings up to 1,000; the hundred questions are
those of handbook and Argo CD. A change appends a sentence to documents that are drawn by a seed. Beside it stands
asking all questions. Both know the answers on the old state; the searches of the old state are counted.
"""

import argparse
import os
import random
import time
from pathlib import Path

os.environ |= {"HAYSTACK_TELEMETRY_ENABLED": "False", "DO_NOT_TRACK": "1"}

from corpora import collection, handbook_questions, read_questions, texts_of

from blocks.local import examples_folder
from tasks_lib.assistant.contract.index import contents
from tasks_lib.documents_gate.difference import difference
from tasks_lib.documents_gate.questions import find_affected

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"
PIECE, SIZES = 900, (1, 10, 100)
ADDED = "\n\nThis page was looked through again, and its owner found nothing that had to be changed.\n"


def documents(data: Path, number: int) -> dict[str, str]:
    """So many texts by their paths, or all that there are."""
    texts = texts_of(examples_folder() / "handbook") | texts_of(data / "docs" / "argo-cd")
    filings = (data / "retrieval" / "finance.md").read_text(encoding="utf-8")
    pieces = (filings[start : start + PIECE] for start in range(0, len(filings), PIECE))
    texts |= {f"filings/{place}.md": piece for place, piece in enumerate(pieces)}
    return dict(list(texts.items())[:number])


def main() -> None:
    """One collection, three sizes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", nargs="?", type=Path, default=SHARED)
    parser.add_argument("--documents", type=int, default=1000, help="fewer for a look at whether it works")
    parser.add_argument("--work", type=Path, help="keep documents and index here, for another run")
    given = parser.parse_args()
    questions = [*handbook_questions(), *read_questions("argo-cd")]
    held = collection(documents(given.data, given.documents), questions, given.work)
    rag, chance = held.settings.rag, random.Random(26)
    ids = [example.id for example in held.examples]
    held.ask(ids[:3])
    started = time.perf_counter()
    held.ask(ids)
    every = time.perf_counter() - started
    for size in (size for size in SIZES if size <= len(held.texts)):
        names = chance.sample(sorted(held.texts), size)
        was, old, held_before = held.chunks(names), held.index.version() or "", contents(held.index)
        held.write({name: held.texts[name] + ADDED for name in names})
        started = time.perf_counter()
        changed = {each.key for each in difference(held_before, contents(held.index))}
        named = find_affected(held.platform, rag, held.examples, (old, held.index.version() or ""), changed)
        searched = time.perf_counter() - started
        held.ask(list(named.why))
        seconds = time.perf_counter() - started
        print(
            f"{size:4} of {len(held.texts)} documents: {len(named.why)} of {named.of} questions asked again "
            f"({named.share:.2f}), {seconds:.1f} s ({searched:.1f} of them searching); all: {every:.1f} s",
            flush=True,
        )
        held.restore(names, was)


if __name__ == "__main__":
    main()
