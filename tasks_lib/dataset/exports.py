"""Rows of what other tools export (Ragas, DeepEval, promptfoo, LangSmith, Langfuse), in the columns that are read here.

- Ragas: `user_input`, `reference`, `reference_contexts`; before 0.2 `question`, `ground_truth`, `contexts`.
- DeepEval goldens: `input`, `expected_output`, `context` (in CSV joined by bars); conversational ones: `scenario` and
  `turns`, of which those of the user are asked.
- promptfoo: `vars` and `assert`, in YAML or JSON; in CSV a column a variable, and `__expected`.
- LangSmith: `inputs`, `outputs`, objects or JSON in a cell.
- Langfuse dataset items: `input`, `expectedOutput`, `status`; texts in a cell may stand in quotes, as JSON writes them.
"""

import ast
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from tasks_lib.errors import InputError
from tasks_lib.text.rows import Row, WrongRows, read_rows

WHOLE_FILES = frozenset({".json", ".yaml", ".yml"})
"""Suffixes of files that may hold one list of rows."""
_LISTS = ("tests", "examples", "goldens", "items", "data", "rows", "samples")
_ASKED = ("question", "query", "user_input", "input", "prompt", "message", "text", "user_query")
_ANSWERED = (
    "answer",
    "output",
    "expected_output",
    "reference",
    "ground_truth",
    "response",
    "result",
    "text",
    "expected",
    "expected_answer",
)
_NAMED_LIKE = re.compile(r".*(?:^|_)(?:question|query|message|prompt)")
"""Fields such as `customer_message`, where none has a name of :data:`_ASKED`."""
_EXPECTED_NAMES = ("expected_output", "expectedOutput", "expected", "expected_answer")
_EQUAL = frozenset({"equals", "contains", "icontains", "similar", "factuality", "starts-with", "context-recall"})
_EXPECTED = re.compile(r"(?P<kind>[a-z][a-z-]*)(?:\([\d.]+\))?:\s*(?P<value>.*)", re.DOTALL)
_ARCHIVED = "ARCHIVED"


def read_export(file: Path, wrong: WrongRows) -> Iterator[tuple[int, Row]]:
    """Rows of a file with their line numbers, or with their number in the list where the file is one JSON or YAML list.

    :param wrong: Takes the rows that cannot be read.
    :raises InputError: If the file cannot be read at all.
    """
    whole = _whole(file) if file.suffix.lower() in WHOLE_FILES else None
    rows = read_rows(file, wrong) if whole is None else enumerate(whole, start=1)
    for number, row in rows:
        with wrong.of(number):
            if not isinstance(row, dict):
                raise InputError(f"not an object: {str(row)[:60]!r}", hint="Write one object per question.")
            if str(row.get("status")) != _ARCHIVED:
                yield number, house_row(row)


def house_row(row: Mapping[str, Any]) -> Row:
    """The row with `question`, `answer` and `contents`; as it is, where no other tool has written it.

    :raises InputError: If it holds no question where its tool puts one.
    """
    if "messages" not in row:
        return _of_tool(row)
    return dict(row)


def _of_tool(row: Mapping[str, Any]) -> Row:
    if "vars" in row or any(key.startswith("__") for key in row):
        return _promptfoo(row)
    if "scenario" in row:
        return _conversation(row)
    if "inputs" in row:
        return _tidy(_asked(_value(row["inputs"])), _answer(_value(row.get("outputs"))), row, "id")
    if {"user_input", "ground_truth", "ground_truths"} & row.keys():
        return _ragas(row)
    if "input" in row or "expected_answer" in row:
        asked = row["input"] if "input" in row else row.get("question")
        answer = next((row[key] for key in _EXPECTED_NAMES if row.get(key) is not None), None)
        return _tidy(_asked(_value(asked)), _answer(_value(answer)), row, "id", contexts=_joined(row.get("context")))
    return dict(row)


def _joined(contexts: Any) -> Any:
    """Contexts that a table joins by bars; a row of a Markdown table begins with one."""
    if isinstance(contexts, str) and "|" in contexts and contexts[:1] not in "|[":
        return contexts.split("|")
    return contexts


def _conversation(row: Mapping[str, Any]) -> Row:
    """The turns of the user, each with what the assistant says to it, as a conversation or a single question.

    :raises InputError: If there are none: such a scenario is played by a model, and asks nothing by itself.
    """
    said = _value(row.get("turns"))
    turns: list[dict[str, str]] = []
    for turn in said if isinstance(said, list) else ():
        role, content = (
            (str(turn.get(key) or "") for key in ("role", "content")) if isinstance(turn, Mapping) else ("", "")
        )
        if role == "user":
            turns.append({"question": content, "answer": ""})
        elif role == "assistant" and turns and not turns[-1]["answer"]:
            turns[-1]["answer"] = content
    if not turns:
        raise InputError(
            f"the scenario {str(row['scenario'])[:60]!r} has no turns of a user",
            hint="Simulate it first, and export the turns; or write the questions into a field named question.",
        )
    return {"turns": turns} if len(turns) > 1 else dict(turns[0])


