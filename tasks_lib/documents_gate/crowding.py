"""Near-duplicates: new documents that nearly repeat another, with other figures or so many that they crowd it out."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from haystack import Document

from tasks_lib.assistant.retrieval.near_duplicates import FEWEST_WORDS
from tasks_lib.documents_gate.change import DocumentChange
from tasks_lib.documents_gate.finding import Finding, Level
from tasks_lib.documents_gate.statements import scope_of
from tasks_lib.text.words import words

ALIKE = 0.6
"""Share of their words that two chunks have in common (Jaccard)."""
MOSTLY = 0.5
"""Share of a document's words in such chunks from which it is a near-duplicate of the other document."""
CROWD = 3
"""Near-duplicates of one document from which they take the places of what else would be found."""
_NAMED = 3


@dataclass(frozen=True)
class _Said:
    document: str
    words: frozenset[str]
    figures: Counter[str]
    scope: frozenset[str]
    length: int


def near_duplicates(changes: Sequence[DocumentChange], state: Iterable[Document]) -> list[Finding]:
    """Documents that were added and say nearly the same as others, one finding for each.

    :param state: Chunks of the new state that may say the same; those of changed documents are added to them.
    """
    added = [change for change in changes if change.kind == "added"]
    changed = {change.document for change in changes}
    others = [_said(chunk) for chunk in state if chunk.meta["document"] not in changed]
    others += [_said(chunk) for change in changes for chunk in change.after if change.kind == "changed"]
    near: defaultdict[str, list[str]] = defaultdict(list)
    said: dict[str, str] = {}
    for change in added:  # each is an original for those that come after it
        own = [_said(chunk) for chunk in change.after]
        if original := _original(own, others):
            near[original].append(change.document)
            said[change.document] = _other_figures(own, [other for other in others if other.document == original])
        else:
            others += own
    return [finding for original, documents in near.items() for finding in _findings(original, documents, said)]


def _original(own: Sequence[_Said], others: Sequence[_Said]) -> str:
    """The document that most of these chunks nearly repeat; empty if there is none."""
    alike: Counter[str] = Counter()
    for chunk in own:
        alike.update(dict.fromkeys({other.document for other in _alike(chunk, others)}, chunk.length))
    best, repeated = alike.most_common(1)[0] if alike else ("", 0)
    return best if repeated >= MOSTLY * sum(chunk.length for chunk in own) else ""


def _alike(chunk: _Said, others: Iterable[_Said]) -> Iterator[_Said]:
    if len(chunk.words) < FEWEST_WORDS:
        return
    for other in others:
        fewer, more = sorted((len(chunk.words), len(other.words)))
        if fewer >= ALIKE * more and len(chunk.words & other.words) >= ALIKE * len(chunk.words | other.words):
            yield other


def _other_figures(own: Sequence[_Said], originals: Sequence[_Said]) -> str:
    """Figures that stand in the place of others, unless the two are of different years or versions.

    A figure that stands twice and was changed once does so as well.
    """
    for chunk in own:
        for other in _alike(chunk, originals):
            mine, theirs = chunk.figures - other.figures, other.figures - chunk.figures
            if mine and theirs and chunk.scope == other.scope:
                return f"{', '.join(sorted(mine)[:_NAMED])} in place of {', '.join(sorted(theirs)[:_NAMED])}"
    return ""


def _findings(original: str, documents: Sequence[str], figures: Mapping[str, str]) -> Iterator[Finding]:
    many = len(documents) >= CROWD
    others = ", ".join(documents[:_NAMED]) + (", …" if len(documents) > _NAMED else "")
    for document in documents:
        reason = f"{document} says nearly the same as {original}"
        if many:
            reason += f", as {len(documents)} new documents do ({others}): they take its place among what is found"
        if figures[document]:
            reason += f"; it has {figures[document]}"
        level: Level = "hold" if many or figures[document] else "note"
        yield Finding(document=document, kind="near_duplicates", level=level, reason=reason, others=(original,))


def _said(chunk: Document) -> _Said:
    said = words(chunk.content or "")
    scope = scope_of(f"{chunk.meta.get('title') or ''} {chunk.meta['document']}")
    figures = Counter(word for word in said if word[0].isdigit())
    return _Said(chunk.meta["document"], frozenset(said), figures, scope, len(said))
