"""The documents that a request is about, and what tells them from all others."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tasks_lib.errors import InputError
from tasks_lib.forgetting.needles import Needles, of_document
from tasks_lib.ingestion.sources.name import source_name
from tasks_lib.text.forms import composed

if TYPE_CHECKING:
    from haystack import Document

    from tasks_lib.assistant.contract.index import Index
    from tasks_lib.assistant.contract.platform import Platform

EVERYTHING = 10_000_000
Held = tuple[str, str, str]
"""Source, path and hash of a content."""


@dataclass(frozen=True)
class FoundDocument:
    """A document, its parts and copies, in every index and state."""

    source: str
    path: str
    held: list[Held]
    needles: Needles


def find_document(platform: "Platform", path: str, source: str | None) -> FoundDocument | None:
    """The document at `path`; `None` where no index holds it.

    :param source: Name or address of its source; needed where several sources have the path.
    :raises InputError: If several sources have it, and none is named.
    """
    path, wanted = composed(path), source and source_name(source)
    states = [state for name in platform.indexes() for state in states_of(platform.open_index(name))]
    everywhere = {held for state in states for held in _held(state)}
    sources = sorted({held[0] for held in everywhere if held[1] == path})
    if wanted:
        sources = [each for each in sources if each == wanted]
    if len(sources) > 1:
        raise InputError(
            f"{len(sources)} sources have a document {path!r}: {', '.join(sources)}", hint="Name one with --source."
        )
    if not sources:
        return None
    own = {held for held in everywhere if held[0] == sources[0] and is_part(held[1], path)}
    copies = {held for held in everywhere if held[2] in {each[2] for each in own}} | own
    keys = {held[:2] for held in copies}
    return FoundDocument(sources[0], path, sorted(copies), _needles(states, keys, everywhere))


def is_part(document: str, path: str) -> bool:
    """Whether a document is the one at `path`, or came in it, as an attachment does."""
    return document == path or document.startswith(f"{path}/")


def texts_of(chunk: "Document") -> str:
    """What of a chunk is written elsewhere: its content below its title and heading."""
    told = [chunk.meta.get("title"), chunk.meta.get("heading"), chunk.content]
    return "\n".join(str(text) for text in told if text)


def _needles(states: "list[Index]", keys: set[tuple[str, str]], everywhere: set[Held]) -> Needles:
    own: dict[str, list[str]] = {}
    others: list[str] = []
    languages: set[str] = set()
    for state in states:
        for chunk in state.sample(EVERYTHING, 0):
            if (chunk.meta.get("source"), chunk.meta.get("document")) in keys:
                own.setdefault(str(chunk.meta["document"]), []).append(texts_of(chunk))
                languages.add(str(chunk.meta.get("language") or ""))
            else:
                others.append(texts_of(chunk))
    shared = {held[1] for held in everywhere if held[:2] not in keys}
    found = Needles()
    for path, texts in own.items():
        alone = path not in shared
        needles = of_document(path, texts, others, only_path=alone, capitals="de" not in languages)
        found = Needles(
            paths=sorted({*found.paths, *needles.paths}),
            passages=sorted(map(list, {*map(tuple, found.passages), *map(tuple, needles.passages)})),
        )
    return found


def states_of(index: "Index") -> "Iterator[Index]":
    """Every state of an index that readers may need, the current one first."""
    if index.exists():
        yield index
        for state in sorted(index.states().needed - {str(index.version())}):
            yield index.at(state)


def _held(index: "Index") -> set[Held]:
    sources = index.info().sources
    return {(source, path, digest) for source in sources for path, digest in index.manifest(source).items()}
