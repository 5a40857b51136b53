"""Conditions of the command line and of requests."""

import pytest
from haystack import Document, component

from blocks.local import LocalPlatform
from tasks_lib.assistant.answering.assistant import Assistant
from tasks_lib.assistant.contract.answer import Message
from tasks_lib.assistant.pipeline import assistant_pipeline, build_assistant
from tasks_lib.assistant.retrieval.search import search
from tasks_lib.assistant.retrieval.where import field_of, where_filters
from tasks_lib.config.rag import RagConfig
from tasks_lib.config.settings import Settings
from tasks_lib.errors import InputError


def found(platform: LocalPlatform, *conditions: str) -> set[str]:
    rag = RagConfig()
    filters = where_filters(conditions, platform.index(rag))
    narrowed = rag.model_copy(update={"retriever": rag.retriever.model_copy(update={"filters": filters})})
    (sources,) = search(platform, narrowed, ["When do I work, and what is paid?"])
    return {source.document for source in sources}


def test_a_pattern_keeps_to_a_folder(handbook: LocalPlatform) -> None:
    assert any(not name.startswith("leave/") for name in found(handbook, "format=md"))
    assert all(name.startswith("leave/") for name in found(handbook, "document=leave/*"))
    assert not any(name.startswith("leave/") for name in found(handbook, "document!=leave/*", "format=md"))


@pytest.mark.parametrize("condition", ["leave", "=x", "format=m*", "document>leave/*", "document=nowhere/*", ""])
def test_what_is_no_condition_is_refused_with_its_text(handbook: LocalPlatform, condition: str) -> None:
    with pytest.raises(InputError, match="condition|wildcard|matches none"):
        where_filters([condition], handbook.index(RagConfig()))


LEAVE = [Message(role="user", content="How many days of leave do employees receive?")]


def test_a_question_brings_conditions_of_its_own(handbook: LocalPlatform) -> None:
    assistant = build_assistant(RagConfig(), handbook)
    everywhere = {source.document for source in assistant.answer(LEAVE).source_documents}
    assert len(everywhere) > 1
    for where in (["document=leave/annual-leave.md"], ["document=leave/*", "format=md"], ["document!=leave/*"]):
        wanted = found(handbook, *where)
        answer = assistant.answer(LEAVE, where)
        assert {source.document for source in answer.source_documents} <= wanted
        stream = assistant.stream(LEAVE, where)
        assert "".join(stream) == answer.response
    assert {source.document for source in assistant.answer(LEAVE).source_documents} == everywhere


def test_conditions_of_a_question_do_not_widen_those_of_the_configuration(handbook: LocalPlatform) -> None:
    rag = Settings.model_validate(
        {"retriever": {"filters": {"field": "meta.document", "operator": "!=", "value": "leave/annual-leave.md"}}}
    ).rag
    answer = build_assistant(rag, handbook).answer(LEAVE, ["document=leave/*"])
    assert "leave/annual-leave.md" not in {source.document for source in answer.source_documents}
    with pytest.raises(InputError, match="matches none$"):
        build_assistant(rag, handbook).answer(LEAVE, ["document=nowhere/*"])


def test_what_cannot_be_narrowed_is_refused_and_not_answered_from_everywhere(handbook: LocalPlatform) -> None:
    with pytest.raises(InputError, match="takes no conditions"):
        Assistant(assistant_pipeline(handbook, RagConfig())).answer(LEAVE, ["format=md"])
    rag = Settings.model_validate(
        {
            "retriever": {
                "components": [
                    {
                        "type": "tests.tasks_lib.assistant.retrieval.test_where.Everywhere",
                        "init_parameters": {},
                    }
                ]
            },
            "pipelines": {"allowed_modules": ["tests.tasks_lib.*"]},
        }
    ).rag
    with pytest.raises(InputError, match="ranking_1 finds passages without filters"):
        build_assistant(rag, handbook).answer(LEAVE, ["format=md"])


def test_too_many_and_too_long_conditions_are_refused(handbook: LocalPlatform) -> None:
    for where in (["format=md"] * 21, ["format=" + "x" * 600]):
        with pytest.raises(InputError, match="21 conditions|is no condition"):
            build_assistant(RagConfig(), handbook).answer(LEAVE, where)


def test_a_condition_tells_its_field() -> None:
    assert [field_of(text) for text in ("document=a", " page >= 3", "meta.x!=y")] == ["document", "page", "meta.x"]


@component
class Everywhere:
    """A retriever that takes no filters."""

    @component.output_types(documents=list[Document])
    def run(self, query: str) -> dict[str, list[Document]]:
        """Find one."""
        meta = {"source": "s", "document": "d", "start": 0, "end": 1}
        return {"documents": [Document(content=query, meta=meta)]}
