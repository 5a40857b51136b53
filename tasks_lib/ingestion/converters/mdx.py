"""MDX: Markdown without the program that stands around it. Nothing moves: what is no text becomes blanks."""

import re

from tasks_lib.ingestion.converters.markdown import code_lines

_STATEMENT = re.compile(r"(?:import\s+(?:[\w{*'\"]).*|export\s+(?:default|const|let|function|async|class|\{|\*).*)")
_TAG = re.compile(r"</?[A-Z][\w.]*(?:\s(?:[^<>\"'{}]|\"[^\"]*\"|'[^']*'|\{[^{}]*(?:\{[^{}]*\}[^{}]*)*\})*)?/?>|</?>")
_COMMENT = re.compile(r"\{\s*/\*.*?\*/\s*\}", re.DOTALL)
_SHOWN = re.compile(r"(?<=\s)(?:title|label|summary|alt|caption|heading|description)=(?:\"([^\"]*)\"|'([^']*)')")
_INLINE_CODE = re.compile(r"(?<!`)(`+)(?!`).+?(?<!`)\1(?!`)", re.DOTALL)
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
_CODE = "\ue000"
"""Stands for each character of code while tags are looked for."""


def without_components(text: str) -> str:
    """The text with blanks for imports, exports, comments and the tags of components, whose labels stay."""
    lines = _LINE.findall(text)
    code = code_lines(text)
    open_braces = 0
    outside: list[str] = []
    for number, line in enumerate(lines):
        if number in code:
            outside.append(_hidden(line))
        elif open_braces > 0 or _STATEMENT.fullmatch(line.rstrip()):
            open_braces = max(0, open_braces + _braces(line))
            outside.append(_blank(line))
        else:
            outside.append(line)
    seen = _INLINE_CODE.sub(lambda match: _hidden(match[0]), "".join(outside))
    seen = _TAG.sub(_labels, _COMMENT.sub(lambda match: _blank(match[0]), seen))
    return "".join(given if sign == _CODE else sign for sign, given in zip(seen, text, strict=True))


def _braces(line: str) -> int:
    return sum(map(line.count, "{([")) - sum(map(line.count, "})]"))


def _blank(text: str) -> str:
    return "".join(sign if sign in "\r\n" else " " for sign in text)


def _hidden(text: str) -> str:
    return "".join(sign if sign in "\r\n" else _CODE for sign in text)


def _labels(tag: re.Match[str]) -> str:
    """Blanks for a tag, but for the attributes that are shown."""
    signs = list(_blank(tag[0]))
    for label in _SHOWN.finditer(tag[0]):
        group = 1 if label[1] is not None else 2
        start, end = label.span(group)
        signs[start:end] = tag[0][start:end]
    return "".join(signs)
