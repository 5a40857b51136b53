"""The assistant without a language model."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from haystack import Pipeline

from blocks.local import LocalPlatform
from flows.ingest import synchronise
from tasks_lib.assistant.answering import passage_guard
from tasks_lib.assistant.answering.assistant import Assistant
from tasks_lib.assistant.contract.answer import Answer, Message
from tasks_lib.assistant.pipeline import assistant_pipeline, build_assistant
from tasks_lib.config.ingest import IngestConfig
from tasks_lib.config.rag import RagConfig
from tasks_lib.config.settings import Settings
from tasks_lib.errors import InputError
from tasks_lib.ingestion.sources.open import open_source
from tests.stubs.fresh import run_given_back


@pytest.fixture(scope="module")
def assistant(handbook: LocalPlatform) -> Assistant:
    return build_assistant(RagConfig(), handbook)


def ask(assistant: Assistant, *turns: str) -> Answer:
    return assistant.answer([Message(role=("user", "assistant")[i % 2], content=t) for i, t in enumerate(turns)])


def test_an_answer_cites_the_passage_that_holds_it(assistant: Assistant) -> None:
    answer = ask(assistant, "How many days of annual leave do full-time employees receive?")
    assert not answer.refused
    assert "27 days" in answer.response
    first = answer.source_documents[0]
    assert first.document == "leave/annual-leave.md"
    assert first.heading == "How much leave"
    assert "27 days" in first.content
    assert first.end - first.start == len(first.content)
    assert answer.model == "local/extractive"


def test_the_span_of_a_source_is_that_of_the_converted_text(assistant: Assistant, handbook: LocalPlatform) -> None:
    from tasks_lib.ingestion.converters.convert import convert

    source = ask(assistant, "From which day of an illness is a medical certificate needed?").source_documents[0]
    text = convert(source.document, open_source(handbook.documents(None)).read(source.document)).text
    assert text[source.start : source.end] == source.content


@pytest.mark.parametrize("question", ["What is the capital of Mongolia?", "How do I make spaghetti carbonara?"])
def test_weak_evidence_is_refused_as_a_field(assistant: Assistant, question: str) -> None:
    answer = ask(assistant, question)
    assert answer.refused
    assert answer.refusal_reason == "evidence"
    assert answer.response == RagConfig().refusal.text
    assert answer.evidence is not None


def test_a_follow_up_is_answered_from_the_conversation(assistant: Assistant) -> None:
    first = "How many days of annual leave do full-time employees receive?"
    answer = ask(assistant, first, "27 days per calendar year.", "And for part-timers?")
    assert not answer.refused
    assert "in proportion" in answer.response


def test_a_guardrail_stops_the_question_before_anything_is_searched(assistant: Assistant) -> None:
    answer = ask(assistant, "My card is 4111 1111 1111 1111. How many days of leave do I get?")
    assert answer.refused
    assert answer.refusal_reason == "guardrail"
    assert answer.response == RagConfig().guardrails.message
    assert answer.source_documents == []
    assert "4111" not in answer.model_dump_json()
    assert [d.validator for d in answer.guardrails if d.action == "refuse"] == ["personal_data"]


def test_every_answer_names_what_the_guardrails_decided(assistant: Assistant) -> None:
    answer = ask(assistant, "How many days of annual leave do full-time employees receive?")
    assert {d.direction for d in answer.guardrails} == {"input", "output"}
    assert {d.action for d in answer.guardrails} == {"allow"}


@pytest.mark.parametrize(
    "messages", [[], [Message(role="assistant", content="Hi")], [Message(role="user", content="")]]
)
def test_a_conversation_without_a_question_is_an_input_error(assistant: Assistant, messages: list[Message]) -> None:
    with pytest.raises(InputError):
        assistant.answer(messages)


def test_two_hundred_turns_are_answered_or_refused(assistant: Assistant) -> None:
    turns = ["How many days of leave do I get?", "27 days."] * 100
    answer = ask(assistant, *turns, "And for part-timers?")
    assert answer.response


def test_a_stream_and_threads_give_the_same_answer(assistant: Assistant) -> None:
    messages = [Message(role="user", content="How many days of annual leave do full-time employees receive?")]
    expected = assistant.answer(messages)
    stream = assistant.stream(messages)
    assert "".join(stream) == expected.response
    assert stream.answer == expected
    with ThreadPoolExecutor(4) as pool:
        assert all(answer == expected for answer in pool.map(assistant.answer, [messages] * 4))


def test_an_index_that_was_never_filled_is_an_input_error(empty_home: LocalPlatform) -> None:
    with pytest.raises(InputError, match="there is no index"):
        build_assistant(RagConfig(), empty_home)


def test_an_index_that_was_emptied_gives_a_refusal(empty_home: LocalPlatform, tmp_path: Path, unguarded: Any) -> None:
    settings = Settings(ingest=IngestConfig(source=str(tmp_path / "docs")))
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "leave.md").write_text("# Leave\n\nInterns get ten days of leave.\n", encoding="utf-8")
    source, index = synchronise(empty_home, settings).source, empty_home.index(settings.rag)
    with index.writing(10):
        index.replace(source, ["leave.md"], [])
        index.commit()
    assert (index.exists(), index.count()) == (True, 0)

    answer = ask(
        build_assistant(RagConfig.model_validate({"guardrails": unguarded, "index": {"follow": "latest"}}), empty_home),
        "How much leave do interns get?",
    )
    assert (answer.refused, answer.refusal_reason, answer.source_documents) == (True, "evidence", [])


@pytest.mark.parametrize("mode", ["vector", "keyword"])
def test_one_retriever_alone_answers_too(handbook: LocalPlatform, unguarded: dict[str, Any], mode: str) -> None:
    retriever = {"mode": mode, "merge_neighbours": True}
    rag = RagConfig.model_validate({"retriever": retriever, "guardrails": unguarded})
    answer = ask(build_assistant(rag, handbook), "How many days of annual leave do full-time employees receive?")
    assert "27 days" in answer.response


def test_a_threshold_of_ones_own_decides_about_refusals(handbook: LocalPlatform, unguarded: dict[str, Any]) -> None:
    rag = RagConfig.model_validate({"refusal": {"threshold": 5, "text": "No."}, "guardrails": unguarded})
    answer = ask(build_assistant(rag, handbook), "How many days of annual leave do full-time employees receive?")
    assert (answer.refused, answer.response) == (True, "No.")


def test_in_a_fresh_process_its_yaml_answers_the_same(handbook: LocalPlatform, tmp_path: Path) -> None:
    question = "How many days of annual leave do full-time employees receive?"
    pipeline = assistant_pipeline(handbook, RagConfig())
    answer = ask(Assistant(pipeline), question)
    assert "27 days" in answer.response
    assert run_given_back(pipeline, tmp_path, question) == answer.payload()


def test_guardrails_of_the_yaml_stop_the_question(handbook: LocalPlatform, unguarded: dict[str, Any]) -> None:
    guardrails = {**unguarded, "secrets": {"on_input": "refuse", "message": "No keys."}}
    text = assistant_pipeline(handbook, RagConfig.model_validate({"guardrails": guardrails})).dumps()
    again = Assistant(Pipeline.loads(text, allowed_modules=["tasks_lib.*"]))
    assert ask(again, "My key is AKIAIOSFODNN7EXAMPLE, is it right?").response == "No keys."


def test_it_is_built_where_nothing_was_ingested_and_loads_no_guardrails(
    empty_home: LocalPlatform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passage_guard, "build_guardrails", lambda *_: pytest.fail("models were loaded"))
    assert "PassageGuard" in assistant_pipeline(empty_home, RagConfig()).dumps()


@pytest.mark.parametrize(
    ("question", "lead"),
    [
        ("How many days of annual leave do employees get?", "Our handbook writes the following lines about that:"),
        ("Wie viele Tage annual leave bekommen die employees im Jahr?", "Die Dokumente sagen dazu Folgendes:"),
    ],
)
def test_no_passage_must_support_what_introduces_an_uncertain_answer(
    handbook: LocalPlatform, question: str, lead: str
) -> None:
    refusal = {"certainty": 9.0, "threshold": 0.0}
    custom = {"uncertain_text": lead} if lead.startswith("Our") else {}
    answer = ask(build_assistant(RagConfig.model_validate({"refusal": {**refusal, **custom}}), handbook), question)
    assert (answer.refused, answer.uncertain) == (False, True)
    assert answer.response.startswith(f"{lead}\n")


def test_a_source_in_another_language_than_the_question_tells_so(empty_home: LocalPlatform, tmp_path: Path) -> None:
    folder = tmp_path / "documents"
    folder.mkdir()
    (folder / "urlaub.md").write_text("# Urlaub\n\nAlle Angestellten erhalten im Jahr 27 Tage Urlaub in Meinisberg.\n")
    (folder / "leave.md").write_text("# Parking\n\nAll employees of Meinisberg may leave their cars in the yard.\n")
    settings = Settings.model_validate({"ingest": {"source": str(folder)}})
    synchronise(empty_home, settings)
    answer = ask(
        build_assistant(RagConfig(), empty_home), "Wie viele Tage Urlaub erhalten die Angestellten in Meinisberg?"
    )
    assert answer.language == "de"
    assert {source.document: source.language for source in answer.source_documents} == {
        "urlaub.md": "de",
        "leave.md": "en",
    }
