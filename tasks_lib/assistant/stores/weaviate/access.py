"""Who may see which document of an index on Weaviate: one object of its manifest, read whole and replaced whole."""

import base64
import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from tasks_lib.assistant.contract.access import NO_CONTROL, Caller, DocumentAccess, IndexAccess
from tasks_lib.assistant.stores.weaviate.manifest import ACCESS, Manifest, uuid_of
from tasks_lib.assistant.stores.weaviate.marks import Audiences, audiences_of
from tasks_lib.errors import IndexUnavailableError


@dataclass(frozen=True)
class KnownAccess:
    """The access of an index as it was read last.

    :param stamp: Another one for other contents.
    :param marked: Whether all chunks carry the marks that this access gives them.
    """

    access: IndexAccess = NO_CONTROL
    stamp: str = ""
    marked: bool = False
    audiences: Audiences = field(default_factory=lambda: audiences_of(NO_CONTROL))

    def marks_for(self, caller: Caller) -> list[str]:
        """Marks of what `caller` may see."""
        return sorted(mark for mark, audience in self.audiences.items() if caller.sees(audience))


OPEN = KnownAccess()
"""Of an index that was never under access control."""


class AccessRecord:
    """The object that holds the access of one index; what was read is kept until it is another one.

    :param index: Its name, for messages.
    """

    def __init__(self, index: str) -> None:
        self._index = index
        self._known: KnownAccess | None = None

    @property
    def known(self) -> KnownAccess | None:
        """What was read last, if anything was."""
        return self._known

    def read(self, collection: Any) -> KnownAccess:
        """The access as it is now; that of an index without the object is open.

        :param collection: The manifest, as Weaviate's client gives it.
        :raises IndexUnavailableError: If it cannot be read: then nothing may be shown.
        """
        uuid, known = uuid_of(ACCESS), self._known
        stamp = collection.query.fetch_object_by_id(uuid, return_properties=["document_hash"])
        if stamp is None:
            self._known = OPEN
            return OPEN
        if known is None or stamp.properties["document_hash"] != known.stamp:
            item = collection.query.fetch_object_by_id(uuid)
            known = OPEN if item is None else self._parsed(item.properties)
            self._known = known
        return known

    def write(self, manifest: Manifest, access: IndexAccess, *, marked: bool) -> None:
        """Replace it in one step."""
        text = json.dumps({"marked": marked, **_to_json(access)}, separators=(",", ":"))
        packed = base64.b64encode(zlib.compress(text.encode())).decode()
        manifest.put(ACCESS, {"document_hash": sha256(text.encode()).hexdigest(), "access": packed})

    def _parsed(self, properties: Mapping[str, Any]) -> KnownAccess:
        try:
            data = json.loads(zlib.decompress(base64.b64decode(properties["access"])))
            access = _from_json(data)
            return KnownAccess(access, properties["document_hash"], data["marked"], audiences_of(access))
        except (ValueError, KeyError, TypeError, zlib.error) as error:
            raise IndexUnavailableError(
                f"the access control of index {self._index!r} cannot be read: {error}",
                hint="Drop the index and ingest again.",
            ) from error


def _to_json(access: IndexAccess) -> dict[str, Any]:
    documents = [
        [*key, entry.groups, entry.document_hash, entry.own, dict(entry.past)]
        for key, entry in access.documents.items()
    ]
    return {"documents": documents, "renamed": dict(access.renamed), "sources": sorted(access.sources)}


def _from_json(data: Mapping[str, Any]) -> IndexAccess:
    documents = {
        (source, document): DocumentAccess(
            tuple(groups),
            document_hash,
            None if own is None else tuple(own),
            {digest: tuple(then) for digest, then in past.items()},
        )
        for source, document, groups, document_hash, own, past in data["documents"]
    }
    return IndexAccess(documents, data["renamed"], frozenset(data["sources"]))
