"""Answers as they are written."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from haystack.dataclasses import ChatMessage, StreamingChunk

from blocks.local import LocalPlatform
from tasks_lib.assistant.answering import streaming
from tasks_lib.assistant.answering.prompt import NO_ANSWER
from tasks_lib.assistant.answering.streaming import AnswerStream, Emit, ReplyText
from tasks_lib.assistant.contract.answer import Answer, Message
from tasks_lib.assistant.guardrails.grounding import GroundingDetector
from tasks_lib.assistant.pipeline import build_assistant
from tasks_lib.config.guardrails import GuardrailsConfig
from tasks_lib.config.rag import RagConfig
from tasks_lib.errors import InputError

QUESTION = Message(role="user", content="How many days of annual leave do full-time employees receive?")
ALONE = "How much leave do part-timers get?"
LONG = "Full-time employees receive 27 days of annual leave per calendar year. " * 12

WithModel = Callable[[Callable[[list[ChatMessage]], str]], Any]


def streamed(rag: RagConfig, platform: LocalPlatform) -> tuple[list[str], Answer]:
    stream = build_assistant(rag, platform).stream([QUESTION])
    pieces = list(stream)
    assert stream.answer is not None
    return pieces, stream.answer


def test_a_long_reply_comes_in_pieces_that_make_up_the_answer(with_model: WithModel, model_rag: RagConfig) -> None:
    platform = with_model(lambda _: LONG)
    pieces, answer = streamed(model_rag, platform)
    assert len(pieces) > 2
    assert "".join(pieces) == answer.response == LONG
    whole = build_assistant(model_rag, platform).answer([QUESTION])
    assert answer.source_documents == whole.source_documents
    assert (answer.usage, answer.model, answer.refused) == (whole.usage, whole.model, False)


@pytest.mark.parametrize("reply", [NO_ANSWER, f"I am sorry. {NO_ANSWER}", ""])
def test_a_refusal_is_the_configured_text_and_the_sentinel_is_never_shown(
    with_model: WithModel, model_rag: RagConfig, reply: str
) -> None:
    rag = model_rag.model_copy(update={"guardrails": GuardrailsConfig()})
    pieces, answer = streamed(rag, with_model(lambda _: reply))
    assert pieces == [rag.refusal.text]
    assert (answer.refused, answer.refusal_reason) == (True, "model")


def chunks_of(*texts: str) -> AsyncIterator[StreamingChunk]:
    async def chunks() -> AsyncIterator[StreamingChunk]:
        for text in texts:
            yield StreamingChunk(content=text)

    return chunks()


@pytest.mark.parametrize(
    ("chunks", "passed"),
    [
        (["Sorry. ", "NO_", "ANS", "WER"], ["Sorry. "]),
        (["NO_ANSWER"], []),
        (["Is it NO", " or yes", "?"], ["Is it ", "NO or yes", "?"]),
        (["They say N", "O"], ["They say ", "NO"]),
    ],
)
def test_what_may_become_the_sentinel_is_passed_on_only_once_it_is_something_else(
    chunks: list[str], passed: list[str]
) -> None:
    async def read() -> list[str]:
        return [piece async for piece in ReplyText(chunks_of(*chunks))]

    assert asyncio.run(read()) == passed


def test_a_refusal_after_text_was_shown_follows_on_a_line_of_its_own(
    with_model: WithModel, model_rag: RagConfig
) -> None:
    pieces, answer = streamed(model_rag, with_model(lambda _: f"{LONG} {NO_ANSWER} {LONG}"))
    assert NO_ANSWER not in "".join(pieces)
    assert pieces[-1] == f"\n{model_rag.refusal.text}"
    assert answer.refused


def test_what_is_masked_reaches_no_piece(with_model: WithModel, unguarded: dict[str, Any]) -> None:
    rag = RagConfig.model_validate(
        {
            "llm": {"model": "mock/canned"},
            "guardrails": {**unguarded, "personal_data": {"on_output": "mask"}},
        }
    )
    pieces, answer = streamed(rag, with_model(lambda _: f"{LONG} Write to jane.doe@example.com. {LONG}"))
    assert "jane.doe" not in "".join(pieces) + answer.response
    assert [decision.action for decision in answer.guardrails if decision.validator == "personal_data"][-1] == "mask"


def test_what_is_written_is_checked_against_the_question_that_was_searched_for(
    with_model: WithModel, unguarded: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    monkeypatch.setattr(GroundingDetector, "find", lambda _, _text, context: asked.append(context.question) or [])
    platform = with_model(lambda prompt: ALONE if "Conversation:" in (prompt[-1].text or "") else LONG)
    guardrails = {**unguarded, "grounding": {"enabled": True}}
    rag = RagConfig.model_validate({"llm": {"model": "mock/canned"}, "guardrails": guardrails})
    assistant = build_assistant(rag, platform)
    asked.clear()
    turns = [QUESTION, Message(role="assistant", content=LONG), Message(role="user", content="And for part-timers?")]
    list(assistant.stream(turns))
    assert len(asked) > 2
    assistant.answer(turns)
    assert set(asked) == {ALONE}


def test_without_a_model_the_extracted_answer_is_one_piece(handbook: LocalPlatform, unguarded: dict[str, Any]) -> None:
    rag = RagConfig.model_validate({"guardrails": unguarded})
    pieces, answer = streamed(rag, handbook)
    assert pieces == [answer.response]
    assert "27" in answer.response


def test_a_bad_conversation_raises_where_the_stream_is_read(handbook: LocalPlatform, unguarded: dict[str, Any]) -> None:
    assistant = build_assistant(RagConfig.model_validate({"guardrails": unguarded}), handbook)
    with pytest.raises(InputError):
        list(assistant.stream([Message(role="assistant", content="Hello")]))


def test_a_closed_stream_stops_the_model(with_model: WithModel, model_rag: RagConfig) -> None:
    stream = build_assistant(model_rag, with_model(lambda _: LONG * 50)).stream([QUESTION])
    pieces = iter(stream)
    next(pieces)
    pieces.close()  # type: ignore[attr-defined]  # a generator
    assert stream.answer is None


def test_a_stream_beats_while_the_model_says_nothing(with_model: WithModel, model_rag: RagConfig) -> None:
    speak = threading.Event()
    assistant = build_assistant(model_rag, with_model(lambda _: LONG if speak.wait(10) else "too late"))
    pieces = iter(assistant.stream([QUESTION], beat_seconds=0.01))
    assert next(pieces) == ""
    speak.set()
    assert "".join(pieces) == LONG


def test_all_streams_share_one_event_loop_since_connections_belong_to_theirs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streaming, "_LOOP", streaming._Loop())
    loops: list[asyncio.AbstractEventLoop] = []
    begin = threading.Barrier(8)

    class Recording:
        async def answer_streaming(
            self, messages: Sequence[Message], emit: Emit, where: Sequence[str] = (), groups: Collection[str] = ()
        ) -> Answer:
            assert not where
            assert not groups
            loops.append(asyncio.get_running_loop())
            await emit(messages[-1].content)
            return Answer(response="", refused=False)

    def stream(_: int) -> list[str]:
        begin.wait()
        recording: Any = Recording()
        return list(AnswerStream(recording, [QUESTION]))

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(stream, range(8))) == [[QUESTION.content]] * 8
    assert len(loops) == 8
    assert len(set(loops)) == 1
    assert loops[0].is_running()
