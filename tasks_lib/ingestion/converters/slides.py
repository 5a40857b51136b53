"""Presentations: every shape of a slide as text, groups, tables, charts and notes among them."""

import io
from collections.abc import Iterator
from typing import Any

from tasks_lib.ingestion.converters.archive import check_archive
from tasks_lib.ingestion.converters.converted import ConvertedDocument
from tasks_lib.ingestion.converters.drawings import A, parts_of, write_part
from tasks_lib.ingestion.converters.equations import MATH, linear
from tasks_lib.ingestion.converters.extras import NOTHING_MORE, Extras
from tasks_lib.ingestion.converters.ooxml import is_on, parsed, properties, transitional
from tasks_lib.ingestion.converters.tables import Merged, Table
from tasks_lib.ingestion.converters.word_inline import chosen_content
from tasks_lib.ingestion.converters.word_lists import BULLET, numeral
from tasks_lib.ingestion.converters.writing import TextWriter

_P = "{http://schemas.openxmlformats.org/presentationml/2006/main}"
_DEEPEST = 40
_NUMBER_FORMATS = {"arabic": "decimal", "alphaLc": "lowerLetter", "alphaUc": "upperLetter"}
_NUMBER_FORMATS |= {"romanLc": "lowerRoman", "romanUc": "upperRoman"}
_AROUND = {"dt", "ftr", "hdr", "sldNum", "sldImg"}
"""Placeholders of what stands on every slide: date, footer, header and number."""
_TITLES = {"title", "ctrTitle"}


def convert_pptx(data: bytes, extras: Extras = NOTHING_MORE) -> ConvertedDocument:
    """Text of a presentation, a page for each slide.

    :param extras: Hidden slides and comments are left out unless they are asked for.
    :raises UnreadableDocumentError: If the file is encrypted, damaged or a bomb.
    """
    from pptx import Presentation

    check_archive(data)
    presentation = Presentation(io.BytesIO(transitional(data)))
    reader = _Reader(_comment_authors(presentation.part), extras)
    for slide in presentation.slides:
        reader.slide(slide)
    about = properties(presentation.core_properties)
    return reader.writer.document("pptx", **about)


class _Reader:
    """Writes slides."""

    def __init__(self, authors: dict[str, str], extras: Extras) -> None:
        self.writer = TextWriter()
        self._authors = authors
        self._extras = extras
        self._footers: set[str] = set()

    def slide(self, slide: Any) -> None:
        """One slide: its title, its shapes in their order, its notes. A hidden one is an empty page."""
        self.writer.page()
        if not is_on(slide.element.get("show")) and not self._extras.hidden:
            return
        shapes = list(_shapes(slide.element.find(f"{_P}cSld/{_P}spTree")))
        titles = [shape for shape in shapes if _placeholder(shape) in _TITLES]
        for shape in titles:
            self.writer.heading(1, " ".join(_lines(shape)))
        for shape in shapes:
            if shape not in titles:
                self._shape(shape, slide.part)
        self._notes(slide)
        if self._extras.comments:
            self._comments(slide.part)

    def _shape(self, shape: Any, part: Any) -> None:
        if _placeholder(shape) in _AROUND:
            self._footer(shape)
            return
        tables = list(shape.iter(f"{A}tbl"))
        for table in tables:
            self.writer.table(_table(table))
        for root in parts_of(shape, part):
            write_part(root, self.writer)
        if not tables:
            self._text(shape)

    def _text(self, shape: Any) -> None:
        counts: dict[int, int] = {}
        for body in shape.iter(f"{_P}txBody"):
            for paragraph in body.iterchildren(f"{A}p"):
                text = _text_of(paragraph)
                if not text.strip():
                    continue
                level, mark = _mark(paragraph, counts)
                if mark:
                    self.writer.item(f"{'  ' * level}{mark} {text.strip()}")
                else:
                    self.writer.item(text)
        self.writer.end_items()

    def _footer(self, shape: Any) -> None:
        """Once for all slides; numbers of slides are no text."""
        if _placeholder(shape) in {"ftr", "hdr"}:
            text = "\n".join(_lines(shape))
            if text not in self._footers:
                self._footers.add(text)
                self.writer.paragraph(text)

    def _notes(self, slide: Any) -> None:
        if not slide.has_notes_slide:
            return
        tree = slide.notes_slide.element.find(f"{_P}cSld/{_P}spTree")
        lines = [line for shape in _shapes(tree) if _placeholder(shape) not in _AROUND for line in _lines(shape)]
        if lines:
            self.writer.paragraph("Notes: " + "\n".join(lines))

    def _comments(self, part: Any) -> None:
        for relation in part.rels.values():
            if not relation.reltype.endswith("/comments") or relation.is_external:
                continue
            for comment in parsed(relation.target_part.blob).iter(f"{_P}cm"):
                author = self._authors.get(comment.get("authorId", ""), "somebody")
                texts = (each.text or "" for each in comment.iter(f"{_P}text"))
                self.writer.paragraph(f"Comment by {author}: {' '.join(texts)}")


