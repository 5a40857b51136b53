"""The assistant with a language model."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from haystack.dataclasses import ChatMessage
from mlflow import MlflowClient

from blocks.local import LocalPlatform
from tasks_lib.assistant.answering.prompt import NO_ANSWER, prompt_messages
from tasks_lib.assistant.contract.answer import Message
from tasks_lib.assistant.pipeline import build_assistant
from tasks_lib.config.rag import PromptConfig, RagConfig
from tasks_lib.errors import ConfigurationError
from tasks_lib.home import Home

QUESTION = Message(role="user", content="How many days of annual leave do full-time employees receive?")
HISTORY = [QUESTION, Message(role="assistant", content="27 days."), Message(role="user", content="And for interns?")]

WithModel = Callable[[Callable[[list[ChatMessage]], str]], Any]


def changed(rag: RagConfig, **sections: dict[str, Any]) -> RagConfig:
    return RagConfig.model_validate({**rag.model_dump(mode="json"), **sections})


def test_the_model_answers_from_numbered_passages_and_its_tokens_are_counted(
    with_model: WithModel, model_rag: RagConfig
) -> None:
    platform = with_model(lambda _: "They receive 27 days [1].")
    answer = build_assistant(model_rag, platform).answer([QUESTION])
    assert answer.response == "They receive 27 days [1]."
    assert answer.model == "mock/canned"
    assert (answer.usage.input_tokens, answer.usage.output_tokens) == (100, 7)
    (prompt,) = platform.seen
    assert prompt[0].is_from("system")
    assert NO_ANSWER in (prompt[0].text or "")
    assert "language of the question" in (prompt[1].text or "")
    assert f"[1] Annual leave > {answer.source_documents[0].heading}" in (prompt[1].text or "")
    assert answer.source_documents[0].content in (prompt[1].text or "")


@pytest.mark.parametrize("reply", [NO_ANSWER, f"{NO_ANSWER}.", f"I am sorry. {NO_ANSWER}", ""])
def test_the_sentinel_is_a_refusal_whatever_stands_around_it(
    with_model: WithModel, model_rag: RagConfig, reply: str
) -> None:
    answer = build_assistant(model_rag, with_model(lambda _: reply)).answer([QUESTION])
    assert (answer.refused, answer.refusal_reason, answer.response) == (True, "model", model_rag.refusal.text)


def test_an_apology_without_the_sentinel_is_no_refusal(with_model: WithModel, model_rag: RagConfig) -> None:
    platform = with_model(lambda _: "I cannot answer that fully, but it is 27 days.")
    assert not build_assistant(model_rag, platform).answer([QUESTION]).refused


def test_a_question_without_history_costs_one_call(with_model: WithModel, model_rag: RagConfig) -> None:
    platform = with_model(lambda _: "27 days.")
    build_assistant(model_rag, platform).answer([QUESTION])
    assert len(platform.seen) == 1


def test_a_question_with_history_is_rewritten_and_both_calls_are_counted(
    with_model: WithModel, model_rag: RagConfig
) -> None:
    platform = with_model(
        lambda messages: "How much leave do interns get?" if "Rewrite" in (messages[0].text or "") else "12 days."
    )
    answer = build_assistant(model_rag, platform).answer(HISTORY)
    rewriting, answering = platform.seen
    assert "And for interns?" in (rewriting[1].text or "")
    assert "Question: How much leave do interns get?" in (answering[1].text or "")
    assert answer.response == "12 days."
    assert answer.usage.input_tokens == 200


def test_a_rewrite_that_is_no_question_falls_back_to_the_conversation(
    with_model: WithModel, model_rag: RagConfig
) -> None:
    platform = with_model(lambda messages: "" if "Rewrite" in (messages[0].text or "") else "12 days.")
    build_assistant(model_rag, platform).answer(HISTORY)
    assert "employees receive? And for interns?" in (platform.seen[1][1].text or "")


def test_without_rewriting_the_last_question_stands_as_it_is(with_model: WithModel, model_rag: RagConfig) -> None:
    platform = with_model(lambda _: "12 days.")
    build_assistant(changed(model_rag, rewrite={"enabled": False}), platform).answer(HISTORY)
    (prompt,) = platform.seen
    assert "Question: And for interns?" in (prompt[1].text or "")


def test_without_passages_the_model_is_not_asked(with_model: WithModel, model_rag: RagConfig) -> None:
    platform = with_model(lambda _: "Invented.")
    rag = changed(model_rag, retriever={"score_threshold": 100.0})
    answer = build_assistant(rag, platform).answer([QUESTION])
    assert (answer.refused, answer.refusal_reason, platform.seen) == (True, "evidence", [])


def test_with_a_threshold_weak_evidence_keeps_the_model_from_being_asked(
    with_model: WithModel, model_rag: RagConfig
) -> None:
    platform = with_model(lambda _: "27 days.")
    assistant = build_assistant(changed(model_rag, refusal={"threshold": 0.5}), platform)
    off_topic = assistant.answer([Message(role="user", content="Why is the sky blue?")])
    assert (off_topic.refused, off_topic.refusal_reason, platform.seen) == (True, "evidence", [])
    known = assistant.answer([QUESTION])
    assert not known.refused
    assert known.evidence is not None
    assert known.evidence > 0.5


def test_an_inline_template_is_used(with_model: WithModel, model_rag: RagConfig) -> None:
    platform = with_model(lambda _: "27 days.")
    template = "{% for document in documents %}<{{ document.content }}>{% endfor %} ASK {{ question }}"
    build_assistant(changed(model_rag, prompt={"template": template}), platform).answer([QUESTION])
    assert f"ASK {QUESTION.content}" in (platform.seen[0][1].text or "")


def test_template_syntax_in_a_question_is_text(with_model: WithModel, model_rag: RagConfig) -> None:
    platform = with_model(lambda _: "27 days.")
    hostile = "{{ 7 * 7 }} {% raw %} how many days of leave?"
    build_assistant(model_rag, platform).answer([Message(role="user", content=hostile)])
    assert hostile in (platform.seen[0][1].text or "")


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("{% for document in documents %} {{ question }}", "not a Jinja2 template"),
        ("{{ question }}", "differs in: documents"),
        ("{{ question }} {{ documents }} {{ answer }}", "differs in: answer"),
    ],
)
def test_an_unusable_template_is_a_configuration_error(
    model_rag: RagConfig, with_model: WithModel, template: str, message: str
) -> None:
    rag = changed(model_rag, prompt={"template": template})
    with pytest.raises(ConfigurationError, match=message):
        prompt_messages(rag.prompt, with_model(lambda _: ""))


def test_a_registered_prompt_is_read_by_name_and_version(tracked_home: Callable[[Path], Home], tmp_path: Path) -> None:
    platform = LocalPlatform(tracked_home(tmp_path / "home"))
    client = MlflowClient(platform.tracking_uri(), registry_uri=platform.tracking_uri())
    for number in (1, 2):
        passages = "{% for document in documents %}{{ document.content }}{% endfor %}"
        client.register_prompt("ask", f"Version {number}. {passages} {{{{ question }}}}")
    messages = prompt_messages(PromptConfig(name="ask", version=1), platform)
    assert (messages[1].text or "").startswith("Version 1.")
    with pytest.raises(ConfigurationError, match="version 3 cannot be read") as caught:
        prompt_messages(PromptConfig(name="ask", version=3), platform)
    assert "prompt.version" in caught.value.hint
