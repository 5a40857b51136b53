"""Guarded streams: text is let through by sentences, once nothing that may still follow can change the verdict."""

import asyncio
from collections.abc import AsyncIterator
from typing import Protocol

from tasks_lib.assistant.contract.answer import GuardrailDecision, Source
from tasks_lib.assistant.guardrails.outcome import masked, to_mask
from tasks_lib.assistant.guardrails.personal_data.patterns import numbers_only
from tasks_lib.assistant.guardrails.results import GuardResult, Hit
from tasks_lib.config.guardrails import GuardrailsConfig
from tasks_lib.text.graphemes import grapheme_start, shown_end
from tasks_lib.text.sentences import sentence_spans

HOLD = 200
"""Characters that are held back at least, so that no finding is cut: an address of several lines is the longest."""
HOLD_NUMBERS = 80
"""As `HOLD`, where only numbers and identifiers are looked for: they go on after the end of a sentence or a line, if at
all, for a few words."""
LONGEST = 800
"""Characters that are held back at most beyond `HOLD`; a sentence that is longer is cut at a space."""
BEFORE = 120
"""Characters already let through that a check sees before new text, for context words such as "card number"."""
STEP = 40
"""New characters to wait for, when a finding reaches beyond what could be let through."""

_STRICTNESS = ("allow", "mask", "refuse")


class AnswerGuard(Protocol):
    """What a stream needs of the guardrails."""

    config: GuardrailsConfig

    @property
    def checks_output(self) -> bool:
        """Whether any validator looks at answers."""
        ...

    def check_output(
        self,
        text: str,
        sources: list[Source] | None = None,
        question: str = "",
        *,
        window: tuple[int, int] | None = None,
        already: int = 0,
    ) -> GuardResult:
        """Check an answer, or a window of it."""
        ...


class _Window:
    """The part of a stream that is held back; `release` and `close` return what may be shown."""

    def __init__(self, guardrails: AnswerGuard, sources: list[Source] | None, question: str) -> None:
        schema = guardrails.config.output_schema
        self._guardrails = guardrails
        self._sources = sources
        self._question = question
        self._checked = guardrails.checks_output
        self._hold = _hold(guardrails.config)
        self._whole = schema.enabled and schema.json_schema is not None
        self._before = ""
        self._held = ""
        self._released = 0
        self._next_check = self._hold
        self._end = 0
        self.result = GuardResult()

    @property
    def refused(self) -> bool:
        return self.result.action == "refuse"

    def take(self, token: str) -> bool:
        """Add a token; whether it is time for `release`, which takes longer."""
        self._held += token
        if not self._checked:
            self._end = shown_end(self._held)
            return bool(self._end)
        if len(self._held) < self._next_check or (self._whole and not self._too_long()):
            return False
        self._end = self._cut()
        return bool(self._end) or self._too_long()

    def release(self) -> str:
        """Check what is held back, and let its beginning through."""
        return self._release(self._end)

    def close(self) -> str:
        """The stream has ended."""
        return self._release(len(self._held)) if self._held and not self.refused else ""

    def _too_long(self) -> bool:
        limit = self._guardrails.config.length
        return limit.enabled and self._released + len(self._held) > limit.output_characters

    def _cut(self) -> int:
        """Start of the last sentence that begins before the part that is held back; 0 to wait."""
        let_through = len(self._held) - self._hold
        starts = [start for start, _ in sentence_spans(self._held) if start <= let_through]
        if len(starts) > 1:
            return starts[-1]
        room = len(self._held) - HOLD
        return (self._held.rfind(" ", 0, room) + 1 or room) if room > LONGEST else 0

    def _release(self, cut: int) -> str:
        """Let the text before `cut` through as far as no finding reaches beyond it."""
        offset = len(self._before)
        checked = self._guardrails.check_output(
            self._before + self._held,
            self._sources,
            self._question,
            window=None if self._whole else (offset, offset + cut),
            already=self._released - offset,
        )
        self._note(checked.decisions)
        hits = [_shifted(h, -offset) for h in checked.hits if h.end > offset]
        if checked.action == "refuse":
            self.result.action, self.result.message = "refuse", checked.message
            self.result.hits += [_shifted(h, self._released) for h in hits]
            self._held = ""
            return ("\n" if self.result.text else "") + checked.message
        if cut < len(self._held):
            cut = max(0, min([cut, *(h.start for h in hits if h.start < cut < h.end)]))
            cut = grapheme_start(self._held, cut)
        self._next_check = max(self._hold, len(self._held) - cut + STEP)
        return self._shown(cut, [h for h in hits if h.start < cut])

    def _shown(self, cut: int, hits: list[Hit]) -> str:
        masking = to_mask(hits)
        text = masked(self._held[:cut], masking)
        if masking:
            self.result.action = "mask"
        self.result.hits += [_shifted(h, self._released) for h in hits]
        self.result.text += text
        self._before = (self._before + self._held[:cut])[-BEFORE:]
        self._held = self._held[cut:]
        self._released += cut
        return text

    def _note(self, decisions: list[GuardrailDecision]) -> None:
        known = {d.validator: d for d in self.result.decisions}
        for new in decisions:
            old = known.get(new.validator, new)
            action = max(old.action, new.action, key=_STRICTNESS.index)
            kinds = sorted({*old.kinds, *new.kinds})
            known[new.validator] = new.model_copy(update={"action": action, "kinds": kinds})
        self.result.decisions = list(known.values())


def _hold(config: GuardrailsConfig) -> int:
    """Characters behind the end of a sentence that a finding which began in it may need to be seen."""
    personal = config.personal_data
    names = personal.enabled and not numbers_only(personal.entities)
    external = any(validator.enabled and validator.on_output for validator in config.validators.values())
    return HOLD if names or external else HOLD_NUMBERS


def _shifted(hit: Hit, by: int) -> Hit:
    return hit.model_copy(update={"start": max(0, hit.start + by), "end": hit.end + by})


class GuardedStream:
    """Iterates over what may be shown; `result` is complete once it is exhausted. Checks run outside the event loop.

    At least `HOLD_NUMBERS` or `HOLD` and at most `HOLD + LONGEST` characters are held back, or the whole answer where
    it must satisfy a JSON Schema; none where no validator looks at answers. A refusal ends the stream with the message;
    what was shown before has passed all checks.
    """

    def __init__(
        self, guardrails: AnswerGuard, tokens: AsyncIterator[str], sources: list[Source] | None, question: str
    ) -> None:
        self._tokens = tokens
        self._window = _Window(guardrails, sources, question)

    @property
    def result(self) -> GuardResult:
        """Decisions so far; hits are positions in the stream as it came."""
        return self._window.result

    async def __aiter__(self) -> AsyncIterator[str]:
        """Pieces of text as let through."""
        async for token in self._tokens:
            if not self._window.take(token):
                continue
            if piece := await asyncio.to_thread(self._window.release):
                yield piece
            if self._window.refused:
                return
        if piece := await asyncio.to_thread(self._window.close):
            yield piece
