"""Documents that contradict each other: nearly the same sentence of one subject, with another number, date or unit."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from haystack import Document

from tasks_lib.documents_gate.change import DocumentChange
from tasks_lib.documents_gate.finding import Finding
from tasks_lib.documents_gate.statements import AMOUNT, UNITS, Statement, Value, statements_of
from tasks_lib.text.words import words

Differs = Literal["number", "date", "unit", "negation"]

ALIKE = 0.9
"""Share of what they are about that two sentences have in common (Jaccard of their stems)."""
SELF_CONTAINED = 6
"""Stems that two sentences share whose titles and headings have little in common."""
RELATED = 0.5
"""Share of the stems of title and heading, of the shorter, from which both are about one thing."""
_RAREST = 3
"""Words of a sentence by which others are looked up: the rarest."""
_COMMON = 400
"""Sentences with a word from which it finds none: it is on every page."""
_SECONDS = {"second": 1, "s": 1, "minut": 60, "min": 60, "hour": 3600, "h": 3600, "day": 86_400, "week": 604_800}
_SHOWN = 3


@dataclass(frozen=True)
class Contradiction:
    """Two sentences that cannot both hold."""

    document: str
    sentence: str
    other: str
    """The other document."""
    other_sentence: str
    differs: Differs


def contradictions(changes: Sequence[DocumentChange], state: Iterable[Document]) -> list[Contradiction]:
    """What changed documents say otherwise than other documents of the new state.

    A sentence that stood in the document before is not told again.

    :param state: Chunks of the new state that may be about the same; those of changed documents are added to them.
    """
    new = [said for change in changes for said in _new_statements(change)]
    if not new:
        return []
    changed = {change.document for change in changes}
    others = statements_of(chunk for chunk in state if chunk.meta["document"] not in changed)
    others += [said for change in changes for said in statements_of(change.after)]
    lookup = _Lookup(others)
    found: dict[frozenset[tuple[str, str]], Contradiction] = {}
    for said in new:
        for other in lookup.alike(said):
            differs = contradict(said, other)
            pair = frozenset({(said.document, said.text), (other.document, other.text)})
            if differs and pair not in found:
                found[pair] = Contradiction(said.document, said.text, other.document, other.text, differs)
    return list(found.values())


def contradict(one: Statement, other: Statement) -> Differs | None:
    """How two statements of two documents contradict each other, if they do."""
    if one.document == other.document or not _same_subject(one, other):
        return None
    if one.negated != other.negated:
        same = one.values == other.values and one.stems == other.stems
        return "negation" if same and len(one.stems) >= _RAREST else None
    if one.hedged != other.hedged:
        return None
    return _difference(one, other)


def findings_of(found: Sequence[Contradiction]) -> list[Finding]:
    """One finding for each pair of documents, with the first contradictions quoted."""
    by_pair: defaultdict[tuple[str, str], list[Contradiction]] = defaultdict(list)
    for contradiction in found:
        by_pair[contradiction.document, contradiction.other].append(contradiction)
    return [
        Finding(
            document=document,
            kind="contradiction",
            level="hold",
            reason=f"{document} contradicts {other} in {_counted(own)}",
            sentences=tuple(text for c in own[:_SHOWN] for text in (c.sentence, c.other_sentence)),
            others=(other,),
        )
        for (document, other), own in by_pair.items()
    ]


def _counted(found: Sequence[Contradiction]) -> str:
    kinds = Counter(contradiction.differs for contradiction in found)
    return ", ".join(f"{count} {kind}{'s' if count > 1 else ''}" for kind, count in kinds.items())


def _new_statements(change: DocumentChange) -> Iterator[Statement]:
    known = {tuple(words(said.text)) for said in statements_of(change.before)}
    return (said for said in statements_of(change.after) if tuple(words(said.text)) not in known)


def _same_subject(one: Statement, other: Statement) -> bool:
    """Whether both speak of the same: product, version, place and year included."""
    if one.labels != other.labels or one.scope != other.scope or _stand_apart(one, other):
        return False
    if (one.names - other.names - other.context - other.stems) or (other.names - one.names - one.context - one.stems):
        return False
    shared, either = one.stems & other.stems, one.stems | other.stems
    if len(shared) < ALIKE * len(either) or (one.stems - other.stems and other.stems - one.stems):
        return False
    if _related(one, other):
        return len(shared) >= _RAREST or one.stems == other.stems
    return len(shared) >= SELF_CONTAINED and not (one.leaning or other.leaning)


def _related(one: Statement, other: Statement) -> bool:
    """Whether title and heading are about one thing."""
    fewer = min(len(one.context), len(other.context))
    return not fewer or len(one.context & other.context) >= RELATED * fewer


def _stand_apart(one: Statement, other: Statement) -> bool:
    """Whether titles or headings tell two things of one kind apart, as *Office in Leeds* and *Office in Porto* do."""
    if _exchanged(one.title, other.title) or _exchanged(one.heading, other.heading):
        return True
    return bool(one.title) and one.title == other.title and _disjoint(one.heading, other.heading)


def _exchanged(one: frozenset[str], other: frozenset[str]) -> bool:
    """Whether both have something in common, and each a word that the other has not."""
    return bool(one & other and one - other and other - one)


def _disjoint(one: frozenset[str], other: frozenset[str]) -> bool:
    return bool(one and other) and not one & other


def _difference(one: Statement, other: Statement) -> Differs | None:
    """What is said of the same thing in two ways; a value that only one of them gives adds to the other."""
    own, others = _without(one.values, other.values), _without(other.values, one.values)
    if not own or not others:
        return None
    for unit in sorted({unit for _, unit in own} & {unit for _, unit in others}):
        return "date" if unit.startswith("@") and unit != AMOUNT else "number"
    if _durations(own) and _durations(own) == _durations(others):
        return None
    if {number for number, _ in own} == {number for number, _ in others}:
        return "unit" if all(unit in UNITS for _, unit in [*own, *others]) else None
    return "number" if all(unit in UNITS or unit == AMOUNT for _, unit in [*own, *others]) else None


def _without(values: Sequence[Value], others: Sequence[Value]) -> list[Value]:
    """Those of `values` that `others` lack, as often as they lack them."""
    return list((Counter(values) - Counter(others)).elements())


def _durations(values: Iterable[Value]) -> frozenset[float]:
    """Seconds of the values that are times."""
    return frozenset(
        float(number) * _SECONDS[unit]
        for number, unit in values
        if unit in _SECONDS and number.replace(".", "", 1).isdigit()
    )


class _Lookup:
    """Finds statements by their rarest words."""

    def __init__(self, statements: Sequence[Statement]) -> None:
        self._statements = statements
        self._with: defaultdict[str, list[int]] = defaultdict(list)
        for position, said in enumerate(statements):
            for word in said.stems:
                self._with[word].append(position)

    def alike(self, said: Statement) -> Iterator[Statement]:
        """Those that share enough words to be compared."""
        by_rarity = sorted(said.stems, key=lambda word: (len(self._with.get(word, ())), word))
        known = [word for word in by_rarity if word in self._with]
        positions: dict[int, None] = {}
        for word in known[:_RAREST]:
            if len(self._with[word]) <= _COMMON or not positions:
                positions.update(dict.fromkeys(self._with[word][: 2 * _COMMON]))
        return (self._statements[position] for position in positions)
