"""What somebody has filled into the form fields of a page, or written onto it."""

from collections.abc import Iterator
from typing import Any

from tasks_lib.ingestion.converters.pdf.page import Fragment
from tasks_lib.ingestion.converters.pdf.state import Matrix

TICKED = "☒"
_LARGEST = 11.0
_ADVANCE = 0.5
_DEEPEST = 20


def filled(source: Any, base: Matrix, order: int) -> Iterator[Fragment]:
    """Values of the fields of a page, each at its field; hidden ones are left out.

    :param source: A page, as pypdf reads it.
    :param base: From the coordinates of the file to those of the page.
    :param order: The last place that the text of the page itself has.
    """
    for reference in source.get("/Annots", None) or ():
        annotation = reference.get_object()
        if not isinstance(annotation, dict) or int(annotation.get("/F", 0) or 0) & 2:
            continue
        x0, y0, x1, y1 = (float(value) for value in annotation.get("/Rect", (0, 0, 0, 0)))
        text = _text(annotation)
        size = min(_LARGEST, max(0.7 * abs(y1 - y0), 1.0))
        left, top = min(x0, x1), max(y0, y1)
        if "\n" not in text:
            top = (y0 + y1) / 2 + 0.8 * size
        for line in text.splitlines():
            x, y = left, top - 1.1 * size
            top -= 1.2 * size
            for word in line.split():
                order += 1
                a, b, c, d, e, f = base
                edges = [a * (x + _ADVANCE * size * place) + c * y + e for place in range(len(word) + 1)]
                yield Fragment(word, edges, b * x + d * y + f, size, bold=False, order=order, spaced=True)
                x += _ADVANCE * size * (len(word) + 1)


def _text(annotation: Any) -> str:
    if annotation.get("/Subtype") == "/FreeText":
        return str(annotation.get("/Contents") or "").replace("\r", "\n")
    if annotation.get("/Subtype") != "/Widget":
        return ""
    kind = _inherited(annotation, "/FT")
    if kind == "/Btn":
        return TICKED if str(annotation.get("/AS") or "/Off") != "/Off" else ""
    value = _inherited(annotation, "/V")
    return str(value).replace("\r", "\n") if kind in {"/Tx", "/Ch"} and isinstance(value, str) else ""


def _inherited(annotation: Any, key: str) -> Any:
    """A value of the field, or of one above it."""
    for _ in range(_DEEPEST):
        if key in annotation:
            return annotation[key]
        if "/Parent" not in annotation:
            return None
        annotation = annotation["/Parent"].get_object()
    return None
