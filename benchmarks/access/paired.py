"""Whether an answer depends on what the asker may not see: the same question with and without the forbidden documents.

``python benchmarks/access/paired.py [--assignments N] [--questions N]``. One index holds all documents, the other only
those that the asker may see. Compared byte by byte is the whole answer (text, sources, scores, refusal, evidence,
language), streamed and whole, to a question, a follow-up and one of another kind; what a search finds; and the list of
documents.
"""

import argparse
import json
import random
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from library import Page, Place, asker, assigned, ingested, pages, seen
from secrets_kept import Way, ways

from blocks.local import LocalPlatform
from tasks_lib.home import Home

ASIDE = Page("", "When may I come and where do I ask?", "", "")
"""A question that every document has words of."""


def keep_only(place: Place, names: set[str], chunks: dict[str, list[Any]]) -> None:
    """Leave these documents alone in the index."""
    index = place.index
    with index.writing(60):
        index.replace(place.source, list(chunks), [chunk for name in sorted(names) for chunk in chunks[name]])
        index.commit()


def told(way: Way, page: Page, groups: tuple[str, ...]) -> bytes:
    """What comes back."""
    return json.dumps(way(page, groups)).encode()


def main() -> None:
    """Print how many pairs differ, and in how many bytes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--assignments", type=int, default=200)
    parser.add_argument("--questions", type=int, default=5, help="questions of each assignment")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    rng, documents = random.Random(given.seed), pages()
    pairs: Counter[str] = Counter()
    differ: Counter[str] = Counter()
    size: Counter[str] = Counter()
    refused = 0
    started = time.perf_counter()
    with TemporaryDirectory() as folder:
        whole = ingested(Path(folder) / "whole", documents)
        alone = replace(whole, platform=LocalPlatform(Home(Path(folder) / "alone" / "home")))
        chunks = {page.name: whole.index.read(whole.source, [page.name]) for page in documents}
        keep_only(alone, set(chunks), chunks)
        ours, theirs = ways(whole), ways(alone)
        for number in range(given.assignments):
            access, groups = assigned(documents, rng), asker(rng)
            open_to = seen(access, groups)
            whole.put_under(access)
            keep_only(alone, open_to, chunks)
            alone.put_under({name: access[name] for name in open_to})
            for page in [*rng.sample(documents, given.questions - 1), ASIDE]:
                for name in ours:
                    if page is ASIDE and not name.startswith(("answer, ", "search")):
                        continue
                    one = told(ours[name], page, groups)
                    other = told(theirs[name], page, groups)
                    pairs[name] += 1
                    differ[name] += one != other
                    size[name] += len(one)
                    refused += name == "answer, whole" and b'"refused": true' in one
            if (number + 1) % 2 == 0:
                took = time.perf_counter() - started
                print(
                    f"  {number + 1} assignments, {took:.0f} s, {pairs.total()} pairs, {differ.total()} differ",
                    flush=True,
                )
    print(f"{given.assignments} assignments, {given.questions} questions each, seed {given.seed}")
    for name, count in pairs.items():
        print(f"{name:42} {count:6,} pairs  {differ[name]} differ  ({size[name]:,} bytes compared)")
    print(f"whole answers that are refusals: {refused} of {pairs['answer, whole']}")


if __name__ == "__main__":
    main()
