"""Charts and diagrams of Office as text: titles, axes, series and their values; the words of a diagram."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tasks_lib.ingestion.converters.number_formats import shown
from tasks_lib.ingestion.converters.ooxml import parsed
from tasks_lib.ingestion.converters.tables import Table
from tasks_lib.ingestion.converters.writing import TextWriter

A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
C = "{http://schemas.openxmlformats.org/drawingml/2006/chart}"
DIAGRAM = "{http://schemas.openxmlformats.org/drawingml/2006/diagram}"
RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_AXES = ("catAx", "valAx", "dateAx", "serAx")
MOST_POINTS = 100_000


@dataclass(frozen=True)
class Chart:
    """Its title, the titles of its axes, and its values: a row for each category, a column for each series."""

    titles: list[str]
    table: Table


def parts_of(drawing: Any, part: Any) -> Iterator[Any]:
    """Roots of the charts' and diagrams' parts that a drawing refers to.

    :param part: The part that holds the drawing, as python-docx and python-pptx open it.
    """
    for reference in drawing.iter(f"{C}chart", f"{DIAGRAM}relIds"):
        name = reference.get(f"{RELATION}id") or reference.get(f"{RELATION}dm")
        related = part.related_parts.get(name) if hasattr(part, "related_parts") else _related(part, name)
        if related is not None:
            yield parsed(related.blob)


def _related(part: Any, name: str | None) -> Any | None:
    try:
        return part.related_part(name)
    except KeyError:
        return None


def paragraphs(root: Any) -> list[str]:
    """Text of every paragraph of DrawingML below `root`."""
    texts = ("".join(_runs(paragraph)) for paragraph in root.iter(f"{A}p"))
    return [text for text in texts if text.strip()]


def _runs(paragraph: Any) -> Iterator[str]:
    for each in paragraph.iter(f"{A}t", f"{A}br"):
        yield "\n" if each.tag == f"{A}br" else each.text or ""


def is_chart(root: Any) -> bool:
    """Whether a part is a chart; else it is a diagram."""
    return bool(root.tag == f"{C}chartSpace")


def chart(root: Any) -> Chart:
    """What a chart shows, by the values that are stored in it."""
    titles = [_title(root.find(f"{C}chart/{C}title"))]
    titles += [_title(axis.find(f"{C}title")) for name in _AXES for axis in root.iter(f"{C}{name}")]
    series = list(root.iter(f"{C}ser"))
    names = [_text(each.find(f"{C}tx")) for each in series]
    columns = [_points(each, "val", "yVal") for each in series]
    categories: dict[int, str] = {}
    for each in series:
        for index, label in _points(each, "cat", "xVal").items():
            categories.setdefault(index, label)
    places = sorted({*categories, *(index for column in columns for index in column)})
    rows = [[categories.get(index, ""), *(column.get(index, "") for column in columns)] for index in places]
    return Chart([title for title in titles if title], Table([["", *names], *rows], header_rows=1))


def _title(element: Any | None) -> str:
    if element is None:
        return ""
    return " ".join(paragraphs(element)) or _text(element)


def _text(element: Any | None) -> str:
    return "" if element is None else " ".join(value.text or "" for value in element.iter(f"{C}v"))


def _points(series: Any, *names: str) -> dict[int, str]:
    """Index → value as it is shown."""
    found = next((each for each in (series.find(f"{C}{name}") for name in names) if each is not None), None)
    if found is None:
        return {}
    level = next(found.iter(f"{C}lvl"), found)  # of several levels of categories the first is the nearest
    code = next((each.text or "General" for each in found.iter(f"{C}formatCode")), "General")
    points: dict[int, str] = {}
    for point in level.iter(f"{C}pt"):
        value = point.find(f"{C}v")
        index = point.get("idx", "")
        if value is not None and value.text and index.isdigit() and len(points) < MOST_POINTS:
            points[int(index)] = _shown(value.text, point.get("formatCode", code))
    return points


def _shown(text: str, code: str) -> str:
    try:
        return shown(float(text), code)
    except ValueError:
        return text


def write_part(root: Any, writer: TextWriter) -> None:
    """Write a chart or a diagram."""
    if not is_chart(root):
        writer.paragraph("\n".join(paragraphs(root)))
        return
    found = chart(root)
    for title in found.titles:
        writer.paragraph(title)
    writer.table(found.table)
