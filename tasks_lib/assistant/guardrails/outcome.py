"""From what the validators found to what is let through."""

from collections.abc import Iterable, Mapping, Sequence

from tasks_lib.assistant.contract.answer import GuardrailDecision, Message
from tasks_lib.assistant.guardrails.detection import JOINER, Detection
from tasks_lib.assistant.guardrails.results import Action, Direction, GuardResult, Hit
from tasks_lib.config.rag import GuardrailsConfig

Found = Mapping[str, Sequence[Detection]]
"""Validator → what it found."""

_BLANK = {"INJECTED_INSTRUCTION": " "}
_BLOCK = "█"


def overall(found: Found) -> Action:
    """The strictest action of all detections."""
    actions = {d.action for detections in found.values() for d in detections}
    if actions & {"refuse", "drop"}:
        return "refuse"
    return "mask" if "mask" in actions else "allow"


def decisions(found: Found, direction: Direction) -> list[GuardrailDecision]:
    """One decision per validator that ran."""
    return [
        GuardrailDecision(
            validator=name,
            direction=direction,
            action=overall({name: detections}),
            kinds=sorted({d.kind for d in detections}),
        )
        for name, detections in found.items()
    ]


def hits(found: Found) -> list[Hit]:
    """All detections by position in the checked text."""
    every = [
        Hit(validator=name, kind=d.kind, start=d.start, end=d.end, score=round(d.score, 4), action=d.action)
        for name, detections in found.items()
        for d in detections
    ]
    return sorted(every, key=lambda h: (h.start, h.end, h.validator))


def parts_of(hit: Hit, lengths: Sequence[int]) -> Iterable[Hit]:
    """The hit in each of the joined parts that it touches, relative to the part; `message` is the part's position."""
    offset = 0
    for position, length in enumerate(lengths):
        start, end = max(hit.start, offset), min(hit.end, offset + length)
        if start < end:
            yield hit.model_copy(update={"start": start - offset, "end": end - offset, "message": position})
        offset += length + len(JOINER)


def masked(text: str, found: Iterable[Hit]) -> str:
    """`text` with `<KIND>` in place of every hit to be masked; overlapping hits become one."""
    pieces: list[str] = []
    position = 0
    for hit in _to_mask(found):
        if hit.end <= position:
            continue
        if hit.start >= position:
            pieces += [text[position : hit.start], f"<{hit.kind}>"]
        position = hit.end
    return "".join([*pieces, text[position:]])


def blotted(text: str, found: Iterable[Hit]) -> str:
    """`text` of unchanged length, for passages: instructions are blanked, other hits blacked out."""
    characters = list(text)
    for hit in _to_mask(found):
        fill = _BLANK.get(hit.kind, _BLOCK)
        for position in range(hit.start, min(hit.end, len(characters))):
            if not characters[position].isspace():
                characters[position] = fill
    return "".join(characters)


def _to_mask(found: Iterable[Hit]) -> list[Hit]:
    return sorted((h for h in found if h.action == "mask"), key=lambda h: (h.start, -h.end))


def refusal_message(found: Found, config: GuardrailsConfig) -> str:
    """What to say: the message of the first validator that refuses, else the common one."""
    for name, detections in found.items():
        if overall({name: detections}) == "refuse":
            return config.own_message(name) or config.message
    return config.message


def conversation_result(found: Found, messages: list[Message], config: GuardrailsConfig) -> GuardResult:
    """The outcome for a conversation; `text` is its last turn."""
    action = overall(found)
    lengths = [len(m.content) for m in messages]
    every = [part for hit in hits(found) for part in parts_of(hit, lengths)]
    through: list[Message] = []
    if action != "refuse":
        for position, message in enumerate(messages):
            own = [h for h in every if h.message == position]
            through.append(Message(role=message.role, content=masked(message.content, own)))
    return GuardResult(
        action=action,
        text=through[-1].content if through else "",
        hits=every,
        decisions=decisions(found, "input"),
        message=refusal_message(found, config) if action == "refuse" else "",
        messages=through,
    )


def answer_result(found: Found, text: str, config: GuardrailsConfig) -> GuardResult:
    """The outcome for an answer."""
    action = overall(found)
    every = hits(found)
    return GuardResult(
        action=action,
        text="" if action == "refuse" else masked(text, every),
        hits=every,
        decisions=decisions(found, "output"),
        message=refusal_message(found, config) if action == "refuse" else "",
    )
