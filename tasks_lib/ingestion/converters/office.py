"""Structure of Office files that Haystack's converters leave out: headings, titles, dates."""

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tasks_lib.ingestion.converters.converted import Heading

_HEADING_STYLE = re.compile(r"heading (\d)$", re.IGNORECASE)


@dataclass(frozen=True)
class OfficeProperties:
    """Core properties and headings as (level, text), in document order; on slides one per slide."""

    title: str | None
    modified: str | None
    headings: tuple[tuple[int, str], ...] = ()


def describe_docx(data: bytes) -> OfficeProperties:
    """Headings by the built-in styles `Title` and `Heading 1` to `Heading 9`."""
    import docx

    document = docx.Document(io.BytesIO(data))
    outline = []
    for paragraph in document.paragraphs:
        level = _level(paragraph.style)
        if level and paragraph.text.strip():
            outline.append((level, paragraph.text))
    return _properties(document.core_properties, tuple(outline))


def _level(style: Any) -> int | None:
    """Level of a paragraph style, through the styles it is based on; `Title` counts as the first level."""
    while style is not None:
        name = style.name or ""
        if name == "Title":
            return 1
        if match := _HEADING_STYLE.match(name):
            return int(match[1])
        style = style.base_style
    return None


def describe_pptx(data: bytes) -> OfficeProperties:
    """The title of every slide; empty where a slide has none."""
    from pptx import Presentation

    presentation = Presentation(io.BytesIO(data))
    titles = []
    for slide in presentation.slides:
        shape = slide.shapes.title
        titles.append((1, shape.text_frame.text if shape is not None and shape.has_text_frame else ""))
    return _properties(presentation.core_properties, tuple(titles))


def describe_xlsx(data: bytes) -> OfficeProperties:
    """Core properties of a workbook."""
    import openpyxl

    workbook = openpyxl.load_workbook(io.BytesIO(data), read_only=True)
    try:
        return _properties(workbook.properties, ())
    finally:
        workbook.close()


def _properties(core: Any, headings: tuple[tuple[int, str], ...]) -> OfficeProperties:
    title = " ".join((core.title or "").split())
    # The empty presentation of python-pptx, and older Office, carry this as the title.
    title = "" if title in {"PowerPoint Presentation", "Word Document"} else title
    return OfficeProperties(title or None, core.modified.isoformat() if core.modified else None, headings)


def locate(text: str, headings: Sequence[tuple[int, str]]) -> tuple[Heading, ...]:
    """Find headings, which stand alone on their lines, in order; one that cannot be found is left out."""
    located = []
    cursor = 0
    for level, title in headings:
        match = re.compile(rf"^{re.escape(title)}$", re.MULTILINE).search(text, cursor)
        if match is None:
            continue
        located.append(Heading(match.start(), level, " ".join(title.split())))
        cursor = match.end()
    return tuple(located)


def locate_on_slides(text: str, pages: Sequence[int], titles: Sequence[tuple[int, str]]) -> tuple[Heading, ...]:
    """A heading where each titled slide begins."""
    slides = zip(pages, [*pages[1:], len(text)], titles, strict=False)
    return tuple(
        Heading(start, level, " ".join(title.split()))
        for start, end, (level, title) in slides
        if title.strip() and text[start:end].strip()
    )


def join_sheets(sheets: Sequence[tuple[str, str]]) -> tuple[str, tuple[Heading, ...]]:
    """One text of all sheets, each below its name."""
    parts: list[str] = []
    sections = []
    position = 0
    for name, table in sheets:
        sections.append(Heading(position, 1, name))
        parts.append(f"{name}\n\n{table.rstrip()}\n\n")
        position += len(parts[-1])
    return "".join(parts), tuple(sections)
