"""The text of a paragraph of Word: runs and what stands between them, as they are shown."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from docx.oxml.ns import qn

from tasks_lib.ingestion.converters.equations import MATH, linear
from tasks_lib.ingestion.converters.ooxml import is_on
from tasks_lib.ingestion.converters.word_styles import find

_MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
_DELETED = {qn(name) for name in ("w:del", "w:moveFrom")}
_INLINE_WRAPPERS = {qn(name) for name in ("w:r", "w:hyperlink", "w:ins", "w:moveTo", "w:smartTag", "w:fldSimple")}
_INLINE_WRAPPERS |= {
    qn(name) for name in ("w:customXml", "w:sdt", "w:sdtContent", "w:dir", "w:bdo", "w:ruby", "w:rubyBase")
}
_BLOCK_WRAPPERS = {qn(name) for name in ("w:sdt", "w:sdtContent", "w:ins", "w:moveTo", "w:customXml", "w:smartTag")}
_DRAWINGS = {qn(name) for name in ("w:drawing", "w:pict", "w:object")}
_NOTES = {
    qn("w:footnoteReference"): "footnote",
    qn("w:endnoteReference"): "endnote",
    qn("w:commentReference"): "comment",
}
_SIGNS = {
    qn("w:tab"): "\t",
    qn("w:ptab"): "\t",
    qn("w:br"): "\n",
    qn("w:cr"): "\n",
    qn("w:noBreakHyphen"): "-",
}
_SYMBOLS = {
    "wingdings": {0xFC: "✓", 0xFB: "✗", 0xFE: "☑", 0xFD: "☒", 0xA8: "☐", 0x6F: "☐", 0x6E: "■", 0xA7: "▪", 0xE0: "→"},
    "symbol": {0xB7: "•", 0xB0: "°", 0xB1: "±", 0xB4: "×", 0xA3: "≤", 0xB3: "≥", 0xB9: "≠", 0xAE: "→", 0x6D: "μ"},
}
_PAGE_FIELDS = ("PAGE", "NUMPAGES", "SECTIONPAGES")
_MOST_FIELDS = 50


@dataclass
class Inline:
    """What a paragraph holds."""

    text: str = ""
    notes: list[tuple[str, Any]] = field(default_factory=list)
    """Labels and content of its notes."""
    drawings: list[Any] = field(default_factory=list)
    page_numbers: int = 0
    """How many of its fields count pages; their results are left out."""

    def followed_by(self, other: "Inline") -> "Inline":
        """Both as one."""
        return Inline(
            self.text + other.text,
            self.notes + other.notes,
            self.drawings + other.drawings,
            self.page_numbers + other.page_numbers,
        )


@dataclass
class _Field:
    instruction: str = ""
    result: bool = False

    @property
    def counts_pages(self) -> bool:
        return self.instruction.strip().upper().split(" ")[0] in _PAGE_FIELDS


class Runs:
    """Reads paragraphs in their order: a field may begin in one and end in another.

    :param note: From the kind (`footnote`, `endnote` or `comment`) and id of a note to its label and content; `None` if
        it is not shown.
    :param hidden: Styles whose text is hidden.
    """

    def __init__(self, note: Callable[[str, str], tuple[str, Any] | None], hidden: frozenset[str]) -> None:
        self._note = note
        self._hidden = hidden
        self._fields: list[_Field] = []

    def read(self, paragraph: Any) -> Inline:
        """What is shown of a paragraph."""
        inline = Inline()
        parts: list[str] = []
        for child in chosen_content(paragraph):
            self._read(child, parts, inline)
        inline.text = "".join(parts)
        return inline

    def _read(self, element: Any, parts: list[str], inline: Inline) -> None:
        tag = element.tag
        if tag in _INLINE_WRAPPERS:
            self._wrapped(element, parts, inline)
        elif tag == qn("w:fldChar"):
            self._field_character(element, parts, inline)
        elif tag == qn("w:instrText") and self._fields:
            self._fields[-1].instruction += element.text or ""
        elif self._shows():
            self._shown(element, parts, inline)

    def _shown(self, element: Any, parts: list[str], inline: Inline) -> None:
        tag = element.tag
        if tag == qn("w:t"):
            parts.append(element.text or "")
        elif tag in _SIGNS:
            parts.append(_SIGNS[tag])
        elif tag == qn("w:sym"):
            parts.append(_symbol(element))
        elif tag in _NOTES:
            self._noted(_NOTES[tag], element, parts, inline)
        elif tag in _DRAWINGS:
            inline.drawings.append(element)
        elif tag in {f"{MATH}oMath", f"{MATH}oMathPara"}:
            parts.append(linear(element))

    def _wrapped(self, element: Any, parts: list[str], inline: Inline) -> None:
        simple = element.tag == qn("w:fldSimple")
        if simple and _Field(element.get(qn("w:instr"), "")).counts_pages:
            inline.page_numbers += 1
        elif element.tag != qn("w:r") or not self._is_hidden(element):
            for child in chosen_content(element):
                self._read(child, parts, inline)

    def _noted(self, kind: str, element: Any, parts: list[str], inline: Inline) -> None:
        note = self._note(kind, element.get(qn("w:id"), ""))
        if note is not None:
            inline.notes.append(note)
            parts.append(f"[{note[0]}]" if kind != "comment" else "")

    def _field_character(self, element: Any, parts: list[str], inline: Inline) -> None:
        kind = element.get(qn("w:fldCharType"))
        if kind == "begin" and len(self._fields) < _MOST_FIELDS:
            parts.append(_form_field(element) if self._shows() else "")
            self._fields.append(_Field())
        elif kind == "separate" and self._fields:
            self._fields[-1].result = True
        elif kind == "end" and self._fields:
            inline.page_numbers += self._fields.pop().counts_pages

    def _shows(self) -> bool:
        return all(each.result and not each.counts_pages for each in self._fields)

    def _is_hidden(self, run: Any) -> bool:
        mark = find(run, "w:rPr/w:vanish")
        if mark is not None:
            return is_on(mark.get(qn("w:val")))
        style = find(run, "w:rPr/w:rStyle")
        return style is not None and style.get(qn("w:val")) in self._hidden


def unwrapped(container: Any) -> Iterator[Any]:
    """Paragraphs, tables, rows or cells of a container, those in content controls and tracked insertions among them."""
    for child in container:
        if child.tag in _BLOCK_WRAPPERS:
            yield from unwrapped(child)
        elif child.tag == f"{_MC}AlternateContent":
            for each in chosen(child):
                yield from unwrapped([each])
        elif isinstance(child.tag, str) and child.tag not in _DELETED:
            yield child


def chosen_content(element: Any) -> Iterator[Any]:
    """Children of an element, with one of several alternatives instead of all."""
    for child in element:
        if child.tag == f"{_MC}AlternateContent":
            yield from chosen(child)
        elif isinstance(child.tag, str):
            yield child


def chosen(alternatives: Any) -> Iterator[Any]:
    """Content of the first alternative that holds any; all of them show the same."""
    for alternative in alternatives:
        if isinstance(alternative.tag, str) and len(alternative):
            yield from alternative
            return


def _symbol(element: Any) -> str:
    try:
        code = int(element.get(qn("w:char"), ""), 16)
    except ValueError:
        return ""
    font = (element.get(qn("w:font")) or "").lower()
    table = next((signs for name, signs in _SYMBOLS.items() if font.startswith(name)), None)
    if table is not None:
        return table.get(code & 0xFF, "")
    return chr(code) if 0x20 <= code < 0xD800 else ""


def _form_field(element: Any) -> str:
    """What an old form field shows that is not in its result: a box that is ticked or not, a choice of a list."""
    box = find(element, "w:ffData/w:checkBox")
    if box is not None:
        found = find(box, "w:checked")
        state = find(box, "w:default") if found is None else found
        return "☒" if state is not None and is_on(state.get(qn("w:val"))) else "☐"
    choices = find(element, "w:ffData/w:ddList")
    if choices is None:
        return ""
    entries = [entry.get(qn("w:val"), "") for entry in choices.iterchildren(qn("w:listEntry"))]
    result = find(choices, "w:result")
    chosen_entry = int(result.get(qn("w:val"), "0")) if result is not None else 0
    return entries[chosen_entry] if chosen_entry < len(entries) else ""
