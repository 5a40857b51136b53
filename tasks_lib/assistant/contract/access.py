"""Who may see which document: kept beside an index, and looked up when it is read.

Access is no part of a state of the index. So a change of access needs neither a new state nor the documents' gate, and
an older state shows no more than what may be seen now.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace

Groups = tuple[str, ...]
"""Groups of which a caller needs one, sorted."""
Audience = tuple[Groups, ...]
"""A caller needs a group of each."""
DocumentKey = tuple[str, str]
"""Source and path."""

PUBLIC = "public"
"""The group that every caller is in."""
NOBODY = "nobody"
"""The group that no caller is in, whatever a key or a token says."""
EVERYONE: Groups = (PUBLIC,)
CLOSED: Groups = (NOBODY,)


@dataclass(frozen=True)
class Caller:
    """Who asks: a member of groups, or the operator, who sees everything."""

    groups: frozenset[str] = frozenset()
    sees_all: bool = False

    def may(self, groups: Groups) -> bool:
        """Whether the caller is in one of `groups`."""
        if self.sees_all:
            return True
        return NOBODY not in groups and (PUBLIC in groups or not self.groups.isdisjoint(groups))

    def sees(self, audience: Audience) -> bool:
        """Whether the caller is in a group of each."""
        return all(map(self.may, audience))


OPERATOR = Caller(sees_all=True)
"""Who ingests, measures and looks after an index. No request is ever the operator's."""


def member_of(groups: Collection[str]) -> Caller:
    """A caller in `groups`."""
    return Caller(frozenset(groups))


def as_groups(names: Iterable[str]) -> Groups:
    """Groups in their one form: none means nobody, and nobody among others means nobody."""
    cleaned = {name.strip() for name in names} - {""}
    return CLOSED if not cleaned or NOBODY in cleaned else tuple(sorted(cleaned))


@dataclass(frozen=True)
class DocumentAccess:
    """Who may see a document.

    :param groups: As its source says now.
    :param document_hash: The content that this was said of; empty where that is not known.
    :param own: What that content says of itself, such as its front matter; `None` where it says nothing.
    :param past: Content of earlier states → who might see it when it was the present one.
    """

    groups: Groups
    document_hash: str = ""
    own: Groups | None = None
    past: Mapping[str, Groups] = field(default_factory=dict)

    def audience(self, document_hash: str) -> Audience:
        """Who may see this content: whoever may see the document now, and might see the content then."""
        then = self.past.get(document_hash, self.groups) if document_hash != self.document_hash else self.groups
        return (self.groups,) if then == self.groups else (self.groups, then)

    def followed_by(self, present: "DocumentAccess") -> "DocumentAccess":
        """What is known after a sync; it may open the content that the sync saw, and no other."""
        past = dict(self.past)
        if self.document_hash:
            past[self.document_hash] = self.groups
        past.pop(present.document_hash, None)
        return replace(present, past={digest: groups for digest, groups in past.items() if groups != EVERYONE})


@dataclass(frozen=True)
class IndexAccess:
    """Who may see what of an index.

    A source that was never synchronised under access control is public, as all of an index is that has no entry here.
    In any other source nobody sees a document that has no entry.

    :param documents: Each document of the sources under access control.
    :param renamed: Former identity of a source → its present one.
    :param sources: The sources under access control.
    """

    documents: Mapping[DocumentKey, DocumentAccess] = field(default_factory=dict)
    renamed: Mapping[str, str] = field(default_factory=dict)
    sources: frozenset[str] = frozenset()

    @property
    def controlled(self) -> bool:
        """Whether any source is under access control: from then on the index is searched caller by caller."""
        return bool(self.sources)

    def of(self, source: str, document: str) -> DocumentAccess | None:
        """The entry of a document, or of the message that it came with."""
        while source in self.renamed:
            source = self.renamed[source]
        path = document
        while path:
            if (found := self.documents.get((source, path))) is not None:
                return found
            path = path.rpartition("/")[0]
        return None

    def audience(self, source: str, document: str, document_hash: str) -> Audience:
        """Who may see a content of a document."""
        entry = self.of(source, document)
        if entry is not None:
            return entry.audience(document_hash)
        while source in self.renamed:
            source = self.renamed[source]
        return (CLOSED,) if source in self.sources else ()

    def shows(self, caller: Caller, meta: Mapping[str, object]) -> bool:
        """Whether a caller may see a chunk with this metadata."""
        source, document = str(meta.get("source") or ""), str(meta.get("document") or "")
        return caller.sees(self.audience(source, document, str(meta.get("document_hash") or "")))

    def with_sync(self, source: str, stated: Mapping[str, DocumentAccess]) -> "IndexAccess":
        """What is known after a sync of `source`; what it did not list stays as it was."""
        documents = dict(self.documents)
        for document, present in stated.items():
            before = documents.get((source, document))
            documents[source, document] = before.followed_by(present) if before else present
        renamed = {former: to for former, to in self.renamed.items() if former != source}
        return IndexAccess(documents, renamed, self.sources | {source})

    def with_renamed(self, former: str, to: str) -> "IndexAccess":
        """What is known after the source `former` was called `to`: states from before are read by the entries of `to`.

        A document of both is seen by who may see both.
        """
        documents = {key: entry for key, entry in self.documents.items() if key[0] != former}
        for (source, document), entry in self.documents.items():
            if source == former:
                present = documents.get((to, document))
                documents[to, document] = present.followed_by(entry) if present else entry
        renamed = {name: kept for name, kept in self.renamed.items() if name != to} | {former: to}
        sources = (self.sources - {former}) | ({to} if former in self.sources else set())
        return IndexAccess(documents, renamed, sources)


NO_CONTROL = IndexAccess()
"""Of an index whose sources say nothing of access: everybody sees everything."""


_asking: ContextVar[Caller | None] = ContextVar("asking", default=None)


@contextmanager
def asked_by(asking: Caller) -> Iterator[None]:
    """Let everything inside, threads that take the context along included, see what this caller may see."""
    token = _asking.set(asking)
    try:
        yield
    finally:
        _asking.reset(token)


def caller() -> Caller:
    """Who asks here and now; where nobody was named, somebody who sees what is public."""
    return _asking.get() or Caller()
