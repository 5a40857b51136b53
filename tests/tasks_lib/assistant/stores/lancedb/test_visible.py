"""A search under access control is the same, to the last bit, as if there were no forbidden documents."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from haystack import Document
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tasks_lib.assistant.contract.access import (
    NO_CONTROL,
    OPERATOR,
    Caller,
    DocumentAccess,
    Groups,
    IndexAccess,
    asked_by,
    member_of,
)
from tasks_lib.assistant.contract.index import chunk_id
from tasks_lib.assistant.stores.lancedb.index import LanceDBIndex

SOURCE, DIMENSION = "file:///handbook", 8
WORDS = ("leave", "salary", "laptop", "train", "lunch")
GROUPS: tuple[Groups, ...] = (("public",), ("hr",), ("hr", "legal"), ("legal",), ("nobody",))
CALLERS = (Caller(), member_of(["hr"]), member_of(["legal", "sales"]), member_of(["nobody"]))
TEXTS = {f"{n}.md": " ".join(WORDS[n * k % 5] for k in range(1, n + 2)) for n in range(12)}


def chunk(document: str) -> Document:
    text = TEXTS[document]
    vector = np.random.default_rng(len(text)).normal(size=DIMENSION)
    meta = {"source": SOURCE, "document": document, "document_hash": "1", "start": 0, "end": len(text)}
    identity = chunk_id(SOURCE, document, 0, len(text), text)
    return Document(id=identity, content=text, embedding=vector.tolist(), meta=meta)


def index_of(folder: Path, access: Mapping[str, Groups]) -> LanceDBIndex:
    index = LanceDBIndex(str(folder), "docs", DIMENSION)
    index.replace(SOURCE, list(access), [chunk(document) for document in access])
    index.commit()
    index.save_access(under(access))
    return index


def under(access: Mapping[str, Groups]) -> IndexAccess:
    return NO_CONTROL.with_sync(SOURCE, {name: DocumentAccess(groups, "1") for name, groups in access.items()})


def everything_seen(index: LanceDBIndex, who: Caller) -> list[tuple[str, str | None, float | None]]:
    page = {"field": "meta.source", "operator": "==", "value": SOURCE}
    with asked_by(who):
        found = [
            *index.vector_retriever(top_k=4).run(query_embedding=[0.3] * DIMENSION)["documents"],
            *index.keyword_retriever(top_k=4).run(query="leave or lunch")["documents"],
            *index.keyword_retriever(top_k=9, filters=page).run(query="salary train")["documents"],
            *index.store.filter_documents(page),
        ]
    return [(document.id, document.content, document.score) for document in found]


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(chosen=st.lists(st.sampled_from(GROUPS), min_size=len(TEXTS), max_size=len(TEXTS)))
def test_what_is_found_does_not_depend_on_what_is_forbidden(
    tmp_path_factory: pytest.TempPathFactory, chosen: list[Groups]
) -> None:
    access = dict(zip(TEXTS, chosen, strict=True))
    whole = index_of(tmp_path_factory.mktemp("whole"), access)
    for who in CALLERS:
        allowed = {name: groups for name, groups in access.items() if who.may(groups)}
        alone = index_of(tmp_path_factory.mktemp("alone"), allowed)
        if not allowed:
            assert everything_seen(whole, who) == []
            continue
        assert everything_seen(whole, who) == everything_seen(alone, who)


def test_a_change_of_access_holds_at_once_and_in_earlier_states(tmp_path: Path) -> None:
    index = index_of(tmp_path, dict.fromkeys(TEXTS, ("public",)))
    earlier = index.at(str(index.version()))
    assert len(everything_seen(earlier, Caller())) > 0
    version = index.version()
    index.save_access(index.access().with_sync(SOURCE, {name: DocumentAccess(("hr",), "1") for name in TEXTS}))
    assert index.version() == version
    assert everything_seen(earlier, Caller()) == []
    assert everything_seen(earlier, member_of(["hr"])) == everything_seen(index, OPERATOR)


def test_who_names_no_caller_sees_what_is_public(tmp_path: Path) -> None:
    index = index_of(tmp_path, {"1.md": ("public",), "2.md": ("hr",)})
    found = index.keyword_retriever(top_k=9).run(query="leave salary laptop train lunch")["documents"]
    assert [document.meta["document"] for document in found] == ["1.md"]


def test_access_is_no_index_and_goes_with_it(tmp_path: Path) -> None:
    from tasks_lib.assistant.stores.lancedb.index import list_indexes

    index = index_of(tmp_path, {"1.md": ("hr",)})
    assert list_indexes(str(tmp_path)) == ["docs"]
    index.drop()
    assert not LanceDBIndex(str(tmp_path), "docs", DIMENSION).access().controlled
