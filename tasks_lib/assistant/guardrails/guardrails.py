"""``Guardrails``: what comes in, what goes out, and what was retrieved, checked by guards of validators."""

import asyncio
import logging
import queue
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from itertools import accumulate
from typing import TYPE_CHECKING

from tasks_lib.assistant.contract.answer import Message, Source
from tasks_lib.assistant.contract.embedder import Embedder
from tasks_lib.assistant.guardrails import outcome
from tasks_lib.assistant.guardrails.detection import JOINER, CheckContext, Detection, Detector, conversation_text
from tasks_lib.assistant.guardrails.framework import guardrails_ai
from tasks_lib.assistant.guardrails.passages import Label, passages_let_through
from tasks_lib.assistant.guardrails.results import Direction, GuardReport, GuardResult, PassagesResult
from tasks_lib.assistant.guardrails.stream import GuardedAsyncStream, GuardedStream
from tasks_lib.assistant.guardrails.vectors import Vectors
from tasks_lib.config.rag import GuardrailsConfig, ValidatorConfig

if TYPE_CHECKING:
    from tasks_lib.assistant.guardrails.validators import DetectorValidator, QuietGuard

logger = logging.getLogger(__name__)

BoundDetector = tuple[Detector, ValidatorConfig]


class _Guards:
    """Guards of the same validators, one per thread that is checking: a guard keeps its call while it runs."""

    def __init__(self, name: str, detectors: Sequence[BoundDetector]) -> None:
        guardrails_ai()
        from tasks_lib.assistant.guardrails.validators import validator_of

        self._name = name
        self.bound = list(detectors)
        self._validators: list[DetectorValidator] = [validator_of(d, config) for d, config in detectors]
        self._idle: queue.LifoQueue[QuietGuard] = queue.LifoQueue()

    def detections(self, text: str, context: CheckContext) -> dict[str, list[Detection]]:
        """Validator → what it found. An error of the framework itself counts as a hit."""
        from tasks_lib.assistant.guardrails.validators import FAILED, detections_of, new_guard

        if not self._validators or not text:
            return {v.detector.name: [] for v in self._validators}
        try:
            guard = self._idle.get_nowait()
        except queue.Empty:
            guard = new_guard(self._name, self._validators)
        try:
            found = detections_of(guard, text, context)
        except Exception as error:  # noqa: BLE001 - fail closed; the message may hold the text
            logger.warning("guard %s failed with %s", self._name, type(error).__name__)
            return {v.detector.name: [Detection(FAILED, 0, len(text), 1.0, "refuse")] for v in self._validators}
        else:
            _log_let_through(self._name, found)
            return found
        finally:
            self._idle.put(guard)


def _log_let_through(where: str, found: dict[str, list[Detection]]) -> None:
    """A line for every validator whose findings are only to be logged; their kinds, never the text."""
    for name, detections in found.items():
        if kinds := {d.kind for d in detections if d.action == "allow-and-log"}:
            logger.warning("guardrail %s lets %s through (%s)", name, ", ".join(sorted(kinds)), where)


