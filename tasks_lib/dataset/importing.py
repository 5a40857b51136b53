"""Questions from a JSON Lines file or a table, checked row by row."""

import difflib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from tasks_lib.dataset.conversations import rows_of
from tasks_lib.dataset.corpus import Corpus
from tasks_lib.dataset.evidence import Evidence, EvidenceSearch
from tasks_lib.dataset.examples import KINDS, REFUSAL_KINDS, Example, Reference, example_of
from tasks_lib.dataset.exports import read_export
from tasks_lib.errors import InputError
from tasks_lib.text.rows import Row, WrongRows

STATUS, CONFIRMED, PENDING = "status", "confirmed", "pending"
"""Candidates from traces have a status; a person writes `confirmed` in place of `pending`."""
NOTES = frozenset({"trace_id", "response", "comment"})
"""What candidates hold beside the example, for the person who confirms them."""
_FULL = tuple(Example.model_fields)
_SIMPLE = ("id", "kind", "question", "answer", "document", "source", "start", "end", "content", "contents", "language")
_NUMBERS = ("start", "end")


@dataclass(frozen=True)
class Imported:
    """What a file held."""

    examples: tuple[Example, ...]
    rejected: dict[str, int]
    adds: bool
    """Whether these are confirmed candidates, which join the newest version instead of replacing it."""
    doubtful: tuple[Row, ...] = ()
    """Examples whose evidence a person should look at, with the likeliest place, as rows to confirm and import again.

    They are among :attr:`examples`, without a reference."""
    found: int = 0
    """Answers that came without an excerpt, and whose sentence was found in the documents."""


def read_examples(path: str, corpus: Corpus | None, evidence: EvidenceSearch | None = None) -> Imported:
    """Read a `.csv` or `.tsv` file, JSON Lines, or an export of another tool (see :mod:`tasks_lib.dataset.exports`).

    A row has the shape of an evaluation example, or the columns `question`, `answer`, `document`, `content` (the exact
    excerpt that holds the answer), `start` and `end`, `source`, `kind`, `language`, `id`; only `question` must be
    there. Excerpts without a place are searched in the documents; an answer without an excerpt is looked up in them.

    :param evidence: Looks answers up; without one, they stay without a reference.
    :param corpus: Text of the index; without one, references need `start`, `end` and `content`.
    :raises InputError: Naming the line and the field of every wrong row.
    """
    wrong = WrongRows(path)
    read = read_export(Path(path), wrong)
    rows = [(line, {key: value for key, value in row.items() if key not in NOTES}) for line, row in read]
    rows = list(_turns(rows, wrong))
    if not rows:
        wrong.raise_any()
        raise InputError(f"{path!r} holds no questions", hint="Write one JSON object or one CSV row per question.")
    confirmed = [(line, row) for line, row in rows if row.get(STATUS, CONFIRMED) == CONFIRMED]
    if not confirmed:
        wrong.raise_any()
        raise InputError(
            f"none of the {len(rows)} rows of {path!r} is confirmed",
            hint=f'Complete the answers, and set "{STATUS}" to "{CONFIRMED}" on the rows that you want.',
        )
    examples: dict[str, Example] = {}
    doubtful: list[Row] = []
    found, repeated = 0, 0
    lines: dict[str, int] = {}
    read_as: dict[str, Example] = {}
    for line, row in confirmed:
        with wrong.of(line):
            example = _example({key: value for key, value in row.items() if key != STATUS}, corpus)
            if read_as.setdefault(example.id, example) == example and example.id in examples:
                repeated += 1
                continue
            if evidence and example.answer and not example.references and not example.must_refuse:
                looked_up = evidence.find(example.question, example.answer)
                if looked_up.doubt:
                    doubtful.append(_to_confirm(example, looked_up))
                elif looked_up.reference:
                    example = example.model_copy(update={"references": (looked_up.reference,)})
                    found += 1
            if example.id in examples:
                taken = f"id {example.id!r} is already on line {lines[example.id]}"
                raise InputError(taken, hint="Give every question an id of its own, and ask it once.")
            examples[example.id], lines[example.id] = example, line
    wrong.raise_any()
    rejected = Counter({"not_confirmed": len(rows) - len(confirmed), "repeated": repeated})
    adds = any(STATUS in row for _, row in rows)
    return Imported(tuple(examples.values()), dict(+rejected), adds, tuple(doubtful), found)


def _to_confirm(example: Example, looked_up: Evidence) -> Row:
    references = [looked_up.reference.model_dump()] if looked_up.reference else []
    return {**example.row(), "references": references, STATUS: PENDING, "comment": looked_up.doubt}


