"""Lists and definitions of a page: the marks of their items, and what only holds them together."""

from collections.abc import Iterator
from typing import Any

from tasks_lib.ingestion.converters.html_content import is_shown
from tasks_lib.ingestion.converters.word_lists import BULLET, numeral

_FORMATS = {"a": "lowerLetter", "A": "upperLetter", "i": "lowerRoman", "I": "upperRoman"}


def is_group(element: Any, definitions: Any) -> bool:
    """Whether an element only holds terms and definitions together."""
    outer = element.getparent()
    while outer is not definitions and outer.tag == "div":
        outer = outer.getparent()
    return outer is definitions and is_shown(element)


def marked_items(element: Any) -> Iterator[tuple[Any, str]]:
    """The elements of a list, each with its mark; what is no item has none."""
    ordered = element.tag == "ol"
    items = [child for child in element if isinstance(child.tag, str)]
    backwards = ordered and element.get("reversed") is not None
    number = _integer(element.get("start"), len(items) if backwards else 1)
    number_format = _FORMATS.get(element.get("type", ""), "decimal")
    for child in items:
        if child.tag != "li":
            yield child, ""
            continue
        number = _integer(child.get("value"), number)
        yield child, f"{numeral(number, number_format)}." if ordered else BULLET
        number += -1 if backwards else 1


def _integer(text: str | None, default: int) -> int:
    try:
        return int(text or "")
    except ValueError:
        return default
