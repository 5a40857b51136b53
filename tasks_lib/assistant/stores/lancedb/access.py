"""Who may see which document of an index in LanceDB: a table beside that of the chunks, a row for each document."""

import json
from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from tasks_lib.assistant.contract.access import DocumentAccess, IndexAccess
from tasks_lib.assistant.stores.lancedb.side_table import Options, SideTable

ACCESS_SUFFIX = ".access"
"""Of the table's name, behind that of the index."""
_GROUPS = pa.list_(pa.string())
_SCHEMA = pa.schema(
    [
        pa.field("source", pa.string(), nullable=False),
        pa.field("document", pa.string(), nullable=False),
        ("document_hash", pa.string()),
        ("groups", _GROUPS),
        ("own", _GROUPS),
        ("past", pa.string()),
        ("renamed_to", pa.string()),
    ]
)


class AccessTable(SideTable[IndexAccess]):
    """The table that holds the access of the index `name`. Without it, everybody sees everything.

    It is to be read after the chunks that it is to hold for. Where it cannot be read, nothing is shown.
    """

    def __init__(self, uri: str, name: str, storage_options: Options = None) -> None:
        super().__init__(
            uri,
            name + ACCESS_SUFFIX,
            _SCHEMA,
            rows_of=_rows_of,
            parse=_access_of,
            what=f"the access control of index {name!r}",
            storage_options=storage_options,
        )


def _rows_of(access: IndexAccess) -> Iterator[dict[str, Any]]:
    """A row for each document, and one without a document for each source and each former identity."""
    for source in sorted(access.sources):
        yield {"source": source, "document": ""}
    for former, present in access.renamed.items():
        yield {"source": former, "document": "", "renamed_to": present}
    for (source, document), entry in access.documents.items():
        yield {
            "source": source,
            "document": document,
            "document_hash": entry.document_hash,
            "groups": list(entry.groups),
            "own": None if entry.own is None else list(entry.own),
            "past": json.dumps(dict(entry.past)) if entry.past else None,
        }


def _access_of(rows: list[dict[str, Any]]) -> IndexAccess:
    documents: dict[tuple[str, str], DocumentAccess] = {}
    renamed: dict[str, str] = {}
    sources: set[str] = set()
    for row in rows:
        if row["renamed_to"] is not None:
            renamed[row["source"]] = row["renamed_to"]
        elif not row["document"]:
            sources.add(row["source"])
        else:
            documents[row["source"], row["document"]] = _entry(row)
    return IndexAccess(documents, renamed, frozenset(sources))


def _entry(row: dict[str, Any]) -> DocumentAccess:
    past = {digest: tuple(groups) for digest, groups in json.loads(row["past"] or "{}").items()}
    own = None if row["own"] is None else tuple(row["own"])
    return DocumentAccess(tuple(row["groups"]), row["document_hash"] or "", own, past)
