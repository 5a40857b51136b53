"""``Assistant``: a conversation in, an answer out, with the guardrails around the pipeline."""

import asyncio
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from haystack import Pipeline
from haystack.core.errors import PipelineRuntimeError
from haystack.tracing.tracer import Span, tracer

from tasks_lib.assistant.answering.conversation import check_messages
from tasks_lib.assistant.answering.passage_guard import PASSAGES_KEY, QUESTION_KEY
from tasks_lib.assistant.answering.streaming import AnswerStream, Emit, ReplyText, passages_of
from tasks_lib.assistant.contract.access import asked_by, member_of
from tasks_lib.assistant.contract.answer import Answer, GuardrailDecision, Message
from tasks_lib.assistant.contract.states import one_state
from tasks_lib.assistant.guardrails.guardrails import Guardrails
from tasks_lib.assistant.guardrails.results import GuardResult
from tasks_lib.assistant.phrases import said_to
from tasks_lib.assistant.retrieval.narrowing import FiltersOf, narrowed
from tasks_lib.errors import LlmopsError
from tasks_lib.text.languages import language_of

ANSWER_SPAN = "assistant.answer"
INDEX_VERSION_TAG = "llmops.index_version"
"""Of traces: the state of the documents that an answer was made from."""
GUARD_SPAN = "assistant.guardrails"


class Assistant:
    """Answers from many threads at once.

    :param pipeline: As `assistant_pipeline` builds it, or loaded again: the guardrails of its component `guard` check
        questions and answers too.
    :param filters: Makes Haystack's filters of conditions such as `document=guides/*`.
    :param index_version: Committed state that the pipeline reads, where it is pinned to one.
    """

    def __init__(
        self, pipeline: Pipeline, filters: FiltersOf | None = None, *, index_version: str | None = None
    ) -> None:
        self.pipeline = pipeline
        self._index_version = index_version
        self._filters = filters
        guard: Any = pipeline.get_component("guard")
        self._guardrails: Guardrails = guard.guardrails

    def warm_up(self) -> None:
        """Load what the first question would otherwise wait for."""
        self.pipeline.warm_up()

    def answer(self, messages: Sequence[Message], where: Sequence[str] = (), groups: Collection[str] = ()) -> Answer:
        """Answer the last message, which is the user's.

        The input guardrails come before retrieval: what they refuse is searched for nowhere, and what they mask is
        masked for every later step. The output guardrails see what was answered; a refusal is not checked again.

        :param where: Conditions that each passage meets, beside those of the configuration.
        :param groups: Those of whoever asks: no document shows in the answer that is not public or theirs.
        :raises InputError: If `messages` is empty, does not end with the user's question, or that is too long; or a
            condition cannot be read.
        """
        check_messages(messages)
        with _asked(groups), one_state() as seen, tracer.trace(ANSWER_SPAN) as span, _named_errors():
            conditions = self._narrowed(where)
            incoming = self._check_input(list(messages))
            if incoming.action == "refuse":
                answer = _stopped(incoming, messages[-1].content)
            else:
                span.set_content_tag("input", [message.model_dump() for message in incoming.messages])
                inputs = _inputs(incoming.messages) | conditions
                outputs = self.pipeline.run(inputs, include_outputs_from=OUTPUTS)
                answer = self._check_output(_answer_of(outputs, incoming.decisions), _question_of(outputs))
            answer = _with_language(answer, messages)
            self._tell_state(span, seen)
            span.set_content_tag("output", answer)
        return answer

    def stream(
        self,
        messages: Sequence[Message],
        where: Sequence[str] = (),
        groups: Collection[str] = (),
        *,
        beat_seconds: float | None = None,
    ) -> AnswerStream:
        """The answer as it is written; `answer` of the stream is the whole. See :class:`AnswerStream`."""
        return AnswerStream(self, messages, where, groups, beat_seconds=beat_seconds)

    async def answer_streaming(
        self, messages: Sequence[Message], emit: Emit, where: Sequence[str] = (), groups: Collection[str] = ()
    ) -> Answer:
        """As :meth:`answer`, in an event loop; hands pieces of the text to `emit` as the guardrails let them through.

        A refusal is one piece. Where it comes after text was handed on, it follows on a line of its own.
        """
        check_messages(messages)
        with _asked(groups), one_state() as seen, tracer.trace(ANSWER_SPAN) as span, _named_errors():
            conditions = await asyncio.to_thread(self._narrowed, where)
            incoming = await self._guardrails.check_input_async(list(messages))
            if incoming.action == "refuse":
                answer = _stopped(incoming, messages[-1].content)
                await emit(answer.response)
            else:
                span.set_content_tag("input", [message.model_dump() for message in incoming.messages])
                answer = await self._streamed(incoming, emit, conditions)
            answer = _with_language(answer, messages)
            self._tell_state(span, seen)
            span.set_content_tag("output", answer)
        return answer

    async def _streamed(self, incoming: GuardResult, emit: Emit, conditions: dict[str, Any]) -> Answer:
        streaming = ["guard", "generator"] if "generator" in self.pipeline.graph.nodes else ["guard"]
        handle = self.pipeline.stream(
            _inputs(incoming.messages) | conditions, streaming_components=streaming, include_outputs_from=OUTPUTS
        )
        chunks = aiter(handle)
        opening = await passages_of(chunks)
        reply = ReplyText(chunks)
        sources, question = (opening.meta[PASSAGES_KEY], opening.meta[QUESTION_KEY]) if opening else ([], "")
        guarded = self._guardrails.guard_stream_async(aiter(reply), sources, question)
        shown = False
        async for piece in guarded:
            if not reply.refused:
                shown = True
                await emit(piece)
        async for _ in chunks:  # a refusal ends the guarded stream early; the run goes on to its end
            continue
        answer = _answer_of(handle.result, incoming.decisions)
        if shown and not answer.refused:
            return _guarded(answer, guarded.result, question)
        return await self._at_once(answer, _question_of(handle.result), emit, after_text=shown)

    async def _at_once(self, answer: Answer, question: str, emit: Emit, *, after_text: bool) -> Answer:
        """An answer that was not streamed: extracted, or refused."""
        if not answer.refused:
            checked = await self._guardrails.check_output_async(
                answer.response, answer.source_documents, question, window=_from_documents(answer)
            )
            answer = _guarded(answer, checked, question)
        await emit(f"\n{answer.response}" if after_text else answer.response)
        return answer

    def _tell_state(self, span: Span, seen: Mapping[str, str]) -> None:
        """Tag the trace with the state that was read, where it is a certain one."""
        state = next(iter(seen.values()), "") or self._index_version
        if state:
            span.set_tag(INDEX_VERSION_TAG, state)

    def _narrowed(self, where: Sequence[str]) -> dict[str, Any]:
        return narrowed(self.pipeline, where, self._filters)

    def _check_input(self, messages: list[Message]) -> GuardResult:
        with tracer.trace(GUARD_SPAN, tags={"direction": "input"}) as span:
            result = self._guardrails.check_input(messages)
            span.set_content_tag("output", result.decisions)
        return result

    def _check_output(self, answer: Answer, question: str) -> Answer:
        if answer.refused:
            return answer
        with tracer.trace(GUARD_SPAN, tags={"direction": "output"}) as span:
            result = self._guardrails.check_output(
                answer.response, answer.source_documents, question, window=_from_documents(answer)
            )
            span.set_content_tag("output", result.decisions)
        return _guarded(answer, result, question)


