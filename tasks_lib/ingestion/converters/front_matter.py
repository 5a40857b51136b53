"""Front matter of Markdown, in YAML between `---` or in TOML between `+++`: title, date, and further metadata."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

_YAML = re.compile(r"\A---[ \t]*\r?\n(.*?)\r?\n(?:---|\.\.\.)[ \t]*(?:\r?\n|\Z)", re.DOTALL)
_TOML = re.compile(r"\A\+\+\+[ \t]*\r?\n(.*?)\r?\n\+\+\+[ \t]*(?:\r?\n|\Z)", re.DOTALL)
_DATES = ("modified", "updated", "lastmod", "date")
_NAME = re.compile(r"[a-z_]\w{0,62}", re.IGNORECASE | re.ASCII)
_LONGEST = 1000
_MOST = 50
_BROKEN = (yaml.YAMLError, ValueError, RecursionError)


@dataclass(frozen=True)
class FrontMatter:
    """What the block on top of a file says; `end` is the first character after it."""

    end: int = 0
    title: str | None = None
    modified: str | None = None
    meta: Mapping[str, Any] = field(default_factory=dict)
    """Other single values, and lists of such as one text, by their names with `_` for `-` and blanks."""


@dataclass(frozen=True)
class FrontBlock:
    """The block on top of a file, taken for front matter; `values` is `None` where it is neither YAML nor TOML."""

    text: str
    values: Mapping[Any, Any] | None


def front_block(text: str) -> FrontBlock | None:
    """The block as it stands; `None` where there is none, or where it is a text between two lines."""
    match = _YAML.match(text) or _TOML.match(text)
    if match is None:
        return None
    try:
        values = _parsed(match)
    except _BROKEN:
        return FrontBlock(match[1], None)
    return FrontBlock(match[1], values) if isinstance(values, dict) else None


def front_matter(text: str) -> FrontMatter:
    """Read the front matter; a block that is no mapping is content."""
    match = _YAML.match(text) or _TOML.match(text)
    values = _values(match) if match else None
    if match is None or values is None:
        return FrontMatter()
    moment = next((values[key] for key in _DATES if values.get(key)), None)
    return FrontMatter(match.end(), _line(values.get("title")), _line(moment), _further(values))


def _values(match: re.Match[str]) -> dict[Any, Any] | None:
    try:
        values = _parsed(match)
    except _BROKEN:
        return None
    return values if isinstance(values, dict) else None


def _parsed(match: re.Match[str]) -> Any:
    return yaml.safe_load(match[1]) if match[0].startswith("---") else tomllib.loads(match[1])


def _further(values: Mapping[Any, Any]) -> dict[str, Any]:
    from tasks_lib.ingestion.converters.documents import is_free

    found: dict[str, Any] = {}
    for key, value in values.items():
        name = re.sub(r"[\s-]+", "_", str(key))
        single = _single(value)
        if single is not None and _NAME.fullmatch(name) and is_free(name) and len(found) < _MOST:
            found[name] = single
    return found


def _single(value: Any) -> str | int | float | None:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (int, float)):
        return value
    if isinstance(value, list):
        return ", ".join(filter(None, (_line(each) for each in value)))[:_LONGEST] or None
    line = _line(value)
    return line[:_LONGEST] if line else None


def _line(value: Any) -> str | None:
    if value is None or isinstance(value, dict | list):
        return None
    text = value.isoformat() if hasattr(value, "isoformat") else str(value)
    return " ".join(text.split()) or None