def _ragas(row: Mapping[str, Any]) -> Row:
    if "user_input" in row:
        return _tidy(_asked(row["user_input"]), row.get("reference"), row, contexts=row.get("reference_contexts"))
    truth = _value(row.get("ground_truth") or row.get("ground_truths"))
    answer = truth[0] if isinstance(truth, list) and truth else truth
    return _tidy(row.get("question"), answer, row, contexts=row.get("contexts"))


def _promptfoo(row: Mapping[str, Any]) -> Row:
    variables = row.get("vars")
    if not isinstance(variables, Mapping):
        variables = {key: value for key, value in row.items() if not key.startswith("__")}
    asked = _asked(variables)
    checks = row.get("assert") or [row[key] for key in row if key.startswith("__expected") and row[key]]
    answer = next((value for check in checks if (value := _expected(check))), "")
    return _tidy(asked, answer, row, contexts=variables.get("context"))


def _expected(check: Any) -> str:
    """The text that an assertion wants to see; nothing of one that a program or a model decides."""
    if isinstance(check, Mapping):
        value = check.get("value")
        return str(value) if check.get("type") in _EQUAL and isinstance(value, str | int | float) else ""
    typed = _EXPECTED.fullmatch(str(check))
    if typed is None:
        return str(check)
    return typed["value"] if typed["kind"] in _EQUAL else ""


def _asked(value: Any) -> str:
    """The question: the text itself, the last turn of the user, or the field that is named like a question."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        turns = [turn for turn in value if isinstance(turn, Mapping)]
        asked = [turn for turn in turns if str(turn.get("role") or turn.get("type") or "user") in {"user", "human"}]
        return str(asked[-1].get("content", "")) if asked else ""
    if not isinstance(value, Mapping):
        return ""
    if "messages" in value:
        return _asked(value["messages"])
    texts = {key: each for key, each in value.items() if isinstance(each, str)}
    named = next((texts[key] for key in _ASKED if key in texts), None)
    like = [each for key, each in texts.items() if _NAMED_LIKE.fullmatch(str(key))]
    found = [named] if named is not None else like or list(texts.values())
    return found[0] if len(found) == 1 else ""


def _answer(value: Any) -> str:
    if isinstance(value, Mapping):
        named = next((value[key] for key in _ANSWERED if isinstance(value.get(key), str)), None)
        texts = [each for each in value.values() if isinstance(each, str)]
        return named if named is not None else texts[0] if len(texts) == 1 else ""
    if isinstance(value, list):
        return str(value[-1].get("content", "")) if value and isinstance(value[-1], Mapping) else ""
    return "" if value is None else str(value)


def _tidy(question: Any, answer: Any, row: Mapping[str, Any], *kept: str, contexts: Any = None) -> Row:
    if not isinstance(question, str) or not question.strip():
        raise InputError(
            f"no question among the fields {', '.join(map(repr, row))}",
            hint=f"Put it into a field named {', '.join(_ASKED[:4])}, or write the columns question and answer.",
        )
    tidied: Row = {"question": question, "answer": str(answer or "")}
    tidied |= {key: str(row[key]) for key in kept if row.get(key)}
    excerpts = _value(contexts)
    excerpts = [excerpts] if isinstance(excerpts, str) else excerpts
    if isinstance(excerpts, list) and excerpts:
        tidied["contents"] = [str(excerpt) for excerpt in excerpts if str(excerpt).strip()]
    return tidied


def _value(cell: Any) -> Any:
    """What a cell of a table says: JSON, a list as Python writes it, or the text itself."""
    if not isinstance(cell, str) or cell[:1] not in '[{"':
        return cell
    for read in (json.loads,) if cell[0] == '"' else (json.loads, ast.literal_eval):
        try:
            return read(cell)
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            continue
    return cell


def _whole(file: Path) -> list[Any] | None:
    """The rows of a file that is one list, or one object with a list; `None` for JSON Lines under another name."""
    try:
        text = file.expanduser().read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError):
        return None  # said by whoever reads it line by line
    try:
        found = json.loads(text) if file.suffix.lower() == ".json" else yaml.safe_load(text)
    except (ValueError, RecursionError, yaml.YAMLError) as error:
        if file.suffix.lower() == ".json":
            return None
        problem = " ".join(str(error).split())
        raise InputError(
            f"{str(file)!r} is not YAML: {problem}", hint="Export it again, or write JSON Lines."
        ) from error
    if isinstance(found, Mapping):
        found = next((found[key] for key in _LISTS if isinstance(found.get(key), list)), [found])
    return found if isinstance(found, list) else None
