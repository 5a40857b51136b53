"""The search pipeline: what it is made of, and that it runs when it is given back."""

from pathlib import Path
from typing import Any

import pytest
from haystack import Document, Pipeline
from haystack.components.retrievers import InMemoryBM25Retriever
from haystack.document_stores.in_memory import InMemoryDocumentStore

from blocks.local import LocalPlatform
from tasks_lib.assistant.contract.answer import Source
from tasks_lib.assistant.retrieval.pipeline import inputs_of, search_pipeline
from tasks_lib.assistant.retrieval.search import search
from tasks_lib.config.load import load_settings
from tasks_lib.config.rag import RagConfig
from tasks_lib.config.requirements import requirements_of
from tasks_lib.config.settings import Settings
from tasks_lib.errors import ConfigurationError
from tests.stubs.fresh import run_given_back

ALLOWED = ["tasks_lib.*", "blocks.*"]
QUESTION = "How many days of annual leave do full-time employees receive?"
LOST = {"type": "haystack.components.rankers.LostInTheMiddleRanker", "init_parameters": {"top_k": 6}}
NEWEST = {
    "type": "haystack.components.rankers.MetaFieldRanker",
    "init_parameters": {"meta_field": "start", "weight": 0.1, "missing_meta": "bottom"},
}


def rag_of(**retriever: Any) -> RagConfig:
    return RagConfig.model_validate({"retriever": retriever})


def results(platform: LocalPlatform, rag: RagConfig, question: str = QUESTION) -> list[Source]:
    return search(platform, rag, [question])[0]


def described(pipeline: Pipeline) -> dict[str, Any]:
    """A pipeline's description; Haystack runs components by name, whatever the order of connections."""
    data = pipeline.to_dict()
    return {**data, "connections": sorted(data["connections"], key=str)}


@pytest.mark.parametrize(
    "retriever",
    [{"components": [LOST]}, {"mode": "vector", "score_threshold": 0.2}, {"mode": "keyword", "merge_neighbours": True}],
    ids=["hybrid", "vector", "keyword"],
)
def test_in_a_fresh_process_its_yaml_finds_the_same(
    handbook: LocalPlatform, tmp_path: Path, retriever: dict[str, Any]
) -> None:
    rag = rag_of(**retriever, filters={"field": "meta.document", "operator": "!=", "value": "leave/sick-leave.md"})
    expected = [source.model_dump(mode="json") for source in results(handbook, rag)]
    assert expected
    assert run_given_back(search_pipeline(handbook, rag), tmp_path, QUESTION) == expected


def test_a_pinned_version_of_the_index_is_in_the_yaml(handbook: LocalPlatform) -> None:
    rag = RagConfig.model_validate({"index": {"follow": "pinned"}})
    version = handbook.index(rag).version()
    keyword = search_pipeline(handbook, rag, index_version=version).to_dict()["components"]["keyword"]
    assert str(keyword["init_parameters"]["document_store"]["init_parameters"]["version"]) == version


def test_it_comes_back_from_its_yaml_as_it_was(handbook: LocalPlatform) -> None:
    pipeline = search_pipeline(handbook, rag_of(fusion="rrf", components=[LOST]))
    assert described(Pipeline.loads(pipeline.dumps(), allowed_modules=ALLOWED)) == described(pipeline)


def test_it_is_built_where_nothing_was_ingested(empty_home: LocalPlatform) -> None:
    pipeline = search_pipeline(empty_home, RagConfig())
    assert "LanceDBKeywordRetriever" in pipeline.dumps()
    assert not empty_home.home.indexes.exists()


def test_every_input_that_it_needs_takes_the_question(handbook: LocalPlatform) -> None:
    pipeline = search_pipeline(handbook, rag_of(components=[NEWEST]))
    wanted = {"embedder": "text", "keyword": "query", "passages": "query"}
    assert inputs_of(pipeline, "leave") == {name: {socket: "leave"} for name, socket in wanted.items()}


def test_a_ranker_of_haystack_changes_the_order(handbook: LocalPlatform) -> None:
    plain = results(handbook, RagConfig())
    ranked = results(handbook, rag_of(components=[LOST]))
    assert [ranked[0], ranked[-1]] == plain[:2]
    assert len(ranked) == 6


