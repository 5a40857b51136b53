"""Conversations in the evaluation set: chains of turns, each an example of its own that holds the turns before it.

So every turn is asked and scored by itself, after what should have been said before it, not after what went wrong.
"""

import hashlib
import random
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tasks_lib.assistant.contract.answer import Message
from tasks_lib.dataset.examples import CLARIFICATION, REFUSAL_KINDS, TURN, Example
from tasks_lib.errors import InputError
from tasks_lib.text.rows import Row

TURNS = "turns"
"""Field of an imported row that is a conversation."""
FEWEST, MOST = 3, 5
"""Turns of the conversations that are made."""
REFUSED = "That is not in the documents."
"""What stands in the history for a turn that must be refused."""
_OF_TURN = ("question", "answer", "kind", "document", "source", "start", "end", "content")


def rows_of(row: Row) -> Iterator[Row]:
    """A row as it is, or a row for each turn of a conversation.

    A conversation is `{"id", "turns": [{"question", "answer", …}, …]}`; a turn has the columns of a question. One of
    kind `clarification` must be answered by asking back; its `answer` is the question that is asked.

    :raises InputError: If a turn is none, naming it.
    """
    if TURNS not in row:
        yield row
        return
    turns = row[TURNS]
    others = sorted(row.keys() - {"id", TURNS, "status"})
    if others or not isinstance(turns, list) or len(turns) < 2:
        problem = f"unknown field {others[0]!r}" if others else f"field {TURNS!r} is no list of at least two turns"
        raise InputError(problem, hint='Write {"id": …, "turns": [{"question": …, "answer": …}, …]}.')
    name = str(row.get("id") or _name(turns))
    history: list[dict[str, str]] = []
    for number, turn in enumerate(turns, start=1):
        question, answer = _said(turn, number, last=number == len(turns))
        asked = {"role": "user", "content": question}
        extra = {"status": row["status"]} if "status" in row else {}
        yield {**_example(turn, answer, history), "messages": [*history, asked], "id": f"{name}{TURN}{number}", **extra}
        history = [*history, asked, {"role": "assistant", "content": answer or REFUSED}]


def conversations(examples: Sequence[Example], count: int, seed: int) -> list[Example]:
    """The turns of at most `count` conversations of three to five turns, made of questions that there are.

    Questions of one document follow each other, and the last one is a follow-up, which is understood only after the
    turn before it. A turn whose right answer is not known stands in the history alone.
    """
    alone: dict[str, list[Example]] = defaultdict(list)
    for example in examples:
        if len(example.messages) == 1 and example.answer and example.references:
            alone[example.references[0].document].append(example)
    follow_ups = [example for example in examples if example.kind == "follow_up" and len(example.messages) == FEWEST]
    rng = random.Random(seed)  # noqa: S311
    rng.shuffle(follow_ups)
    made: list[list[Example]] = []
    for last in follow_ups:
        if len(made) == count or not last.references:
            continue
        others = [one for one in alone[last.references[0].document] if one.question != last.messages[0].content]
        wanted = rng.randint(FEWEST, MOST) - 2
        if others:
            made.append(_chain(rng.sample(others, min(wanted, len(others))), last, examples))
    return [turn for chain in made for turn in chain]


def _chain(before: Sequence[Example], last: Example, examples: Sequence[Example]) -> list[Example]:
    """The turns of `before`, then those of the follow-up."""
    digest = hashlib.sha256("\x1f".join([*(each.id for each in before), last.id]).encode()).hexdigest()[:12]
    name = f"conversation-{digest}"
    known = {example.question: example for example in examples if len(example.messages) == 1}
    chain: list[Example] = []
    history: tuple[Message, ...] = ()
    for number, example in enumerate(before, start=1):
        chain.append(_turn(example, name, number, history))
        history = (*history, example.messages[0], Message(role="assistant", content=example.evidence))
    first = known.get(last.messages[0].content)
    if first is not None:
        chain.append(_turn(first, name, len(before) + 1, history))
    return [*chain, _turn(last, name, len(before) + 2, history)]


def _turn(example: Example, name: str, number: int, history: Sequence[Message]) -> Example:
    update = {"id": f"{name}{TURN}{number}", "messages": (*history, *example.messages)}
    return example.model_copy(update=update)


def _said(turn: Any, number: int, *, last: bool) -> tuple[str, str]:
    """Question and answer of a turn."""
    if not isinstance(turn, Mapping) or not str(turn.get("question") or "").strip():
        raise InputError(f"turn {number} has no question", hint="Every turn needs a question.")
    if unknown := sorted(turn.keys() - set(_OF_TURN)):
        raise InputError(f"turn {number}: unknown field {unknown[0]!r}", hint=f"Fields: {', '.join(_OF_TURN)}.")
    answer = str(turn.get("answer") or "").strip()
    if not answer and not last and turn.get("kind") not in REFUSAL_KINDS:
        raise InputError(f"turn {number} has no answer", hint="The turns after it need to know what was said.")
    return str(turn["question"]).strip(), answer


def _example(turn: Mapping[str, Any], answer: str, history: Sequence[object]) -> dict[str, Any]:
    kind = turn.get("kind") or ("follow_up" if history else "answerable")
    if kind in REFUSAL_KINDS or kind == CLARIFICATION:
        return {"kind": kind}
    place = {name: turn.get(name) or "" for name in ("document", "source")}
    span = {name: turn.get(name) or 0 for name in ("start", "end")}
    content = turn.get("content") or (answer if place["document"] else "")
    return {"kind": kind, "answer": answer, "references": [{**place, **span, "content": content}] if content else []}


def _name(turns: Sequence[Any]) -> str:
    text = "\x1f".join(str(turn.get("question")) for turn in turns if isinstance(turn, Mapping))
    return f"conversation-{hashlib.sha256(text.encode()).hexdigest()[:12]}"