class Guardrails:
    """Made by `build_guardrails`. Safe under concurrent use; nothing here logs or keeps a text."""

    def __init__(
        self,
        config: GuardrailsConfig,
        embedder: Embedder,
        *,
        on_input: Sequence[BoundDetector],
        on_output: Sequence[BoundDetector],
        on_passages: Sequence[BoundDetector],
    ) -> None:
        self.config = config
        self.embedder = embedder
        self._input = _Guards("input", on_input)
        self._output = _Guards("output", on_output)
        self._passages = _Guards("passages", on_passages)

    @property
    def input_validators(self) -> list[BoundDetector]:
        """The validators of questions, with their configuration."""
        return self._input.bound

    @property
    def checks_output(self) -> bool:
        """Whether any validator looks at answers."""
        return bool(self._output.bound)

    def warm_up(self) -> None:
        """Run every guard once, so that the first question does not pay for what is loaded or compiled late."""
        self.check_input([Message(role="user", content="How do I ask for leave?")])
        self.check_output("You ask your manager.", None)
        self.check_passages([Source(document="", start=0, end=0, score=0.0, content="Leave is asked for in advance.")])

    def _context(self, direction: Direction) -> CheckContext:
        return CheckContext(
            direction=direction,
            deadline=time.monotonic() + self.config.time_limit,
            vectors=Vectors(self.embedder),
        )

    def check_input(self, messages: list[Message]) -> GuardResult:
        """Check a conversation, all turns together; `messages` of the result is what may be answered."""
        context = self._context("input")
        context.messages = messages
        return outcome.conversation_result(
            self._input.detections(conversation_text(messages), context), messages, self.config
        )

    def check_output(
        self,
        text: str,
        sources: list[Source] | None = None,
        question: str = "",
        *,
        window: tuple[int, int] | None = None,
        already: int = 0,
    ) -> GuardResult:
        """Check an answer. Not for the assistant's own refusals, which no passage supports.

        :param sources: Its passages, as the model saw them; `None` where there is nothing to compare with.
        :param window: For streams: the characters that are about to be shown, in whole sentences.
        :param already: For streams: characters of the answer before `text`.
        """
        context = self._context("output")
        context.sources, context.question, context.window, context.already = sources, question, window, already
        return outcome.answer_result(self._output.detections(text, context), text, self.config)

    def check_passages(self, sources: list[Source]) -> PassagesResult:
        """Retrieved passages without instructions and personal data; those to be dropped are left out.

        Titles and headings are looked at too: the model reads them. A passage without title is shown by its path, so
        where there is something in the path it gets a title without it.
        """
        labels = [Label.of(source) for source in sources]
        texts = [text for label, source in zip(labels, sources, strict=True) for text in (*label, source.content)]
        lengths = [len(text) for text in texts]
        context = self._context("input")
        ends = [end + at * len(JOINER) for at, end in enumerate(accumulate(lengths))]
        context.parts = [(end - length, end) for end, length in zip(ends, lengths, strict=True)]
        found = self._passages.detections(JOINER.join(texts), context)
        every = [part for hit in outcome.hits(found) for part in outcome.parts_of(hit, lengths)]
        kept, hits = passages_let_through(sources, labels, every)
        return PassagesResult(sources=kept, hits=hits, decisions=outcome.decisions(found, "input"))

    def inspect(self, text: str, direction: Direction = "input") -> GuardReport:
        """What the guardrails say about one text, for `llmops guard`."""
        if direction == "input":
            return self.check_input([Message(role="user", content=text)]).report()
        return self.check_output(text).report()

    def guard_stream(
        self, tokens: Iterator[str], sources: list[Source] | None = None, question: str = ""
    ) -> GuardedStream:
        """The stream as let through: nothing refused or masked reaches the reader; see `GuardedStream`."""
        return GuardedStream(self, tokens, sources, question)

    def guard_stream_async(
        self, tokens: AsyncIterator[str], sources: list[Source] | None = None, question: str = ""
    ) -> GuardedAsyncStream:
        """As `guard_stream`, for an asynchronous stream."""
        return GuardedAsyncStream(self, tokens, sources, question)

    async def check_input_async(self, messages: list[Message]) -> GuardResult:
        """As `check_input`, without blocking the event loop."""
        return await asyncio.to_thread(self.check_input, messages)

    async def check_output_async(
        self, text: str, sources: list[Source] | None = None, question: str = ""
    ) -> GuardResult:
        """As `check_output`, without blocking the event loop."""
        return await asyncio.to_thread(self.check_output, text, sources, question)

    async def check_passages_async(self, sources: list[Source]) -> PassagesResult:
        """As `check_passages`, without blocking the event loop."""
        return await asyncio.to_thread(self.check_passages, sources)