def _asked(groups: Collection[str]) -> AbstractContextManager[None]:
    return asked_by(member_of(groups))


@contextmanager
def _named_errors() -> Iterator[None]:
    """Raise the named error of a component itself, not Haystack's description of the component that raised it."""
    try:
        yield
    except PipelineRuntimeError as error:
        if isinstance(error.__cause__, LlmopsError):
            raise error.__cause__ from None
        raise


OUTPUTS = {"question", "guard"}


def _inputs(messages: list[Message]) -> dict[str, Any]:
    return {"question": {"messages": messages}}


def _question_of(outputs: dict[str, Any]) -> str:
    question: str = outputs["question"]["question"]
    return question


def _answer_of(outputs: dict[str, Any], decisions: list[GuardrailDecision]) -> Answer:
    answer: Answer = outputs["answer"]["answer"]
    return answer.model_copy(update={"guardrails": [*decisions, *outputs["guard"]["decisions"]]})


def _from_documents(answer: Answer) -> tuple[int, int]:
    """Characters of the response that documents must support."""
    return len(answer.lead), len(answer.response)


def _guarded(answer: Answer, result: GuardResult, question: str) -> Answer:
    decisions = [*answer.guardrails, *result.decisions]
    if result.action == "refuse":
        return _stopped(result, question).model_copy(
            update={"guardrails": decisions, "evidence": answer.evidence, "usage": answer.usage, "model": answer.model}
        )
    return answer.model_copy(update={"response": result.text, "guardrails": decisions})


def _with_language(answer: Answer, messages: Sequence[Message]) -> Answer:
    return answer.model_copy(update={"language": language_of(messages[-1].content)})


def _stopped(result: GuardResult, question: str) -> Answer:
    message = said_to(question, result.message)
    return Answer(response=message, refused=True, refusal_reason="guardrail", guardrails=result.decisions)