def _turns(rows: Iterable[tuple[int, Row]], wrong: WrongRows) -> Iterator[tuple[int, Row]]:
    """The rows, with one for each turn in place of a conversation."""
    for line, row in rows:
        with wrong.of(line):
            yield from [(line, turn) for turn in rows_of(row)]


def _example(row: Row, corpus: Corpus | None) -> Example:
    known = _FULL if "messages" in row else _SIMPLE
    for key in row:
        if key not in known:
            near = difflib.get_close_matches(key, known, n=1, cutoff=0.5)
            guess = f"; did you mean {near[0]!r}?" if near else ""
            raise InputError(f"unknown field {key!r}{guess}", hint=f"Fields: {', '.join(known)}.")
    _check_kind(row.get("kind"))
    try:
        example = Example.model_validate(row) if "messages" in row else _simple(row, corpus)
    except ValidationError as error:
        raise InputError(f"{_first(error)}", hint="See the evaluation example in the README.") from error
    references = tuple(_located(reference, corpus) for reference in example.references)
    return example.model_copy(update={"references": references})


def _check_kind(kind: Any) -> None:
    """Kinds of one's own count as answerable, so that a misspelt one of ours would ask for the wrong thing."""
    near = difflib.get_close_matches(kind.lower(), KINDS, n=1, cutoff=0.75) if isinstance(kind, str) else []
    if near and kind not in KINDS:
        raise InputError(
            f"unknown kind {kind!r}; did you mean {near[0]!r}?",
            hint=f"Kinds: {', '.join(KINDS)}, or your own.",
        )


def _simple(row: Row, corpus: Corpus | None) -> Example:
    question = row.get("question")
    if not isinstance(question, str) or not question.strip():
        raise InputError("field 'question' is missing or empty", hint="Every row needs a question.")
    kind = row.get("kind") or "answerable"
    answer = row.get("answer") or ""
    example = example_of(kind, question.strip(), answer, [] if kind in REFUSAL_KINDS else _references(row, corpus))
    given = {"id": str(row.get("id") or ""), "language": str(row.get("language") or "").strip()}
    return example.model_copy(update={key: value for key, value in given.items() if value})


def _references(row: Row, corpus: Corpus | None) -> list[Reference]:
    """The reference of a simple row; the answer stands for a missing excerpt.

    Contexts that another tool cut out are taken where the documents hold them, word for word.
    """
    if corpus is not None and (contexts := row.get("contents")):
        return [reference for context in contexts if (reference := corpus.locate(context))]
    if not row.get("document") and not row.get("content"):
        return []
    span: dict[str, int] = {}
    for key in _NUMBERS:
        try:
            span[key] = int(row.get(key) or 0)
        except (TypeError, ValueError) as error:
            raise InputError(f"field {key!r} is not a number: {row[key]!r}", hint="Count characters.") from error
    content = row.get("content") or row.get("answer") or ""
    return [Reference(document=row.get("document") or "", source=row.get("source") or "", content=content, **span)]


def _located(reference: Reference, corpus: Corpus | None) -> Reference:
    """The reference with its position in the documents."""
    has_span = reference.end > reference.start
    if corpus is None:
        if has_span and reference.document:
            return reference
        raise InputError("the excerpt has no place", hint="Run `llmops ingest` first, or give start and end.")
    if reference.document and not corpus.has(reference.document, reference.source):
        near = corpus.nearest(reference.document)
        guess = f"; did you mean {near!r}?" if near else ""
        raise InputError(
            f"document {reference.document!r} is not in the index{guess}",
            hint="Write the path relative to its source, and ingest the documents first.",
        )
    if has_span and corpus.contains(reference):
        return reference
    located = corpus.locate(reference.content, reference.document, reference.source)
    if located is None:
        searched = f"document {reference.document!r}" if reference.document else "any document of the index"
        raise InputError(
            f"the excerpt {_short(reference.content)} does not occur in {searched}",
            hint="Put the exact words of the document into `content`.",
        )
    return located if reference.source else located.model_copy(update={"source": ""})


def _first(error: ValidationError) -> str:
    problem = error.errors(include_url=False)[0]
    field = ".".join(str(part) for part in problem["loc"])
    return f"field {field!r}: {problem['msg']}" if field else str(problem["msg"])


def _short(text: str, limit: int = 60) -> str:
    return repr(text if len(text) <= limit else text[: limit - 1] + "…")