def _comment_authors(part: Any) -> dict[str, str]:
    """Id → name of those who commented on the slides."""
    for relation in part.rels.values():
        if relation.reltype.endswith("/commentAuthors") and not relation.is_external:
            root = parsed(relation.target_part.blob)
            return {each.get("id", ""): each.get("name", "") for each in root.iter(f"{_P}cmAuthor")}
    return {}


def _shapes(tree: Any, depth: int = 0) -> Iterator[Any]:
    """Shapes that are no groups, in their order."""
    if tree is None or depth > _DEEPEST:
        return
    for child in chosen_content(tree):
        if child.tag == f"{_P}grpSp":
            yield from _shapes(child, depth + 1)
        elif child.tag in {f"{_P}sp", f"{_P}graphicFrame", f"{_P}pic", f"{_P}cxnSp"}:
            yield child


def _placeholder(shape: Any) -> str:
    """Type of a placeholder; empty for other shapes."""
    found = shape.find(f"{_P}nvSpPr/{_P}nvPr/{_P}ph")
    return "" if found is None else str(found.get("type", "obj"))


def _lines(shape: Any) -> list[str]:
    texts = (_text_of(paragraph) for paragraph in shape.iter(f"{A}p"))
    return [text for text in texts if text.strip()]


def _text_of(paragraph: Any) -> str:
    parts: list[str] = []
    for child in chosen_content(paragraph):
        if child.tag in {f"{A}r", f"{A}fld"}:
            parts += [text.text or "" for text in child.iterchildren(f"{A}t")]
        elif child.tag == f"{A}br":
            parts.append("\n")
        else:
            parts += [linear(equation) for equation in child.iter(f"{MATH}oMath")]
    return "".join(parts).replace("\v", "\n")


def _mark(paragraph: Any, counts: dict[int, int]) -> tuple[int, str]:
    """Level, and the number or bullet that a paragraph states itself; those of a layout are bullets of no meaning."""
    settings = paragraph.find(f"{A}pPr")
    level = 0 if settings is None else int(settings.get("lvl", "0"))
    for deeper in [each for each in counts if each > level]:
        del counts[deeper]
    numbered = None if settings is None else settings.find(f"{A}buAutoNum")
    if numbered is None:
        counts.pop(level, None)
        bullet = settings is not None and settings.find(f"{A}buChar") is not None
        return level, BULLET if bullet else ""
    counts[level] = counts.get(level, int(numbered.get("startAt", "1")) - 1) + 1
    kind = str(numbered.get("type", "arabicPeriod"))
    name = next((each for each in _NUMBER_FORMATS if kind.startswith(each)), "arabic")
    number = numeral(counts[level], _NUMBER_FORMATS[name])
    return level, {"ParenR": f"{number})", "ParenBoth": f"({number})", "Plain": number}.get(
        kind.removeprefix(name), f"{number}."
    )


def _table(table: Any) -> Table:
    rows: list[list[str]] = []
    for row in table.iterchildren(f"{A}tr"):
        cells: list[str] = []
        for place, cell in enumerate(row.iterchildren(f"{A}tc")):
            if cell.get("hMerge") in {"1", "true"} and cells:
                cells.append(Merged(cells[-1]))
            elif cell.get("vMerge") in {"1", "true"} and rows and place < len(rows[-1]):
                cells.append(rows[-1][place])
            else:
                cells.append("\n".join(_lines(cell)))
        rows.append(cells)
    settings = table.find(f"{A}tblPr")
    first = settings is not None and settings.get("firstRow") is not None and is_on(settings.get("firstRow"))
    return Table(rows, 1 if first and len(rows) > 1 else None)
