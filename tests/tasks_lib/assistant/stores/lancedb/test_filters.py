"""Filters mean what Haystack means by them, whatever the metadata holds; nothing in them reaches the SQL parser."""

from pathlib import Path
from typing import Any

import pytest
from haystack import Document
from haystack.errors import FilterError
from haystack.utils.filters import document_matches_filter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tasks_lib.assistant.stores.lancedb.document_store import LanceDBDocumentStore
from tasks_lib.assistant.stores.lancedb.filters import to_sql

NASTY = [
    "a'b",
    'a"b',
    "back\\slash",
    "100%",
    "_",
    "emoji 😀",
    "nul\0byte",
    "line\nbreak",
    "'; DROP TABLE documents; --",
    "') OR ('1'='1",
    "",
    " ",
    "None",
    "true",
    "1",
]
DATES = [
    "2024-02-29",
    "2024-02-29T00:00:00",
    "2024-02-29 00:00:00.000000",
    "2024-02-29T01:00:00+01:00",
    "2024-02-29T00:00:00Z",
    "2024-02-29T02:00:00",
    "1969-07-21T20:17:40.123456",
    "2024-13-45",
]
NUMBERS = [0, 1, -1, 2, 5.0, 2.5, -2.5, True, False, 2**53 - 1, 2**63, -(2**70), 1e300, float("inf"), float("-inf")]
NESTED = [[], {}, [1, "a"], [True, "a"], {"deep": 1}, {"deep": {"er": "2024-02-29"}}, {"deep": None}]
VALUES = [None, *NASTY, *DATES, *NUMBERS, *NESTED]
KEYS = ["page", "title", "year", 'it\'s "odd"; --', "end"]
FIELDS = [f"meta.{key}" for key in KEYS] + ["meta.year.deep", "meta.page.deep.er", "meta.missing", "title"]

CORPUS = [
    Document(content=f"{key} {number}", meta={key: value, "other": number})
    for key in KEYS
    for number, value in enumerate(VALUES)
] + [Document(content="without metadata"), Document(content=None, meta={"page": float("nan")})]


@pytest.fixture(scope="module", params=["scanned", "indexed"])
def store(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> LanceDBDocumentStore:
    store = LanceDBDocumentStore(str(tmp_path_factory.mktemp(request.param)), embedding_dimension=2)
    store.write_documents(CORPUS)
    if request.param == "indexed":
        store.optimize()
    return store


def conditions() -> st.SearchStrategy[dict[str, Any]]:
    value = st.sampled_from(VALUES)
    field = st.sampled_from(FIELDS)
    plain = st.builds(
        lambda f, o, v: {"field": f, "operator": o, "value": v}, field, st.sampled_from(["==", "!="]), value
    )
    listed = st.builds(
        lambda f, o, v: {"field": f, "operator": o, "value": v},
        field,
        st.sampled_from(["in", "not in"]),
        st.lists(value, max_size=4),
    )
    ordered = st.builds(
        lambda f, o, v: {"field": f, "operator": o, "value": v},
        field,
        st.sampled_from([">", ">=", "<", "<="]),
        st.sampled_from([None, *DATES[:-1], *NUMBERS]),
    )
    return plain | listed | ordered


def filters() -> st.SearchStrategy[dict[str, Any]]:
    return st.recursive(
        conditions(),
        lambda inner: st.builds(
            lambda operator, parts: {"operator": operator, "conditions": parts},
            st.sampled_from(["AND", "OR", "NOT"]),
            st.lists(inner, max_size=3),
        ),
        max_leaves=5,
    )


def matches(condition: dict[str, Any], document: Document) -> bool:
    """Haystack's reference, except that what cannot be compared does not match instead of failing."""
    if "field" in condition:
        try:
            return is_comparable(condition, document) and document_matches_filter(condition, document)
        except (FilterError, TypeError, OverflowError):
            return False
    inner = [matches(part, document) for part in condition["conditions"]]
    return {"AND": all(inner), "OR": any(inner), "NOT": not all(inner)}[condition["operator"]]


def is_comparable(condition: dict[str, Any], document: Document) -> bool:
    """Whether an ordering is of two complete ISO dates or of no texts; the reference guesses at other texts."""
    if condition["operator"] not in (">", ">=", "<", "<="):
        return True
    value: Any = document.meta
    for part in condition["field"].removeprefix("meta.").split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return not isinstance(value, str) or value in DATES[:-1]


@pytest.mark.parametrize("operator", ["==", "!=", ">", ">=", "<", "<="])
@pytest.mark.parametrize("field", ["meta.year", "meta.page", "meta.title"])
def test_each_comparison_agrees_with_haystack(store: LanceDBDocumentStore, field: str, operator: str) -> None:
    for value in [None, *DATES[:-1], *NUMBERS]:
        condition = {"field": field, "operator": operator, "value": value}
        found = store.scan(to_sql(condition), ["id"])["id"].to_pylist()
        assert sorted(found) == sorted(document.id for document in CORPUS if matches(condition, document)), condition


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True
)
@given(condition=filters())
def test_filters_agree_with_haystack_on_any_metadata(store: LanceDBDocumentStore, condition: dict[str, Any]) -> None:
    found = store.scan(to_sql(condition), ["id"])["id"].to_pylist()
    assert sorted(found) == sorted(document.id for document in CORPUS if matches(condition, document))


