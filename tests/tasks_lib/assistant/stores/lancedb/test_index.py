"""The index holds what the documents say, commit by commit."""

from datetime import timedelta
from pathlib import Path

import pytest
from haystack import Document

from tasks_lib.assistant.stores.lancedb.index import LanceDBIndex, list_indexes
from tasks_lib.assistant.stores.lancedb.maintenance import clean_up
from tasks_lib.assistant.stores.lancedb.schema import KEYWORDS, OTHER_FORMS
from tasks_lib.assistant.stores.lancedb.search import keyword_index
from tasks_lib.errors import IndexUnavailableError
from tests.tasks_lib.assistant.stores.lancedb.conftest import SOURCE, MakeChunks, MakeIndex


def contents(index: LanceDBIndex) -> list[str]:
    return sorted(document.content or "" for document in index.store.filter_documents())


def number(version: str | None) -> int:
    assert version is not None
    return int(version)


def test_an_index_that_was_never_written_is_empty_and_leaves_no_trace(index: LanceDBIndex, tmp_path: Path) -> None:
    assert not index.exists()
    assert index.version() is None
    assert index.count() == 0
    assert index.manifest(SOURCE) == {}
    assert index.embeddings(["x"]) == {}
    assert index.sample(5, seed=1) == []
    assert index.info().chunks == 0
    assert index.vector_retriever(top_k=3).run(query_embedding=[1.0, 0.0, 0.0, 0.0]) == {"documents": []}
    assert index.keyword_retriever(top_k=3).run(query="leave") == {"documents": []}
    assert list_indexes(str(tmp_path / "database")) == []
    index.replace(SOURCE, ["a.md"], [])
    index.drop()
    assert not (tmp_path / "database").exists()
    with pytest.raises(IndexUnavailableError, match="does not exist"):
        index.commit()


def test_adding_and_deleting_documents_are_one_commit_each(index: LanceDBIndex, chunks: MakeChunks) -> None:
    index.replace(SOURCE, ["a.md"], chunks("a.md", "a1"))
    before = number(index.version())
    index.replace(SOURCE, ["b.md"], chunks("b.md", "b1", "b2"))
    assert number(index.version()) == before + 1
    index.replace(SOURCE, ["a.md"], [])
    assert number(index.version()) == before + 2
    assert contents(index) == ["b1", "b2"]


def test_a_pinned_version_keeps_what_it_held_and_cannot_be_written(
    index: LanceDBIndex, chunks: MakeChunks, open_index: MakeIndex
) -> None:
    index.replace(SOURCE, ["a.md"], chunks("a.md", "old leave"))
    pinned = index.commit()
    index.replace(SOURCE, ["a.md"], chunks("a.md", "new leave"))
    index.commit()
    old = open_index(version=pinned)
    assert old.version() == pinned
    assert contents(old) == ["old leave"]
    assert [d.content for d in old.keyword_retriever(top_k=3).run(query="leave")["documents"]] == ["old leave"]
    for write in (
        lambda: old.replace(SOURCE, ["a.md"], []),
        old.commit,
        lambda: old.cleanup([]),
        old.drop,
        lambda: old.store.write_documents([Document(content="x")]),
    ):
        with pytest.raises(IndexUnavailableError, match="can only be read"):
            write()
    assert contents(index) == ["new leave"]


@pytest.mark.parametrize("version", ["999", "abc", "-1"])
def test_a_version_that_does_not_exist_says_so(
    index: LanceDBIndex, chunks: MakeChunks, open_index: MakeIndex, version: str
) -> None:
    index.replace(SOURCE, ["a.md"], chunks("a.md", "text"))
    with pytest.raises(IndexUnavailableError, match="no version") as caught:
        open_index(version=version).count()
    assert caught.value.hint


def test_a_version_of_an_index_that_does_not_exist_says_so(open_index: MakeIndex) -> None:
    with pytest.raises(IndexUnavailableError, match="no version"):
        open_index(version="3").count()


def test_cleanup_keeps_the_versions_that_are_needed(
    index: LanceDBIndex, chunks: MakeChunks, open_index: MakeIndex
) -> None:
    versions = []
    for text in ("first", "second", "third"):
        index.replace(SOURCE, ["a.md"], chunks("a.md", text))
        versions.append(index.commit())
    index.cleanup([versions[1]])
    assert contents(open_index(version=versions[1])) == ["second"]
    table = index.store.connection.table()
    assert table is not None
    clean_up(table, [int(versions[1])], margin=timedelta(0))
    clean_up(table, [], margin=timedelta(0))
    assert contents(index) == ["third"]
    with pytest.raises(IndexUnavailableError, match="no version"):
        open_index(version=versions[0]).count()


def test_a_sample_depends_on_its_seed_only(index: LanceDBIndex, chunks: MakeChunks, open_index: MakeIndex) -> None:
    texts = [f"text {n}" for n in range(30)]
    index.replace(SOURCE, ["a.md"], chunks("a.md", *texts[:15]))
    index.replace(SOURCE, ["b.md"], chunks("b.md", *texts[15:]))
    sample = index.sample(10, seed=7)
    other = open_index("other")
    other.replace(SOURCE, ["b.md"], chunks("b.md", *texts[15:]))
    other.replace(SOURCE, ["a.md"], chunks("a.md", *texts[:15]))
    assert [d.id for d in other.sample(10, seed=7)] == [d.id for d in sample]
    assert [d.id for d in index.sample(10, seed=8)] != [d.id for d in sample]
    assert [d.id for d in index.sample(5, seed=7)] == [d.id for d in sample[:5]]
    assert len(index.sample(100, seed=7)) == 30
    assert all(document.embedding is None for document in sample)


