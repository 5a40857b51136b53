"""Which of the changed documents made answers worse: changes are applied in parts, halved until the culprits are left.

For each question, the least prefix of the changes that makes it worse is found by bisection; the last document of that
prefix is one culprit, and the search goes on before it, with it applied, until the culprits alone make it worse. So two
documents that do harm only together are both named (Junker, "QuickXplain", AAAI 2004; Zeller and Hildebrandt,
"Simplifying and isolating failure-inducing input", 2002). Then these are left out; what is worse still has another
culprit.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil, log2

MOST_EVALUATIONS = 60
LEAST_LOSS = 0.25
"""Fall of a question's score, 0 to 1, from which it counts as worse."""

Worse = Callable[[frozenset[str]], Mapping[str, float]]
"""Documents whose changes are applied → question → how much worse it is than on the old state."""


@dataclass(frozen=True)
class Blame:
    """What was found.

    :param documents: Question → the documents that made it worse; without all of these changes it is not worse.
    :param unresolved: Questions for which the evaluations did not suffice.
    :param unexplained: Questions that are worse without any change, or not worse with all of them when asked again: a
        model answers differently each time.
    :param evaluations: Parts of the changes that were asked about.
    """

    documents: Mapping[str, tuple[str, ...]]
    unresolved: tuple[str, ...] = ()
    unexplained: tuple[str, ...] = ()
    evaluations: int = 0

    @property
    def questions(self) -> dict[str, list[str]]:
        """Document → the questions that it made worse, the worst document first."""
        found: dict[str, list[str]] = {}
        for question, documents in self.documents.items():
            for document in documents:
                found.setdefault(document, []).append(question)
        return dict(sorted(found.items(), key=lambda entry: (-len(entry[1]), entry[0])))


def most_evaluations(changed: int, culprits: int) -> int:
    """The most that :func:`blame` needs for a question, where parts of the changes do no more harm than the whole.

    :param culprits: Documents that are found for it.
    """
    halvings = ceil(log2(changed)) if changed > 1 else 0
    return 2 + culprits * (halvings + 3)


def blame(
    changed: Sequence[str],
    questions: Sequence[str],
    worse: Worse,
    *,
    known: Mapping[frozenset[str], Mapping[str, float]] | None = None,
    least: float = LEAST_LOSS,
    budget: int = MOST_EVALUATIONS,
) -> Blame:
    """The documents whose changes made questions worse.

    :param changed: All changed documents, the likeliest first, which then are found sooner.
    :param questions: Those that are worse.
    :param worse: Asks with these changes applied and the other documents as they were; called once for each set.
    :param known: What it would say of some sets.
    :param least: Loss from which a question counts as worse.
    :param budget: Calls of `worse` at most.
    """
    trials = _Trials(worse, known or {}, least, budget)
    order = list(dict.fromkeys(changed))
    found: dict[str, tuple[str, ...]] = {}
    unresolved: list[str] = []
    unexplained: list[str] = []
    for question in questions:
        culprits: list[str] = []
        try:
            explained = _find(question, order, trials, culprits)
        except _SpentError:
            unresolved.append(question)
        else:
            if not explained or not culprits:
                unexplained.append(question)
        if culprits:
            found[question] = tuple(document for document in order if document in culprits)
    return Blame(found, tuple(unresolved), tuple(unexplained), trials.spent)


class _SpentError(Exception):
    """No evaluations are left."""


class _Trials:
    """Calls `worse` once for each set, and only so often."""

    def __init__(
        self, worse: Worse, known: Mapping[frozenset[str], Mapping[str, float]], least: float, budget: int
    ) -> None:
        self._worse = worse
        self._least = least
        self._budget = budget
        self._known = dict(known)
        self.spent = 0

    def losses(self, applied: Iterable[str]) -> Mapping[str, float]:
        """Losses with these changes applied."""
        part = frozenset(applied)
        if part not in self._known:
            if self.spent >= self._budget:
                raise _SpentError
            self.spent += 1
            self._known[part] = self._worse(part)
        return self._known[part]

    def is_worse(self, question: str, applied: Iterable[str]) -> bool:
        return self.losses(applied).get(question, 0.0) >= self._least

    def least_known(self, question: str, within: Sequence[str]) -> list[str]:
        """The smallest part of `within` that is known to make the question worse, in its order."""
        allowed = frozenset(within)
        bad = [
            part for part, losses in self._known.items() if part <= allowed and losses.get(question, 0.0) >= self._least
        ]
        smallest = min(bad, key=len, default=allowed)
        return [document for document in within if document in smallest]


def _find(question: str, order: Sequence[str], trials: _Trials, culprits: list[str]) -> bool:
    """Add the culprits of one question to `culprits`; whether without them it is not worse."""
    left = list(order)
    while left and trials.is_worse(question, left):
        part = _sufficient(question, trials.least_known(question, left), trials)
        if not part:
            return False  # it is worse with no change at all
        culprits += part
        left = [document for document in left if document not in part]
    return True


def _sufficient(question: str, candidates: list[str], trials: _Trials) -> list[str]:
    """Documents of `candidates`, which make the question worse, that do so without the others."""
    found: list[str] = []
    while not trials.is_worse(question, found):
        low, high = 0, len(candidates)  # with so many of the candidates it is not worse, or is worse
        while high - low > 1:
            middle = (low + high) // 2
            if trials.is_worse(question, [*candidates[:middle], *found]):
                high = middle
            else:
                low = middle
        if not high:
            break
        found.append(candidates[high - 1])
        candidates = candidates[: high - 1]
    return found
