"""What may not come into an index again, since it was forgotten: keyed digests in a file of the home, no texts."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from filelock import FileLock
from haystack import Document
from pydantic import Field, ValidationError

from tasks_lib.config.keyed_digest import KeyedDigest, keyed_digest
from tasks_lib.config.strict import StrictModel
from tasks_lib.errors import ConfigurationError, InputError
from tasks_lib.home import Home
from tasks_lib.text.occurrences import merged, word_spans, words_of

DOCUMENT, CONTENT, TEXT = "document", "content", "text"
MASKED = ("title", "heading")
"""Metadata that is searched and embedded with the content."""


class Denial(StrictModel):
    """One thing that was forgotten."""

    kind: str = Field(pattern=f"^({DOCUMENT}|{CONTENT}|{TEXT})$")
    digest: str
    of: str = Field(description="Digest of what was forgotten with it, which lets it in again.")
    words: int = Field(default=0, description="Of a text: how many.")
    since: datetime
    by: str


class _Content(StrictModel):
    denials: list[Denial] = Field(default_factory=list)


class Denials:
    """The list of a home, as it was read."""

    def __init__(self, denials: list[Denial], digest: KeyedDigest) -> None:
        self._digest = digest
        self._known = {(each.kind, each.digest) for each in denials}
        self._words = sorted({each.words for each in denials if each.kind == TEXT})

    def keeps_out(self, source: str, document: str, document_hash: str) -> bool:
        """Whether a document may not come in: by its source and path, or as a copy of one that was forgotten."""
        return bool(self._known) and (
            (DOCUMENT, self._digest.of(DOCUMENT, source, document)) in self._known
            or (CONTENT, self._digest.of(CONTENT, document_hash)) in self._known
        )

    @property
    def any_text(self) -> bool:
        """Whether texts are looked for at all."""
        return bool(self._words)

    def blacked_out(self, text: str) -> str:
        """`text` of unchanged length without the texts that were forgotten."""
        for start, end in merged(self._spans(text)):
            text = text[:start] + "".join(" " if each.isspace() else "█" for each in text[start:end]) + text[end:]
        return text

    def texts_in(self, text: str) -> set[str]:
        """What of `text` was forgotten, as it stands there."""
        return {text[start:end] for start, end in self._spans(text)}

    def _spans(self, text: str) -> list[tuple[int, int]]:
        spans = word_spans(text)
        return [
            (spans[at][1], spans[at + length - 1][2])
            for length in self._words
            for at in range(len(spans) - length + 1)
            if self._is_denied([word for word, _, _ in spans[at : at + length]])
        ]

    def _is_denied(self, words: list[str]) -> bool:
        return (TEXT, self._digest.of(TEXT, *words)) in self._known

    def without_texts(self, chunk: Document) -> Document | None:
        """A chunk without them, yet to be embedded; `None` if it has none."""
        meta = {
            key: self.blacked_out(value) if isinstance(value, str) and key not in {"source", "document"} else value
            for key, value in chunk.meta.items()
        }
        content = self.blacked_out(chunk.content or "")
        return None if content == chunk.content and meta == chunk.meta else Document(content=content, meta=meta)


NOTHING_DENIED = Denials([], KeyedDigest(b""))


def read_denials(home: Home) -> Denials:
    """The list as it is now.

    :raises ConfigurationError: If the file is broken: then nothing is ingested, lest something comes back.
    """
    return Denials(_read(home), keyed_digest(home))


def digest_of_document(home: Home, source: str, document: str) -> str:
    """By which a document is known after it was forgotten."""
    return keyed_digest(home).of(DOCUMENT, source, document)


def digest_of_text(home: Home, value: str) -> str:
    """By which a person's value is known after it was forgotten."""
    return keyed_digest(home).of(TEXT, *words_of(value))


def deny_document(home: Home, source: str, document: str, hashes: list[str], by: str) -> None:
    """Keep a document out, and every copy of one of its contents."""
    own, since = digest_of_document(home, source, document), datetime.now(UTC)
    keyed = keyed_digest(home)
    contents = [Denial(kind=CONTENT, digest=keyed.of(CONTENT, each), of=own, since=since, by=by) for each in hashes]
    _add(home, [Denial(kind=DOCUMENT, digest=own, of=own, since=since, by=by), *contents])


def deny_text(home: Home, value: str, by: str) -> None:
    """Black a text out of whatever is ingested from now on."""
    own, words = digest_of_text(home, value), len(words_of(value))
    _add(home, [Denial(kind=TEXT, digest=own, of=own, words=words, since=datetime.now(UTC), by=by)])


def let_in(home: Home, digest: str) -> None:
    """Take something from the list.

    :raises InputError: If it is not there.
    """
    with _changing(home) as denials:
        kept = [each for each in denials if each.of != digest]
        if len(kept) == len(denials):
            raise InputError("that was not forgotten: nothing keeps it out", hint="Give source and path as they were.")
        denials[:] = kept


def stored_denials(home: Home) -> list[Denial]:
    """The list as it is written, which only the home's secret can compare with anything.

    :raises ConfigurationError: If the file is broken.
    """
    return _read(home)


def merge_denials(home: Home, denials: list[Denial]) -> list[Denial]:
    """Keep out what `denials`, made with the same secret, keep out; those that the home did not have."""
    return _add(home, denials) if denials else []


def _add(home: Home, added: list[Denial]) -> list[Denial]:
    with _changing(home) as denials:
        known = {(each.kind, each.digest) for each in denials}
        new = [each for each in added if (each.kind, each.digest) not in known]
        denials.extend(new)
    return new


@contextmanager
def _changing(home: Home) -> Iterator[list[Denial]]:
    with FileLock(home.ensure().locks / "forgotten.lock"):
        denials = _read(home)
        yield denials
        scratch = home.forgotten.with_suffix(".new")
        scratch.unlink(missing_ok=True)
        with os.fdopen(os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(_Content(denials=denials).model_dump_json(indent=2))
            file.flush()
            os.fsync(file.fileno())
        scratch.replace(home.forgotten)


def _read(home: Home) -> list[Denial]:
    try:
        return _Content.model_validate_json(home.forgotten.read_text(encoding="utf-8")).denials
    except FileNotFoundError:
        return []
    except ValidationError as error:
        raise ConfigurationError(
            f"{str(home.forgotten)!r}, which keeps out what was forgotten, is broken",
            hint="Bring a copy of it back. Without it what was forgotten would be ingested again.",
        ) from error
