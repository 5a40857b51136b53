"""``Guardrails``: what comes in, what goes out, and what was retrieved, checked by the configured validators."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence

from tasks_lib.assistant.contract.answer import Message, Source
from tasks_lib.assistant.contract.embedder import Embedder
from tasks_lib.assistant.guardrails import outcome
from tasks_lib.assistant.guardrails.check import Check, Hits, run_checks
from tasks_lib.assistant.guardrails.detection import JOINER, CheckContext, conversation_text, parts_of
from tasks_lib.assistant.guardrails.outcome import Label
from tasks_lib.assistant.guardrails.results import Direction, GuardReport, GuardResult, Hit, PassagesResult
from tasks_lib.assistant.guardrails.stream import GuardedStream
from tasks_lib.assistant.guardrails.turns import Turn, in_order, let_through, masked_at_most, parts, recent
from tasks_lib.assistant.guardrails.vectors import Vectors
from tasks_lib.config.guardrails import GuardrailsConfig


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
        self._checks_of_older = [c for c in self.input_checks if not getattr(c.detector, "judges_newest", False)]
        self._limits_length = any(check.name == "length" for check in self.input_checks)

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
        """Check a conversation. What touches its last turn may refuse it; what is found in older ones is masked.

        Turns of the user are read as one text: what is split over them is found with the turn that completes it. The
        oldest turns beyond `length.conversation_characters` are left out, and so are older ones that would be
        nothing but placeholders; `messages` of the result is what may be answered.
        """
        context = self._context("input")
        *older, newest = recent(messages, self.config.length.conversation_characters if self._limits_length else None)
        before: Hits = {}
        found: list[Hit] = []
        if older:
            older.sort(key=lambda turn: turn.is_users)  # the user's side by side, at the end
            before = self._check_turns(older, context, self._checks_of_older)
            before = masked_at_most(before, until=len(conversation_text([turn.message for turn in older])))
            older, found = let_through(older, before)
        asked = [*(turn for turn in older if turn.is_users and turn.says_something), newest]
        hits = self._check_turns(asked, context, self.input_checks)
        hits = masked_at_most(hits, until=parts(asked)[-1][0])
        shown, more = let_through(asked, hits)
        others = [turn for turn in older if not turn.is_users]
        every = {name: [*before.get(name, ()), *own] for name, own in hits.items()}
        return outcome.conversation_result(every, [*found, *more], in_order([*others, *shown], shown[-1]), self.config)

    def _check_turns(self, turns: Sequence[Turn], context: CheckContext, checks: Sequence[Check]) -> Hits:
        context.messages = [turn.message for turn in turns]
        context.parts = parts(turns)
        return run_checks(checks, conversation_text(context.messages), context, "input")

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
        :param window: Characters, in whole sentences, that passages must support: in streams those that are about to
            be shown, else all but what the assistant says itself.
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
        self,
        text: str,
        sources: list[Source] | None = None,
        question: str = "",
        *,
        window: tuple[int, int] | None = None,
    ) -> GuardResult:
        """As `check_output`, without blocking the event loop."""
        return await asyncio.to_thread(self.check_output, text, sources, question, window=window)

    async def check_passages_async(self, sources: list[Source]) -> PassagesResult:
        """As `check_passages`, without blocking the event loop."""
        return await asyncio.to_thread(self.check_passages, sources)
