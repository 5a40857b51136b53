"""Which part of a page is its content: what it marks as that, without navigation, footers and what is not shown."""

import re
from collections.abc import Callable, Iterator
from typing import Any

INLINE = frozenset(
    {"a", "abbr", "acronym", "b", "bdi", "bdo", "big", "cite", "code", "data", "del", "dfn", "em", "font", "i", "ins"}
    | {
        "kbd",
        "label",
        "mark",
        "math",
        "q",
        "ruby",
        "rb",
        "s",
        "samp",
        "small",
        "span",
        "strike",
        "strong",
        "sub",
        "sup",
    }
    | {"time", "tt", "u", "var", "wbr", "mi", "mn", "mo", "mrow", "msup", "msub", "mfrac", "msqrt", "mtext", "output"}
)
_UNSEEN = frozenset(
    {
        "script",
        "style",
        "template",
        "noscript",
        "head",
        "iframe",
        "object",
        "canvas",
        "svg",
        "audio",
        "video",
        "datalist",
    }
    | {"rp", "rt", "annotation", "annotation-xml", "map", "area", "param", "source", "track"}
)
_CONTROLS = frozenset({"nav", "button"})
_ROLES = frozenset({"navigation", "search", "menu", "menubar", "contentinfo", "tablist"})
_AROUND = re.compile(
    r"(?:^|[\s_-])(?:nav|navbar|navigation|breadcrumbs?|menu|sidebar|sidenav|footer|cookies?|share|social|pagination)(?:$|[\s_-])",
    re.IGNORECASE,
)
_NOT_SHOWN = re.compile(r"(?:^|;)\s*(?:display\s*:\s*none|visibility\s*:\s*hidden)", re.IGNORECASE)
_LINKED = 0.6
"""Share of the letters of a part in links, from which one that is called a menu is one."""
_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6", "summary", "dt", "legend", "caption")
_SECTIONS = ("article", "main", "section", "blockquote", "td")


def content_of(page: Any) -> Any:
    """The element that holds the content: `<main>`, else the only `<article>`, else the body."""
    for path in (".//main", ".//*[@role='main']"):
        found = page.find(path)
        if found is not None and _letters(found):
            return found
    articles = page.findall(".//article")
    if len(articles) == 1 and page.find(".//body//h1") in (None, *articles[0].iter("h1")) and _letters(articles[0]):
        return articles[0]
    body = page.find(".//body")
    return page if body is None else body


def is_shown(element: Any) -> bool:
    """Whether a browser shows an element."""
    tag = element.tag
    if not isinstance(tag, str) or tag in _UNSEEN or (tag == "dialog" and element.get("open") is None):
        return False
    return element.get("hidden") is None and not _NOT_SHOWN.search(element.get("style", ""))


def is_content(element: Any) -> bool:
    """Whether an element is content that a browser shows."""
    if not is_shown(element) or element.get("role") in _ROLES:
        return False
    if element.tag in _CONTROLS and not _opens(element):
        return False
    if element.tag == "footer":
        return next(element.iterancestors(*_SECTIONS), None) is not None
    named = f"{element.get('class', '')} {element.get('id', '')}"
    return not (_AROUND.search(named) and _is_of_links(element))


def _opens(element: Any) -> bool:
    """Whether a button is the heading of a part that it shows and hides, as those of questions and answers are."""
    if element.tag != "button":
        return False
    return element.get("aria-expanded") is not None or next(element.iterancestors(*_HEADINGS), None) is not None


def _is_of_links(element: Any) -> bool:
    letters = _letters(element)
    return bool(letters) and sum(map(_letters, element.iter("a"))) >= _LINKED * letters


def _letters(element: Any) -> int:
    return sum(len(text.strip()) for text in element.itertext())


def texts_within(element: Any, takes: Callable[[Any], bool]) -> Iterator[str]:
    """The text of an element and of all in it that `takes` does, however deep that lies."""
    from lxml import etree

    walk = etree.iterwalk(element, events=("start", "end"))
    for event, each in walk:
        yield "" if each.tag in INLINE else " "
        if event == "end":
            yield (each.tail or "") if each is not element else ""
        elif takes(each):
            yield each.text or ""
        else:
            walk.skip_subtree()


def shown_of(element: Any) -> str:
    """What a picture or a field shows: its alternative text, its tick, the choice that is made."""
    if element.tag == "img":
        return f" {element.get('alt') or ''} "
    if element.tag == "select":
        options = list(element.iter("option"))
        chosen = [option for option in options if option.get("selected") is not None] or options[:1]
        return " ".join(" ".join(option.itertext()) for option in chosen)
    if element.get("type") in {"checkbox", "radio"}:
        return "☒ " if element.get("checked") is not None else "☐ "
    return element.get("value") or "" if element.get("type", "text") in {"text", "number", "date", "email"} else ""