@pytest.mark.parametrize("kind", ["InMemoryBM25Retriever", "InMemoryEmbeddingRetriever"])
def test_what_a_retriever_of_haystack_finds_is_joined(handbook: LocalPlatform, kind: str, tmp_path: Path) -> None:
    store = InMemoryDocumentStore(index=f"{kind}-{tmp_path.name}", shared=True)
    meta = {"source": "notices", "document": "notice.md", "start": 0, "end": 30}
    notice = Document(content="Annual leave is 30 days as of today", meta=meta, embedding=[0.05] * 384)
    store.write_documents([notice])
    parameters = InMemoryBM25Retriever(store, top_k=1).to_dict()["init_parameters"]
    part = {
        "type": f"haystack.components.retrievers.{kind}",
        "init_parameters": {"document_store": parameters["document_store"], "top_k": 1},
    }
    assert "notice.md" in {source.document for source in results(handbook, rag_of(components=[part], top_k=20))}
    pipeline = search_pipeline(handbook, rag_of(components=[part]))
    assert described(Pipeline.loads(pipeline.dumps(), allowed_modules=ALLOWED)) == described(pipeline)


@pytest.mark.parametrize(
    ("part", "said"),
    [
        ({"type": "haystack.components.rankers.MostInTheMiddleRanker"}, "cannot be made"),
        ({"type": LOST["type"], "init_parameters": {"colour": "red"}}, "unexpected keyword argument 'colour'"),
        ({"type": "haystack.components.converters.csv.CSVToDocument"}, "must take `query`"),
        ({"type": "haystack.components.retrievers.SentenceWindowRetriever"}, "retriever.components"),
    ],
)
def test_what_is_no_ranker_and_no_retriever_is_named(handbook: LocalPlatform, part: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigurationError, match=said) as refused:
        search_pipeline(handbook, rag_of(components=[part]))
    assert "retriever.components names" in refused.value.message
    assert refused.value.hint


ACME = """
from haystack import Document, component

@component
class Shortest:
    @component.output_types(documents=list[Document])
    def run(self, documents: list[Document]):
        return {"documents": sorted(documents, key=lambda document: len(document.content))}
"""


@pytest.fixture
def acme(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    (tmp_path / "acme_rankers.py").write_text(ACME)
    monkeypatch.syspath_prepend(str(tmp_path))
    return {"type": "acme_rankers.Shortest"}


@pytest.mark.parametrize(
    "named", [{"type": "acme_rankers.Shortest"}, {**LOST, "init_parameters": {"x": {"type": "os.path.Any"}}}]
)
def test_a_module_that_is_not_allowed_is_refused_where_the_configuration_is_loaded(named: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match="is not allowed") as refused:
        load_settings(overrides=[f"retriever.components=[{named}]"])
    assert "pipelines.allowed_modules" in refused.value.message


@pytest.mark.parametrize("pattern", ["acme_rankers", "acme_rankers.*", "acme_*"])
def test_a_module_is_allowed_by_name(handbook: LocalPlatform, acme: dict[str, str], pattern: str) -> None:
    given = {"retriever": {"components": [acme]}, "pipelines": {"allowed_modules": [pattern]}}
    sources = results(handbook, Settings.model_validate(given).rag)
    assert [len(source.content) for source in sources] == sorted(len(source.content) for source in sources)


def test_a_version_runs_what_it_was_registered_with(handbook: LocalPlatform, acme: dict[str, str]) -> None:
    """A version holds a `RagConfig`, and nothing about what was allowed where it was made."""
    assert results(handbook, RagConfig.model_validate({"retriever": {"components": [acme]}}))


def test_the_package_of_a_component_is_pinned_with_the_version() -> None:
    brought = "haystack_integrations.document_stores.weaviate.WeaviateDocumentStore"
    part = {**LOST, "init_parameters": {"document_store": {"type": brought, "init_parameters": {}}}}
    packages = {requirement.partition("==")[0] for requirement in requirements_of(rag_of(components=[part]))}
    assert packages == {"haystack-ai", "weaviate-haystack"}
    assert requirements_of(RagConfig()) == []


def test_an_absent_component_leaves_the_configuration_as_it_was() -> None:
    assert RagConfig().model_dump(mode="json")["retriever"]["components"] == []
    plug_in = [{"name": "title_first", "options": {"shortest": 5}}]
    assert rag_of(components=plug_in).model_dump(mode="json")["retriever"]["components"] == plug_in
