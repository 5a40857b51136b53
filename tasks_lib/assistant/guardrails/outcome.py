"""From the hits of the validators to what is let through."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from tasks_lib.assistant.contract.answer import GuardrailDecision, Message, Source
from tasks_lib.assistant.guardrails.check import Hits
from tasks_lib.assistant.guardrails.detection import Finding
from tasks_lib.assistant.guardrails.results import Action, Direction, GuardResult, Hit
from tasks_lib.config.guardrails import GuardrailsConfig
from tasks_lib.text.graphemes import grapheme_end, grapheme_start

_BLANK = {"INJECTED_INSTRUCTION": " "}
_BLOCK = "█"


def overall(hits: Iterable[Hit]) -> Action:
    """The strictest action of all hits."""
    actions = {hit.action for hit in hits}
    if actions & {"refuse", "drop"}:
        return "refuse"
    return "mask" if "mask" in actions else "allow"


def decisions(hits: Hits, direction: Direction) -> list[GuardrailDecision]:
    """One decision per validator that ran."""
    return [
        GuardrailDecision(
            validator=name, direction=direction, action=overall(own), kinds=sorted({hit.kind for hit in own})
        )
        for name, own in hits.items()
    ]


def by_position(hits: Hits) -> list[Hit]:
    """All hits by position in the checked text."""
    return sorted((hit for own in hits.values() for hit in own), key=lambda h: (h.start, h.end, h.validator))


def in_parts(hit: Hit, parts: Sequence[tuple[int, int]]) -> Iterable[Hit]:
    """The hit in each of the joined parts that it touches, relative to the part; `message` is the part's position."""
    for position, (first, last) in enumerate(parts):
        start, end = max(hit.start, first), min(hit.end, last)
        if start < end:
            yield hit.model_copy(update={"start": start - first, "end": end - first, "message": position})


def masked(text: str, spans: Iterable[Finding | Hit]) -> str:
    """`text` with `<KIND>` in place of every span; spans that overlap become one, and none cuts a grapheme."""
    pieces: list[str] = []
    position = 0
    for span in sorted(spans, key=lambda s: (s.start, -s.end)):
        start, end = grapheme_start(text, span.start), grapheme_end(text, span.end)
        if end <= position:
            continue
        if start >= position:
            pieces += [text[position:start], f"<{span.kind}>"]
        position = end
    return "".join([*pieces, text[position:]])


def redacted(text: str, spans: Iterable[Finding | Hit]) -> str:
    """`text` of unchanged length, for documents and passages: instructions are blanked, other spans blacked out."""
    characters = list(text)
    for span in sorted(spans, key=lambda s: (s.start, -s.end)):
        fill = _BLANK.get(span.kind, _BLOCK)
        for position in range(grapheme_start(text, span.start), min(grapheme_end(text, span.end), len(characters))):
            if not characters[position].isspace():
                characters[position] = fill
    return "".join(characters)


def to_mask(hits: Iterable[Hit]) -> list[Hit]:
    """The hits that the configuration masks."""
    return [hit for hit in hits if hit.action == "mask"]


def refusal_message(hits: Hits, config: GuardrailsConfig) -> str:
    """What to say: the message of the first validator that refuses, else the common one."""
    refusing = (name for name, own in hits.items() if overall(own) == "refuse")
    return config.refusal_message(next(refusing, ""))


def conversation_result(hits: Hits, every: list[Hit], shown: list[Message], config: GuardrailsConfig) -> GuardResult:
    """The outcome for a conversation; `text` is its last turn.

    :param every: The hits in each turn.
    :param shown: The conversation as let through.
    """
    result = GuardResult(action=overall(h for own in hits.values() for h in own), hits=every)
    result.decisions = decisions(hits, "input")
    if result.action == "refuse":
        result.message = refusal_message(hits, config)
        return result
    result.messages = shown
    result.text = shown[-1].content
    return result


def answer_result(hits: Hits, text: str, config: GuardrailsConfig) -> GuardResult:
    """The outcome for an answer."""
    every = by_position(hits)
    action = overall(every)
    return GuardResult(
        action=action,
        text="" if action == "refuse" else masked(text, to_mask(every)),
        hits=every,
        decisions=decisions(hits, "output"),
        message=refusal_message(hits, config) if action == "refuse" else "",
    )


class Label(NamedTuple):
    """What stands above a passage when a model reads it: its title, else its path, and its headings."""

    title: str
    heading: str

    @classmethod
    def of(cls, source: Source) -> "Label":
        """The label of a passage."""
        return cls(source.title or source.document, source.heading or "")


PARTS = len(Label._fields) + 1
"""Texts of a passage: those of its label, then its content."""


def passages_let_through(
    sources: Sequence[Source], labels: Sequence[Label], hits: Sequence[Hit]
) -> tuple[list[Source], list[Hit]]:
    """Passages without what is to be masked, and without those to be dropped; and the hits by passage.

    :param hits: Hits in the parts of all passages, which `message` counts.
    """
    by_part: dict[int, list[Hit]] = defaultdict(list)
    for hit in hits:
        by_part[hit.message or 0].append(hit)
    dropped = {part // PARTS for part, own in by_part.items() if any(h.action in {"drop", "refuse"} for h in own)}
    kept = []
    for number, (source, label) in enumerate(zip(sources, labels, strict=True)):
        if number in dropped:
            continue
        *shown, content = (
            redacted(text, to_mask(by_part[number * PARTS + part]))
            for part, text in enumerate((*label, source.content))
        )
        changed = {name: new for name, old, new in zip(Label._fields, label, shown, strict=True) if new != old}
        kept.append(source.model_copy(update={"content": content, **changed}))
    return kept, [hit.model_copy(update={"message": (hit.message or 0) // PARTS}) for hit in hits]
