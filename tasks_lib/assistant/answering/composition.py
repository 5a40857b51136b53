"""From the statements that answer best to the text of the answer: lists whole, code with what introduces it."""

import re
from collections.abc import Sequence
from itertools import groupby

from tasks_lib.assistant.answering.asked import Asked, has_kind
from tasks_lib.assistant.answering.features import RANK_WEIGHTS, SAME_QUESTION, Candidate
from tasks_lib.assistant.answering.stretches import Statement
from tasks_lib.text.sentences import without_struck_out

MOST_SENTENCES = 3
CLOSE_SECOND = 0.3
"""A further sentence is part of the answer when it scores no more than this below the best."""
CLOSE_ELSEWHERE = 0.25
"""The same, for a sentence of another passage."""
MOST_ITEMS = 15
LONGEST_LIST = 2_000
"""Characters of a list that is given whole."""

_SAYS = ("prose", "item", "step")
_MARKS = re.compile(r"^\s*(?:>\s?)+", re.MULTILINE)
_TAG = re.compile(r"</?[a-zA-Z][^<>\n]*>")
_PADDING = re.compile(r"[ \t]+")
_CELL = re.compile(r"(?<!\\)\|")


def choose(ranked: Sequence[Candidate], stretches: Sequence[Sequence[Statement]], asked: Asked) -> list[Statement]:
    """The statements of the answer: the best, what belongs to it, and what is nearly as good; as they are read.

    :param ranked: Best first, at least one.
    """
    best = ranked[0]
    chosen = _belonging(best.statement, stretches[best.statement.stretch], asked)
    if best.heading >= SAME_QUESTION:
        chosen = max(chosen, _section(best.statement, stretches[best.statement.stretch]), key=len)
    single = len(chosen) == 1 and best.statement.sentence.kind in _SAYS
    return _in_order(_with_seconds(ranked, chosen) if single else chosen)


def _with_seconds(ranked: Sequence[Candidate], chosen: list[Statement]) -> list[Statement]:
    best = ranked[0]
    score, seen = best.weighed(RANK_WEIGHTS), {_said(best.statement)}
    for candidate in ranked[1:]:
        statement = candidate.statement
        same = (statement.stretch, statement.sentence.block) == (best.statement.stretch, best.statement.sentence.block)
        if len(chosen) == MOST_SENTENCES or statement.sentence.kind not in _SAYS:
            continue
        if statement.sentence.kind == "step" and not same:  # out of its list it would be numbered anew, and mislead
            continue
        if score - candidate.weighed(RANK_WEIGHTS) > (CLOSE_SECOND if same else CLOSE_ELSEWHERE):
            continue
        if candidate.empty or _said(statement) in seen or statement.sentence.text.endswith(":"):
            continue
        seen.add(_said(statement))
        chosen.append(statement)
    return chosen


def _belonging(best: Statement, stretch: Sequence[Statement], asked: Asked) -> list[Statement]:
    """The best statement with what is no answer without it, and what it is no answer without."""
    sentence = best.sentence
    if sentence.kind == "code":
        return [*_introduction(best, stretch), best]
    if sentence.text.endswith(":"):
        introduced = _introduced(best, stretch)
        return [best, *introduced] if introduced else [best]
    wanted = asked.form in {"steps", "command"}
    if sentence.kind in {"step", "item"}:
        whole = _list_of(best, stretch)
        if (sentence.kind == "step" and asked.form in {"steps", ""} and not asked.kind) or (wanted and len(whole) == 1):
            return _with_code(whole, stretch)
    if sentence.kind == "prose" and asked.kind and not has_kind(sentence.text, asked):
        return _with_value(best, stretch, asked)
    return _with_code([best], stretch) if wanted else [best]


def _with_value(best: Statement, stretch: Sequence[Statement], asked: Asked) -> list[Statement]:
    """With the next sentence of its paragraph where that holds the number or name that is asked for."""
    following = stretch[best.position + 1] if best.position + 1 < len(stretch) else None
    if following is None or following.sentence.block != best.sentence.block:
        return [best]
    return [best, following] if has_kind(following.sentence.text, asked) else [best]


def _introduction(code: Statement, stretch: Sequence[Statement]) -> list[Statement]:
    before = stretch[code.position - 1] if code.position else None
    if before is None or before.sentence.kind == "code" or before.sentence.heading != code.sentence.heading:
        return []
    earlier = stretch[code.position - 2] if code.position > 1 else None
    if (
        earlier is not None
        and before.sentence.text != code.sentence.lead
        and earlier.sentence.text == code.sentence.lead
    ):
        return [earlier]
    return [before] if before.sentence.text == code.sentence.lead else []


