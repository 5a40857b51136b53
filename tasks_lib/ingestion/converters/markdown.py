"""Headings and front matter of Markdown, with their positions in the source text."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from tasks_lib.ingestion.converters.converted import Heading

if TYPE_CHECKING:
    from markdown_it import MarkdownIt

_FRONT_MATTER = re.compile(r"\A---[ \t]*\r?\n(.*?)\r?\n(?:---|\.\.\.)[ \t]*(?:\r?\n|\Z)", re.DOTALL)
_LINE_END = re.compile(r"\r\n|\r|\n")


@dataclass(frozen=True)
class FrontMatter:
    """What the YAML block on top of a file says; `end` is the first character after it."""

    end: int = 0
    title: str | None = None
    modified: str | None = None


def front_matter(text: str) -> FrontMatter:
    """Read the front matter; a block that is not a YAML mapping is content."""
    import yaml

    match = _FRONT_MATTER.match(text)
    if match is None:
        return FrontMatter()
    try:
        values = yaml.safe_load(match[1])
    except (yaml.YAMLError, ValueError, RecursionError):
        return FrontMatter()
    if not isinstance(values, dict):
        return FrontMatter()
    moment = next((values[key] for key in ("modified", "updated", "lastmod", "date") if values.get(key)), None)
    return FrontMatter(match.end(), _line(values.get("title")), _line(moment))


def _line(value: Any) -> str | None:
    if value is None or isinstance(value, dict | list):
        return None
    text = value.isoformat() if hasattr(value, "isoformat") else str(value)
    return " ".join(text.split()) or None


def headings(text: str, start: int = 0) -> tuple[Heading, ...]:
    """Headings of `text` from `start` on, as CommonMark sees them: `#` inside code, lists and quotes is none."""
    body = text[start:]
    starts = [0, *(match.end() for match in _LINE_END.finditer(body))]
    parser = _parser()
    tokens = parser.parse(body)
    outline = []
    for token, content in pairwise(tokens):
        if token.type != "heading_open" or token.level or token.map is None:
            continue
        title = _plain(parser, content.content)
        if title:
            outline.append(Heading(start + starts[token.map[0]], int(token.tag[1:]), title))
    return tuple(outline)


@lru_cache(maxsize=1)
def _parser() -> "MarkdownIt":
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark")
    # Only block structure is wanted; inline parsing is most of the time.
    parser.core.ruler.disable(["inline", "text_join"])
    return parser


def _plain(parser: "MarkdownIt", source: str) -> str:
    from markdown_it.rules_core import StateCore
    from markdown_it.token import Token

    tokens: list[Token] = []
    parser.inline.parse(source, parser, StateCore(source, parser, {}).env, tokens)
    text = "".join(" " if token.type in {"softbreak", "hardbreak"} else token.content for token in tokens)
    return " ".join(text.split())


def title_of(outline: Sequence[Heading]) -> str | None:
    """The document's title: its only heading of the first level."""
    tops = [heading.text for heading in outline if heading.level == 1]
    return tops[0] if len(tops) == 1 else None