def test_indexes_are_listed_with_their_figures_and_dropped(
    index: LanceDBIndex, chunks: MakeChunks, open_index: MakeIndex, tmp_path: Path
) -> None:
    index.replace(SOURCE, ["a.md", "b.md"], chunks("a.md", "one", "two") + chunks("b.md", "three"))
    open_index("other").replace(SOURCE, ["a.md"], chunks("a.md", "one"))
    assert list_indexes(str(tmp_path / "database")) == ["docs", "other"]
    info = index.info()
    assert (info.name, info.version, info.chunks, info.documents) == ("docs", index.version(), 3, 2)
    assert info.sources == [SOURCE]
    assert info.bytes
    with index.writing(1):
        index.drop()
    assert list_indexes(str(tmp_path / "database")) == ["other"]
    assert not index.exists()


def test_an_index_can_be_opened_without_knowing_its_dimension(
    index: LanceDBIndex, chunks: MakeChunks, tmp_path: Path
) -> None:
    index.replace(SOURCE, ["a.md"], chunks("a.md", "one"))
    opened = LanceDBIndex(str(tmp_path / "database"), "docs")
    opened.replace(SOURCE, ["a.md"], chunks("a.md", "two"))
    assert contents(opened) == ["two"]


@pytest.mark.parametrize("columns", [("content",), ("content", OTHER_FORMS)], ids=["0.1", "0.2"])
def test_a_table_of_an_earlier_version_keeps_its_keyword_index(
    index: LanceDBIndex, chunks: MakeChunks, columns: tuple[str, ...]
) -> None:
    index.replace(SOURCE, ["a.md"], chunks("a.md", "office \ufb01les"))
    table = index.store.connection.table()
    assert table is not None
    table.drop_columns([KEYWORDS])
    if OTHER_FORMS in columns:
        table.add_columns({OTHER_FORMS: "cast(NULL as string)"})
    for column in columns:
        table.create_index(column, config=keyword_index(column))
    index.commit()

    def found(query: str) -> list[str | None]:
        documents = index.keyword_retriever(top_k=5).run(query=query)["documents"]
        return sorted(document.meta["document"] for document in documents)

    assert (found("office"), found("files")) == (["a.md"], [])
    index.replace(SOURCE, ["b.md"], chunks("b.md", "new \ufb01les"))
    assert (found("office"), found("files")) == (["a.md"], ["b.md"])
    index.replace(SOURCE, ["a.md"], chunks("a.md", "office \ufb01les", document_hash="h2"))
    index.commit()
    assert found("files") == ["a.md", "b.md"]
    assert index.rename(SOURCE, "file:///else") == 2
    assert found("files") == ["a.md", "b.md"]


PASSAGES = {
    "en": "Employees are entitled to 27 days of annual leave.",
    "de": "Die Kündigungsfristen der Arbeitnehmer betragen drei Monate.",
    "es": "Las vacaciones anuales son de veintisiete días para los empleados.",
    "zh": "员工每年享有二十七天的带薪年假。",
    "ja": "従業員には年に二十七日の有給休暇があります。",
    "th": "พนักงานมีสิทธิลาพักร้อนได้ปีละยี่สิบเจ็ดวัน",
    "ar": "يحق للموظفين الحصول على إجازة سنوية مدتها سبعة وعشرون يومًا.",
    "hi": "कर्मचारियों को साल में सत्ताईस दिन की छुट्टियाँ मिलती हैं।",
}
QUESTIONS = {
    "en": "entitlements of an employee",
    "de": "Welche Kündigungsfrist gilt?",
    "es": "¿Cuántos días tiene el empleado?",
    "zh": "我有多少天年假?",
    "ja": "有給休暇は何日ですか。",
    "th": "ลาพักร้อนได้กี่วัน",
    "ar": "كم مدة الاجازة السنوية للموظف؟",
    "hi": "छुट्टी कितने दिन की है?",
}


@pytest.mark.parametrize("language", PASSAGES)
def test_a_collection_of_many_languages_is_searched_in_each(
    index: LanceDBIndex, chunks: MakeChunks, language: str
) -> None:
    for name, text in PASSAGES.items():
        index.replace(SOURCE, [name], chunks(name, text))
    index.commit()
    best = index.keyword_retriever(top_k=1).run(query=QUESTIONS[language])["documents"]
    assert [document.meta["document"] for document in best] == [language]


@pytest.mark.parametrize("word", ["Kündigungsfrist", "KUNDIGUNGSFRISTEN", "kündigungsfrist"])
def test_a_query_of_one_word_finds_its_other_forms(index: LanceDBIndex, chunks: MakeChunks, word: str) -> None:
    index.replace(SOURCE, ["de"], chunks("de", PASSAGES["de"]))
    assert index.keyword_retriever(top_k=1).run(query=word)["documents"]


@pytest.mark.parametrize("query", ["", "😀", "?!", "the"])
def test_a_query_without_words_finds_nothing(index: LanceDBIndex, chunks: MakeChunks, query: str) -> None:
    index.replace(SOURCE, ["en"], chunks("en", PASSAGES["en"]))
    assert index.keyword_retriever(top_k=1).run(query=query)["documents"] == []
