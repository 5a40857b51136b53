"""Pages of a PDF, as they are drawn."""

from collections.abc import Iterator
from typing import Any

from tasks_lib.ingestion.converters.pdf.drawing import Drawing
from tasks_lib.ingestion.converters.pdf.fields import filled
from tasks_lib.ingestion.converters.pdf.page import Fragment, Page
from tasks_lib.ingestion.converters.pdf.pen import Pen
from tasks_lib.ingestion.converters.pdf.state import IDENTITY, Matrix, times
from tasks_lib.ingestion.converters.pdf.typefaces import Typeface

_TURN = 360


def pages(reader: Any) -> Iterator[Page]:
    """Each page of a document that pypdf has opened, one after the other: none is kept."""
    faces: dict[Any, Typeface | None] = {}
    for number, source in enumerate(reader.pages, start=1):
        yield _read(source, number, faces)


def _read(source: Any, number: int, faces: dict[Any, Typeface | None]) -> Page:
    """A page turned so that most of its text runs to the right."""
    turn = int(source.get("/Rotate", 0) or 0) % _TURN
    page, pen = _drawn(source, number, turn, faces)
    counts = {angle: sum(len(each.text) for each in fragments) for angle, fragments in pen.fragments.items()}
    most = max(counts, key=lambda angle: counts[angle])
    if most and counts[most] > 2 * counts[0]:
        page, pen = _drawn(source, number, (turn + most) % _TURN, faces)
    page.fragments = [each for each in pen.fragments[0] if _inside(each, page)]
    page.aside = [each for angle, fragments in pen.fragments.items() if angle for each in fragments]
    return page


def _drawn(source: Any, number: int, turn: int, faces: dict[Any, Typeface | None]) -> tuple[Page, Pen]:
    from pypdf.generic import ContentStream

    x0, y0, x1, y1 = (float(value) for value in source.cropbox)
    width, height = x1 - x0, y1 - y0
    across = turn in {90, 270}
    page = Page(number, height if across else width, width if across else height)
    base = times((1.0, 0.0, 0.0, 1.0, -x0, -y0), _turned(turn, width, height))
    drawing = Drawing(page, base, faces)
    contents = source.get_contents()
    if contents is not None:
        resources = source.get("/Resources", {})
        drawing.run(ContentStream(contents, source.pdf, "bytes").operations, getattr(resources, "get_object", dict)())
    page.rules = drawing.paths.rules
    drawing.pen.fragments[0] += filled(source, base, len(drawing.pen.fragments[0]))
    return page, drawing.pen


def _turned(turn: int, width: float, height: float) -> Matrix:
    """Matrix of a page that is shown turned clockwise."""
    matrices: dict[int, Matrix] = {
        90: (0.0, -1.0, 1.0, 0.0, 0.0, width),
        180: (-1.0, 0.0, 0.0, -1.0, width, height),
        270: (0.0, 1.0, -1.0, 0.0, height, 0.0),
    }
    return matrices.get(turn, IDENTITY)


def _inside(fragment: Fragment, page: Page) -> bool:
    """Whether it is on the page: drafts and printers' marks are beside it."""
    across = fragment.x1 > -1 and fragment.x0 < page.width + 1
    return across and fragment.top > -1 and fragment.bottom < page.height + 1
