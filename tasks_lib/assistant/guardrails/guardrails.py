"""``Guardrails``: what comes in, what goes out, and what was retrieved, checked by the configured validators."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence

from tasks_lib.assistant.contract.answer import Message, Source
from tasks_lib.assistant.contract.embedder import Embedder
from tasks_lib.assistant.guardrails import outcome
from tasks_lib.assistant.guardrails.check import Check, run_checks
from tasks_lib.assistant.guardrails.detection import JOINER, CheckContext, conversation_text, parts_of
from tasks_lib.assistant.guardrails.outcome import Label
from tasks_lib.assistant.guardrails.results import Direction, GuardReport, GuardResult, PassagesResult
from tasks_lib.assistant.guardrails.stream import GuardedStream
from tasks_lib.assistant.guardrails.vectors import Vectors
from tasks_lib.config.rag import GuardrailsConfig


class Guardrails:
    """Made by `build_guardrails`. Safe under concurrent use; nothing here logs or keeps a text.

    :param on_input: Checks of questions, in their order; likewise of answers and of passages.
    """

    def __init__(
        self,
        config: GuardrailsConfig,
        embedder: Embedder,
        *,
        on_input: Sequence[Check] = (),
        on_output: Sequence[Check] = (),
        on_passages: Sequence[Check] = (),
    ) -> None:
        self.config = config
        self.embedder = embedder
        self.input_checks = tuple(on_input)
        self.output_checks = tuple(on_output)
        self.passage_checks = tuple(on_passages)

    @property
    def checks_output(self) -> bool:
        """Whether any validator looks at answers."""
        return bool(self.output_checks)

    def warm_up(self) -> None:
        """Run every check once, so that the first question does not pay for what is loaded or compiled late."""
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
        context.parts = parts_of(len(message.content) for message in messages)
        hits = run_checks(self.input_checks, conversation_text(messages), context, "input")
        return outcome.conversation_result(hits, messages, context.parts, self.config)

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
        hits = run_checks(self.output_checks, text, context, "output")
        return outcome.answer_result(hits, text, self.config)

    def check_passages(self, sources: list[Source]) -> PassagesResult:
        """Retrieved passages without instructions and personal data; those to be dropped are left out.

        Titles and headings are looked at too: the model reads them. A passage without title is shown by its path, so
        where there is something in the path it gets a title without it.
        """
        labels = [Label.of(source) for source in sources]
        texts = [text for label, source in zip(labels, sources, strict=True) for text in (*label, source.content)]
        context = self._context("input")
        context.parts = parts_of(map(len, texts))
        hits = run_checks(self.passage_checks, JOINER.join(texts), context, "passages")
        every = [part for hit in outcome.by_position(hits) for part in outcome.in_parts(hit, context.parts)]
        kept, shown = outcome.passages_let_through(sources, labels, every)
        return PassagesResult(sources=kept, hits=shown, decisions=outcome.decisions(hits, "input"))

    def inspect(self, text: str, direction: Direction = "input") -> GuardReport:
        """What the guardrails say about one text, for `llmops guard`."""
        if direction == "input":
            return self.check_input([Message(role="user", content=text)]).report()
        return self.check_output(text).report()

    def guard_stream_async(
        self, tokens: AsyncIterator[str], sources: list[Source] | None = None, question: str = ""
    ) -> GuardedStream:
        """The stream as let through: nothing refused or masked reaches the reader; see `GuardedStream`."""
        return GuardedStream(self, tokens, sources, question)

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
