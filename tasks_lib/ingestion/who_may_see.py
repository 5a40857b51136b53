"""Who may see the documents of a source, as it says now: sidecars, the source itself, and front matter."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import reduce
from typing import Literal

from tasks_lib.assistant.contract.access import (
    CLOSED,
    EVERYONE,
    NOBODY,
    PUBLIC,
    DocumentAccess,
    Groups,
    IndexAccess,
    as_groups,
)
from tasks_lib.ingestion.own_access import OwnAccess, may_speak, own_access
from tasks_lib.ingestion.result import AccessProblem, AccessResult
from tasks_lib.ingestion.sidecars import Sidecars, narrower, read_sidecars
from tasks_lib.ingestion.sources.document_source import DocumentSource


@dataclass(frozen=True)
class ListedDocument:
    """A document as far as its access goes."""

    path: str
    location: str
    """By which the source reads it."""
    named: str
    """Its end tells the format."""
    etag: str = ""
    document_hash: str = ""
    """Empty where its content could not be read."""
    readers: tuple[str, ...] | None = None
    known: bool = False
    """Whether the index holds this content."""
    sealed: bool = False
    """Whether it was not listed, since its folder cannot be."""


@dataclass(frozen=True)
class StatedAccess:
    """What a sync makes known of access; `access` is that of the whole index after it."""

    access: IndexAccess
    before: IndexAccess
    result: AccessResult | None
    """`None` where the source says nothing of it."""
    unread: Mapping[str, str] = field(default_factory=dict)
    """Documents whose own statement could not be read, and why: their content must not come in."""

    @property
    def differs(self) -> bool:
        """Whether there is something to save."""
        return self.access != self.before


@dataclass
class _Statements:
    """What is said of each document, and by whom it could not be."""

    source: DocumentSource
    sidecars: Sidecars
    before: IndexAccess
    problems: dict[str, str] = field(default_factory=dict)
    own: dict[str, Groups | None] = field(default_factory=dict)
    unread: dict[str, str] = field(default_factory=dict)
    stated: bool = False

    def hear(self, document: ListedDocument) -> None:
        """Note what `document` says of itself."""
        entry = self.before.documents.get((self.source.uri, document.path))
        if document.sealed:
            self.own[document.path] = CLOSED
            return
        if not may_speak(document.named):
            self.own[document.path] = None
        elif not document.document_hash:
            self.own[document.path] = entry.own if entry else CLOSED
        elif entry and entry.document_hash == document.document_hash:
            self.own[document.path] = entry.own
        else:
            self._read(document)

    def _read(self, document: ListedDocument) -> None:
        try:
            said = own_access(self.source.read(document.location, document.etag))
        except OSError as error:
            said = OwnAccess(CLOSED, f"cannot be read: {error.strerror or error}", doubted=True)
            self.unread[document.path] = said.problem
        self.own[document.path] = said.groups
        self.stated = self.stated or (said.groups is not None and not said.doubted)
        if said.problem:
            self.problems[document.path] = said.problem

    def of(self, document: ListedDocument, default: Groups) -> DocumentAccess:
        """Who may see `document`: whom all that is said of it allow, and by default if nothing is."""
        own = self.own[document.path]
        readers = None if document.readers is None else as_groups(document.readers)
        said = [groups for groups in (self.sidecars.groups(document.path), readers, own) if groups is not None]
        groups = reduce(narrower, said) if said else default
        digest = "" if document.path in self.unread else document.document_hash
        return DocumentAccess(EVERYONE if PUBLIC in groups and NOBODY not in groups else groups, digest, own)


def stated_access(
    source: DocumentSource,
    listed: Iterable[ListedDocument],
    before: IndexAccess,
    default: Literal["public", "nobody"],
    former: str = "",
) -> StatedAccess:
    """What is known of access after a sync.

    Of documents that the index holds already, front matter is read only once the source is under access control.

    :param listed: The documents that the source listed, after its listing has ended.
    :param former: Identity that the index holds the source under.
    """
    held = before.with_renamed(former, source.uri) if former and before.controlled else before
    documents = list(listed)
    sidecars = read_sidecars(source)
    controlled = source.uri in held.sources or default == NOBODY or bool(sidecars)
    controlled = controlled or any(document.readers is not None for document in documents)
    statements = _Statements(source, sidecars, held)
    for document in documents:
        if controlled or not document.known:
            statements.hear(document)
    if not controlled and not statements.stated:
        return StatedAccess(held, before, None, statements.unread)
    for document in documents:
        if document.path not in statements.own:
            statements.hear(document)
    everyone = (NOBODY,) if default == NOBODY else EVERYONE
    stated = {document.path: statements.of(document, everyone) for document in documents}
    problems = dict(sidecars.problems) | statements.problems
    result = _result(source.uri, stated, held, problems)
    return StatedAccess(held.with_sync(source.uri, stated), before, result, statements.unread)


def _result(
    source: str, stated: Mapping[str, DocumentAccess], held: IndexAccess, problems: Mapping[str, str]
) -> AccessResult:
    def was(path: str) -> Groups:
        entry = held.documents.get((source, path))
        return entry.groups if entry else EVERYONE

    return AccessResult(
        restricted=sum(entry.groups != EVERYONE for entry in stated.values()),
        changed=sum(entry.groups != was(path) for path, entry in stated.items()),
        problems=[AccessProblem(path=path, reason=reason) for path, reason in sorted(problems.items())],
    )