def _introduced(lead: Statement, stretch: Sequence[Statement]) -> list[Statement]:
    """The list, the code or the rows that a line introduces."""
    found: list[Statement] = []
    size = 0
    for statement in stretch[lead.position + 1 :]:
        sentence = statement.sentence
        below = sentence.lead == lead.sentence.text or sentence.lead.startswith(lead.sentence.text)
        if not below or len(found) == MOST_ITEMS or size + len(sentence.text) > LONGEST_LIST:
            break
        found.append(statement)
        size += len(sentence.text)
        if sentence.kind == "code":
            break
    return found


def _list_of(item: Statement, stretch: Sequence[Statement]) -> list[Statement]:
    """The list that an item belongs to; the item alone where the list is too long."""
    block = [s for s in stretch if s.sentence.block == item.sentence.block and s.sentence.lead == item.sentence.lead]
    size = sum(len(statement.sentence.text) for statement in block)
    return block if len(block) <= MOST_ITEMS and size <= LONGEST_LIST else [item]


def _with_code(chosen: list[Statement], stretch: Sequence[Statement]) -> list[Statement]:
    """With the block of code that follows the last of them and is introduced by it."""
    last = chosen[-1]
    following = stretch[last.position + 1] if last.position + 1 < len(stretch) else None
    if following is not None and following.sentence.kind == "code" and following.sentence.lead == last.sentence.text:
        return [*chosen, following]
    return chosen


def _section(best: Statement, stretch: Sequence[Statement]) -> list[Statement]:
    """The beginning of the section whose heading asks the question."""
    section = [s for s in stretch if s.sentence.heading == best.sentence.heading]
    opening: list[Statement] = []
    for statement in section:
        if len(opening) >= MOST_SENTENCES and statement.sentence.kind not in {"item", "step"}:
            break
        if len(opening) == MOST_ITEMS or sum(len(s.sentence.text) for s in opening) > LONGEST_LIST:
            break
        opening.append(statement)
    return opening if best in opening else [best]


def _in_order(chosen: Sequence[Statement]) -> list[Statement]:
    """By paragraphs, the best first; within each as they are read."""
    rank = {place: rank for rank, place in enumerate(dict.fromkeys(_place(s) for s in chosen))}
    return sorted(chosen, key=lambda s: (rank[_place(s)], s.position))


def _place(statement: Statement) -> tuple[int, int]:
    return statement.stretch, statement.sentence.block


def _said(statement: Statement) -> str:
    return " ".join(statement.sentence.text.split())


def compose(chosen: Sequence[Statement]) -> str:
    """The statements as one text in Markdown: sentences run on; lists, tables and code stand on lines of their own."""
    parts: list[str] = []
    said: set[str] = set()
    for (kind, _, _), group in groupby(
        chosen, key=lambda s: (_layout(s), s.stretch, s.sentence.block if _layout(s) != "prose" else 0)
    ):
        members = list(group)
        lead = members[0].sentence.lead
        if kind in {"list", "row"} and lead and lead not in said:
            parts.append(_lead(lead, kind))
        parts.append(_written(members, kind))
        said.update(member.sentence.text for member in members)
    return "\n".join(part for part in parts if part)


def _layout(statement: Statement) -> str:
    kind = statement.sentence.kind
    return "list" if kind in {"item", "step"} else kind


def _lead(lead: str, kind: str) -> str:
    caption, _, header = lead.rpartition("\n")
    if kind != "row" or not header.lstrip().startswith("|"):
        return one_line(lead)
    cells = len(_CELL.findall(header.strip().strip("|"))) + 1
    table = f"{_PADDING.sub(' ', header)}\n|{' --- |' * cells}"
    return f"{one_line(caption)}\n\n{table}" if caption else table


def _written(members: Sequence[Statement], kind: str) -> str:
    if kind == "prose":
        return " ".join(one_line(member.sentence.text) for member in members)
    if kind == "code":
        return "\n".join(_MARKS.sub("", member.sentence.text) for member in members)
    if kind == "row":
        return "\n".join(_PADDING.sub(" ", _TAG.sub("", member.sentence.text)) for member in members)
    if len(members) == 1:
        return one_line(members[0].sentence.text)
    numbers = [f"{n}." if m.sentence.kind == "step" else "-" for n, m in enumerate(members, start=1)]
    return "\n".join(f"{mark} {one_line(m.sentence.text)}" for mark, m in zip(numbers, members, strict=True))


def one_line(text: str) -> str:
    """A sentence without the line ends, marks of quotation and struck-out words of its source."""
    return " ".join(without_struck_out(_MARKS.sub("", text)).split())
