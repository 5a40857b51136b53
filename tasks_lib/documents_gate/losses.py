"""What a document lost: sections that are nowhere any more, most of its text, its topic, its language."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from haystack import Document

from tasks_lib.documents_gate.change import DocumentChange
from tasks_lib.documents_gate.finding import Finding
from tasks_lib.text.languages import language_code, language_of
from tasks_lib.text.sentences import split_sentences
from tasks_lib.text.words import content_stems, words

FEWEST_WORDS = 25
"""Words of a section that can be missed."""
SHINGLE = 3
"""Words in a row by which a text is found again."""
LOST_SHINGLES, LOST_WORDS = 0.3, 0.8
"""Shares of a section's rows of words, and of its meaning words, below which both it counts as lost."""
SMALLER, LARGER = 0.5, 3.0
"""Times its former length."""
LARGE = 500
"""Words that a document must gain to be told as grown, and `FEWEST_WORDS` times four that it must have to shrink."""
OTHER_TOPIC = 0.5
"""Cosine of a document's mean vectors before and after below which it is about something else."""
FOREIGN = 0.3
"""Share of a document's text in a language that it did not have."""
RARE_LANGUAGE = 0.05
"""Share of a collection's chunks below which a language is not one of its own."""
_QUOTED = 2


def lost_sections(change: DocumentChange, elsewhere: Iterable[str] = ()) -> list[Finding]:
    """Sections of a changed document of which neither it nor another changed document has anything any more.

    :param elsewhere: Texts that a section may have moved to.
    """
    if change.kind != "changed":
        return []
    kept = [change.text_after, *elsewhere]
    known = frozenset(shingle for text in kept for shingle in shingles(text))
    stems = frozenset(stem for text in kept for stem in content_stems(text))
    gone = []
    for heading, text in _sections(change.before).items():
        own, meaning = shingles(text), content_stems(text)
        if len(words(text)) < FEWEST_WORDS or not own or not meaning:
            continue
        if len(own & known) < LOST_SHINGLES * len(own) and len(meaning & stems) < LOST_WORDS * len(meaning):
            gone.append((heading, text))
    if not gone:
        return []
    named = ", ".join(repr(heading.rpartition(" > ")[2]) for heading, _ in gone if heading) or "a part without heading"
    reason = f"{change.document} lost {'sections' if len(gone) > 1 else 'the section'} {named}"
    return [_finding(change, "section_lost", "hold", reason, _first_sentences(text for _, text in gone))]


def size_change(change: DocumentChange) -> list[Finding]:
    """A document that lost more than half of its text, or has three times as much."""
    before, after = len(words(change.text_before)), len(words(change.text_after))
    if change.kind != "changed":
        return []
    if before >= 4 * FEWEST_WORDS and after < SMALLER * before:
        return [_finding(change, "size", "hold", f"{change.document} has {after} words where it had {before}")]
    if after - before >= LARGE and after > LARGER * before:
        return [_finding(change, "size", "note", f"{change.document} has {after} words where it had {before}")]
    return []


def topic_change(change: DocumentChange, vectors: Mapping[str, Sequence[float]]) -> list[Finding]:
    """A document that is about something else than it was.

    :param vectors: Unit vectors of chunks by their `content_hash`; a document without them is passed over.
    """
    if change.kind != "changed":
        return []
    before, after = _mean(change.before, vectors), _mean(change.after, vectors)
    if before is None or after is None or (closeness := float(before @ after)) >= OTHER_TOPIC:
        return []
    reason = f"{change.document} is about something else than before (closeness {closeness:.2f})"
    return [_finding(change, "topic", "hold", reason, _first_sentences([change.text_after]))]


def language_change(change: DocumentChange, shares: Mapping[str, float], unread: Iterable[str] = ()) -> list[Finding]:
    """A document that is now in another language, or a new one in a language that the collection does not have.

    :param shares: Language (ISO 639-1) → share of the collection's chunks; empty where nothing is known.
    :param unread: Languages that the embedder does not read: a new document in one of them is held, not only noted.
    """
    now = _languages(change.after)
    if not now or change.kind == "deleted":
        return []
    if change.kind == "changed":
        had = _languages(change.before)
        new = {name: share for name, share in now.items() if share >= FOREIGN and had.get(name, 0.0) < RARE_LANGUAGE}
        if not had or not new:
            return []
        reason = f"{change.document} is now {_of(new)} in {_named(new)}; it was in {_named(had)}"
        return [_finding(change, "language", "hold", reason, _first_sentences([change.text_after]))]
    main = max(now, key=lambda name: now[name])
    if not shares or shares.get(main, 0.0) >= RARE_LANGUAGE:
        return []
    level, why = ("hold", ", which the embedder does not read") if main in set(unread) else ("note", "")
    reason = f"{change.document} is in {main}{why}; the collection is in {_named(shares)}"
    return [_finding(change, "language", level, reason, _first_sentences([change.text_after]))]


def _finding(change: DocumentChange, kind: str, level: str, reason: str, shown: Sequence[str] = ()) -> Finding:
    return Finding.model_validate(
        {"document": change.document, "kind": kind, "level": level, "reason": reason, "sentences": tuple(shown)}
    )


def _sections(chunks: Sequence[Document]) -> dict[str, str]:
    """Heading → text below it."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for chunk in chunks:
        found[chunk.meta.get("heading") or ""].append(chunk.content or "")
    return {heading: "\n\n".join(texts) for heading, texts in found.items()}


def shingles(text: str) -> frozenset[tuple[str, ...]]:
    """Every :data:`SHINGLE` words in a row."""
    said = words(text)
    return frozenset(tuple(said[at : at + SHINGLE]) for at in range(len(said) - SHINGLE + 1))


def _first_sentences(texts: Iterable[str]) -> list[str]:
    said = (sentence.text for text in texts for sentence in split_sentences(text)[:_QUOTED])
    return list(said)[:_QUOTED]


def _mean(chunks: Sequence[Document], vectors: Mapping[str, Sequence[float]]) -> np.ndarray | None:
    known = [vectors[key] for chunk in chunks if (key := str(chunk.meta.get("content_hash"))) in vectors]
    if not known:
        return None
    mean = np.mean(np.asarray(known, dtype=np.float32), axis=0)
    return np.asarray(mean / (np.linalg.norm(mean) or 1.0))


def _languages(chunks: Sequence[Document]) -> dict[str, float]:
    """Language → share of the characters that show one."""
    counted: Counter[str] = Counter()
    for chunk in chunks:
        told = language_of(chunk.content or "") or language_code(chunk.meta.get("language"))
        if told:
            counted[told] += len(chunk.content or "")
    return {name: count / counted.total() for name, count in counted.most_common()} if counted else {}


def _of(shares: Mapping[str, float]) -> str:
    return f"to {sum(shares.values()):.0%}"


def _named(shares: Mapping[str, float]) -> str:
    return ", ".join(list(shares)[:3])
