"""Which of several questions about one excerpt is taken, and in which order excerpts are tried."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from itertools import count, groupby

from tasks_lib.dataset.collection import Collection
from tasks_lib.dataset.examples import CandidateQuestion
from tasks_lib.text.words import content_stems

FEW_COPIED = 4
"""Content words of its evidence that a question may hold to be tried before others."""
WHO_SHARE = 0.2
"""Share of the extracted questions that may ask for a person: they are the easiest to find."""


class Alternatives:
    """At most one question a group, of the type of answer (how many, when, who, …) that is rarest so far.

    Questions that copy few words of their evidence are tried first: people ask in their own words, and a question that
    repeats a sentence is found too easily.
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
        for candidate in sorted(allowed, key=lambda c: (_copied(c) > FEW_COPIED, self._used[c.answer_type])):
            if self._collection.add(candidate):
                self._used[candidate.answer_type] += 1
                return True
        return False


def _hard_first(groups: Sequence[list[CandidateQuestion]]) -> Iterator[list[CandidateQuestion]]:
    """The groups in their order of ways, and of each way those first that copy few words of their evidence."""
    by_way: dict[str, list[list[CandidateQuestion]]] = defaultdict(list)
    for group in groups:
        by_way[group[0].example.made_by].append(group)
    ordered = {
        way: iter(sorted(own, key=lambda group: min(map(_copied, group)) > FEW_COPIED)) for way, own in by_way.items()
    }
    for group in groups:
        yield next(ordered[group[0].example.made_by])


def _copied(candidate: CandidateQuestion) -> int:
    """Content words of the question that its evidence has, too."""
    example = candidate.example
    return len(content_stems(example.question) & content_stems(example.evidence))
