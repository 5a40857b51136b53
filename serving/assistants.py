"""The assistants of one endpoint, and which of them a request means."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from fastapi import HTTPException, Request

from serving.answer_format import AnswerFormat, require_format
from serving.choice import chosen_name, listed, visible_names
from serving.counted import CountedAnswers
from serving.feedback import FeedbackWorker, RecentTraces, no_trace
from serving.openai import OpenAIError
from serving.shapes import FeedbackRequest
from serving.slots import AnswerSlots
from serving.worker_calls import RETRY_AFTER, WorkerCalls

NO_MODEL = "model_not_found"


@dataclass(frozen=True)
class ServedAssistant:
    """One assistant, with slots and workers of its own."""

    name: str
    slots: AnswerSlots
    answers: CountedAnswers
    feedback: FeedbackWorker
    calls: WorkerCalls

    async def example_questions(self) -> list[str]:
        """What the version in production offers; empty if no worker says.

        :raises HTTPException: 503 if no worker is ready.
        """
        questions: list[str] = (await self.calls.ask({"examples": True}, "The request")).get("questions", [])
        return questions

    async def looked_up(self, request: dict[str, Any]) -> Any:
        """What a worker finds in the documents: `{"search", "where"}` or `{"documents"}`.

        :raises HTTPException: 400 if the request cannot be read, 503 if no worker can tell.
        """
        told = await self.calls.ask(request, "The request")
        if "refused" in told:
            raise HTTPException(400, told["refused"])
        if "found" not in told:
            raise HTTPException(503, f"Nothing was looked up: {told.get('problem', 'no worker took it')}", RETRY_AFTER)
        return told["found"]

    async def require_format(self, asked: AnswerFormat, param: str) -> None:
        """Require that the version in production answers in this form.

        :param param: The field of the request that asks for it.
        :raises OpenAIError: 400 if it does not.
        :raises HTTPException: 503 if no worker is ready.
        """
        if not asked.is_text:
            told = await self.calls.ask({"output_schema": True}, "The request")
            require_format(asked, told.get("output_schema"), param)


class Assistants:
    """All of them, in the order in which they were named; a key sees those that it is bound to."""

    def __init__(self, served: Iterable[ServedAssistant], traces: RecentTraces) -> None:
        self._served = {one.name: one for one in served}
        self._traces = traces

    def __iter__(self) -> Iterator[ServedAssistant]:
        return iter(self._served.values())

    def visible(self, request: Request) -> list[ServedAssistant]:
        """Those that the request's key may ask."""
        return [self._served[name] for name in visible_names(request, self._served)]

    def hidden(self, request: Request, name: str) -> bool:
        """Whether there is none of this name, or one that a caller who is known may not ask."""
        known = hasattr(request.state, "key")
        return name not in self._served or (known and name not in visible_names(request, self._served))

    def chosen(self, request: Request, *names: str | None) -> ServedAssistant:
        """As :func:`~serving.choice.chosen_name`."""
        return self._served[chosen_name(request, self._served, *names)]

    def of_model(self, request: Request, model: str) -> ServedAssistant:
        """The one that OpenAI's field `model` names, as `name` or as `name/version` while that version answers.

        :raises OpenAIError: 404 if there is none.
        """
        name, slash, version = model.partition("/")
        visible = visible_names(request, self._served)
        if name not in visible:
            raise OpenAIError(404, f"The model {model!r} does not exist; there is {listed(visible)}.", code=NO_MODEL)
        answering = {str(number) for number in self._served[name].slots.versions()}
        if slash and (answering or not version.isdecimal()) and answering != {version}:
            there = listed(f"{name}/{number}" for number in sorted(answering))
            message = f"The model {model!r} is not served; {name!r} answers with {there}."
            raise OpenAIError(404, message, code=NO_MODEL)
        return self._served[name]

    def of_feedback(self, request: Request, feedback: FeedbackRequest) -> ServedAssistant:
        """The one whose workers write the feedback: that which gave the answer, else any that can.

        :raises HTTPException: 404 if the request names none that there is, or another's trace.
        """
        if self._traces.another_asked(feedback.trace_id, request.state.caller):
            raise no_trace(feedback.trace_id)
        if feedback.assistant is not None:
            return self.chosen(request, feedback.assistant)
        visible = self.visible(request)
        gave = self._traces.assistant_of(feedback.trace_id)
        if gave is not None:
            visible = [one for one in visible if one.name == gave]
        if not visible:
            raise no_trace(feedback.trace_id)
        return next((one for one in visible if one.slots.ready_workers()), visible[0])
