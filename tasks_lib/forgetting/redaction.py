"""Taking needles out of a text, of JSON at any depth, or of a file, whatever its format."""

import io
import json
from pathlib import PurePosixPath
from typing import Any

from tasks_lib.forgetting.needles import GONE, Needles

LINES = frozenset({".jsonl", ".ndjson"})


def redacted_text(text: str, needles: Needles) -> str:
    """`text` without the needles: JSON value by value, else a page that names a record goes as a whole."""
    if text[:1] in {"{", "[", '"'}:
        try:
            value = json.loads(text)
        except ValueError:
            pass
        else:
            changed = redacted_json(value, needles)
            if changed == value:
                return text
            indent = 2 if text[1:3] in {"\n ", "\n\t"} else None
            return json.dumps(changed, ensure_ascii=text.isascii(), indent=indent)
    return GONE if needles.names_record(text) else needles.without(text)


def redacted_json(value: Any, needles: Needles) -> Any:
    """A JSON value without the needles; of an object that names a record, all texts go."""
    if isinstance(value, str):
        return redacted_text(value, needles)
    if isinstance(value, list):
        return [redacted_json(each, needles) for each in value]
    if isinstance(value, dict):
        if any(isinstance(each, str) and needles.names_record(each) for each in value.values()):
            return {redacted_text(key, needles): _emptied(each) for key, each in value.items()}
        return {redacted_text(key, needles): redacted_json(each, needles) for key, each in value.items()}
    return value


def redacted_file(name: str, data: bytes, needles: Needles) -> bytes | None:
    """The content of a file without the needles; `None` if it can only be deleted."""
    suffix = PurePosixPath(name).suffix.lower()
    if suffix == ".parquet":
        return _parquet(data, needles)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return None if needles.found_in(data.decode("latin-1")) or needles.found_in(_utf8(data)) else data
    if suffix in LINES:
        lines = text.split("\n")
        changed = "\n".join(redacted_text(line, needles) for line in lines)
    else:
        changed = redacted_text(text, needles)
    return data if changed == text else changed.encode("utf-8")


def holds(value: Any, needles: Needles) -> bool:
    """Whether a JSON value has any of the needles, in a key or a text."""
    if isinstance(value, dict):
        return any(holds(each, needles) for pair in value.items() for each in pair)
    if isinstance(value, (list, tuple)):
        return any(holds(each, needles) for each in value)
    return isinstance(value, str) and (needles.names_record(value) or redacted_text(value, needles) != value)


def _utf8(data: bytes) -> str:
    return data.decode("utf-8", "ignore")


def _emptied(value: Any) -> Any:
    if isinstance(value, str):
        return GONE
    if isinstance(value, list):
        return [_emptied(each) for each in value]
    return {key: _emptied(each) for key, each in value.items()} if isinstance(value, dict) else value


def _row(row: dict[str, Any], needles: Needles) -> dict[str, Any]:
    """A row without the needles; where a text had them, no vector tells what it was."""
    clean: dict[str, Any] = redacted_json(row, needles)
    if clean == row:
        return row
    return {key: [0.0] * len(each) if _is_vector(each) else each for key, each in clean.items()}


def _is_vector(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(each, float) for each in value)


def _parquet(data: bytes, needles: Needles) -> bytes | None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(io.BytesIO(data))
    except pa.ArrowInvalid:
        return None
    rows = table.to_pylist()
    changed = [_row(row, needles) for row in rows]
    metadata = {
        key: value for key, value in (table.schema.metadata or {}).items() if not needles.found_in(_utf8(value))
    }
    if changed == rows and metadata == (table.schema.metadata or {}):
        return data
    written = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(changed, schema=table.schema.with_metadata(metadata or None)), written)
    return written.getvalue()