def test_metadata_comes_back_as_it_was(tmp_path: Path) -> None:
    store = LanceDBDocumentStore(str(tmp_path), embedding_dimension=2)
    store.write_documents(CORPUS[:-1])
    back = {document.id: document.meta for document in store.filter_documents()}
    for document in CORPUS[:-1]:
        assert repr(sorted(back[document.id].items())) == repr(sorted(document.meta.items()))


@pytest.mark.parametrize("text", NASTY)
def test_a_document_is_found_by_any_text_in_its_own_fields(tmp_path: Path, text: str) -> None:
    store = LanceDBDocumentStore(str(tmp_path), embedding_dimension=2)
    store.write_documents([Document(id="1", content=text, meta={"document": text}), Document(id="2", content="x")])
    for field in ("content", "document", "meta.document"):
        assert store.count_documents_by_filter({"field": field, "operator": "==", "value": text}) == 1
        assert store.count_documents_by_filter({"field": field, "operator": "not in", "value": [text]}) == 1


@pytest.mark.parametrize(
    "broken",
    [
        {"field": "meta.x", "operator": "like", "value": "a"},
        {"field": "meta.x", "operator": "in", "value": "abc"},
        {"field": "meta.x", "operator": ">", "value": "yesterday"},
        {"field": "meta.x", "operator": ">", "value": {"a": 1}},
        {"field": "meta.x", "operator": "==", "value": {1, 2}},
        {"field": "embedding", "operator": "==", "value": None},
        {"field": "blob.mime_type", "operator": "==", "value": "text/plain"},
        {"field": "content", "operator": ">", "value": 1},
        {"field": 1, "operator": "==", "value": 1},
        {"operator": "XOR", "conditions": []},
        {"operator": "AND", "conditions": {}},
        {"operator": "AND", "conditions": ["meta.x == 1"]},
    ],
)
def test_malformed_filters_are_refused(broken: dict[str, Any]) -> None:
    with pytest.raises(FilterError):
        to_sql(broken)


def test_filters_nest_as_deep_as_they_are_allowed_to(tmp_path: Path) -> None:
    store = LanceDBDocumentStore(str(tmp_path), embedding_dimension=2)
    store.write_documents([Document(content="a", meta={"page": 1})])
    nested: dict[str, Any] = {"field": "meta.page", "operator": "not in", "value": [None, 2, True, "x"]}
    for _ in range(8):
        nested = {"operator": "NOT", "conditions": [nested]}
    assert store.count_documents_by_filter(nested) == 0
    with pytest.raises(FilterError, match="nested"):
        store.count_documents_by_filter({"operator": "NOT", "conditions": [nested]})
