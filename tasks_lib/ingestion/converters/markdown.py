"""Headings of Markdown, with their positions in the source text."""

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING

from tasks_lib.ingestion.converters.converted import Heading

if TYPE_CHECKING:
    from markdown_it import MarkdownIt

_LINE_END = re.compile(r"\r\n|\r|\n")


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


def code_lines(text: str) -> set[int]:
    """Numbers of the lines, from 0, that are code."""
    blocks = (token.map for token in _parser().parse(text) if token.type in {"fence", "code_block"} and token.map)
    return {line for first, last in blocks for line in range(first, last)}


def title_of(outline: Sequence[Heading]) -> str | None:
    """The document's title: its only heading of the first level."""
    tops = [heading.text for heading in outline if heading.level == 1]
    return tops[0] if len(tops) == 1 else None
