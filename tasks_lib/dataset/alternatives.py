"""Which of several questions about one excerpt is taken, and in which order excerpts are tried."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from itertools import count, groupby, pairwise

from tasks_lib.dataset.collection import Collection
from tasks_lib.dataset.examples import CandidateQuestion
from tasks_lib.dataset.filters import IN_CONTEXT
from tasks_lib.dataset.rewording.synonyms import UNSPACED
from tasks_lib.text.words import content_stems

STEPS = 5
"""Degrees of how much a question copies its evidence; within one, the order in which they were made stays."""
WHO_SHARE = 0.2
"""Share of the extracted questions that may ask for a person: they are the easiest to find."""


class Alternatives:
    """At most one question a group, of the type of answer (how many, when, who, …) that is rarest so far.

    Questions that copy little of their evidence are tried first: people ask in their own words, and a question that
    repeats a sentence is found too easily. Of 78 questions that people asked about the handbook and wikitexts, half
    copied less than a half of their content words, and a quarter more than 62 %.
    """

    def __init__(self, candidates: Sequence[CandidateQuestion], collection: Collection) -> None:
        number = count()
        groups = [list(group) for _, group in groupby(candidates, lambda c: c.group or next(number))]
        self._groups = _hard_first(groups)
        self._collection = collection
        self._used: Counter[str] = Counter({"who": 1})

    def take(self, wanted: int) -> int:
        """Add up to `wanted` of those that were not tried yet; returns how many were added."""
        added = 0
        while added < wanted and (group := next(self._groups, None)) is not None:
            added += self._take_one(group, wanted)
        return added

    def _take_one(self, group: Sequence[CandidateQuestion], wanted: int) -> bool:
        allowed = [c for c in group if c.answer_type != "who" or self._used["who"] <= WHO_SHARE * wanted]
        for candidate in sorted(allowed, key=lambda c: (_step(c), self._used[c.answer_type], copied(c))):
            if self._collection.add(candidate):
                self._used[candidate.answer_type] += 1
                return True
        return False


def _hard_first(groups: Sequence[list[CandidateQuestion]]) -> Iterator[list[CandidateQuestion]]:
    """The groups in their order of ways, and of each way those first that copy few words of their evidence."""
    by_way: dict[str, list[list[CandidateQuestion]]] = defaultdict(list)
    for group in groups:
        by_way[group[0].example.made_by].append(group)
    ordered = {way: iter(sorted(own, key=lambda group: min(map(_step, group)))) for way, own in by_way.items()}
    for group in groups:
        yield next(ordered[group[0].example.made_by])


def copied(candidate: CandidateQuestion) -> float:
    """Share of the content words of the question that its evidence holds; in Chinese, of its pairs of characters.

    What is read below a heading or a caption copies these words, too.
    """
    example = candidate.example
    read = (example.evidence, *(candidate.passages if example.made_by in IN_CONTEXT else ()))
    asked, evidence = (_content(text, candidate.language) for text in (example.question, "\n".join(read)))
    return len(asked & evidence) / max(1, len(asked))


def _step(candidate: CandidateQuestion) -> int:
    return int(copied(candidate) * STEPS)


def _content(text: str, language: str) -> frozenset[str]:
    if language not in UNSPACED:
        return content_stems(text, language or "en")
    letters = "".join(letter for letter in text if letter.isalnum())
    return frozenset(first + second for first, second in pairwise(letters))
