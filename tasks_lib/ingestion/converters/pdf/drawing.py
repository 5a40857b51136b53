"""The drawing operators of a page, followed far enough to know where its text and its lines stand.

Operators and their operands: ISO 32000-1, annex A. pypdf reads the file, its filters and its fonts.
"""

import logging
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any, ClassVar

from tasks_lib.ingestion.converters.pdf.page import Page
from tasks_lib.ingestion.converters.pdf.paths import Paths
from tasks_lib.ingestion.converters.pdf.pen import Pen, angle_of, upright
from tasks_lib.ingestion.converters.pdf.state import IDENTITY, Marked, Matrix, State, matrix_of, times
from tasks_lib.ingestion.converters.pdf.typefaces import Typeface

DEEPEST = 12
"""Forms within forms; a file that goes deeper is hostile."""
MOST_FORMS = 5_000
"""Forms that a page shows, those within others counted each time."""
MOST_OPERATORS = 1_000_000
"""A page that draws more is not read further: a map, or a bomb."""

log = logging.getLogger(__name__)


class Drawing:
    """Runs content streams and collects what they show on one page.

    :param faces: Fonts of the document that are known already, by their place in the file.
    """

    def __init__(self, page: Page, base: Matrix, faces: dict[Any, Typeface | None]) -> None:
        self.page = page
        self.paths = Paths()
        self.pen = Pen()
        self._faces = faces
        self._state = State(base)
        self._stack: list[State] = []
        self._text: Matrix = IDENTITY
        self._line: Matrix = IDENTITY
        self._marked: list[Marked] = []
        self._resources: list[Any] = []
        self._left = MOST_OPERATORS
        self._forms = 0

    def run(self, operations: Iterable[tuple[Sequence[Any], bytes]], resources: Any) -> None:
        """Follow `operations`, of which operands may be wrong in number or kind."""
        self._resources.append(resources)
        for operands, operator in operations:
            self._left -= 1
            if self._left < 0:
                break
            handler, number = self._HANDLERS.get(operator), _NUMBERS.get(operator)
            try:
                if handler is not None:
                    handler(self, operands)
                elif number is not None:
                    setattr(self._state, number, float(operands[0]) / (100 if operator == b"Tz" else 1))
            except (ValueError, TypeError, IndexError, KeyError, AttributeError, ZeroDivisionError) as error:
                log.debug("operator %r with %r: %s", operator, operands, error)
        self._resources.pop()

    # graphics state

    def _save(self, _: Sequence[Any]) -> None:
        self._stack.append(replace(self._state))

    def _restore(self, _: Sequence[Any]) -> None:
        if self._stack:
            self._state = self._stack.pop()

    def _concatenate(self, operands: Sequence[Any]) -> None:
        self._state.ctm = times(matrix_of(operands), self._state.ctm)

    def _fill_colour(self, operands: Sequence[Any]) -> None:
        parts = [float(part) for part in operands if isinstance(part, int | float)]
        four = len(parts) == 4
        self._state.white = bool(parts) and all(part < 0.02 if four else part > 0.98 for part in parts)

    # paths

    def _rectangle(self, operands: Sequence[Any]) -> None:
        x, y, width, height = (float(value) for value in operands[:4])
        corners = ((x, y), (x + width, y), (x + width, y + height), (x, y + height), (x, y))
        points = [self._place(*corner) for corner in corners]
        self.paths.move(points[0])
        for point in points[1:]:
            self.paths.line(point)

    def _move(self, operands: Sequence[Any]) -> None:
        self.paths.move(self._place(float(operands[0]), float(operands[1])))

    def _line_to(self, operands: Sequence[Any]) -> None:
        self.paths.line(self._place(float(operands[0]), float(operands[1])))

    def _curve(self, operands: Sequence[Any]) -> None:
        self.paths.curve(self._place(float(operands[-2]), float(operands[-1])))

    def _close(self, _: Sequence[Any]) -> None:
        self.paths.close()

    def _stroke(self, _: Sequence[Any]) -> None:
        self.paths.paint(stroke=True, fill=False)

    def _fill(self, _: Sequence[Any]) -> None:
        self.paths.paint(stroke=False, fill=not self._state.white)

    def _fill_and_stroke(self, _: Sequence[Any]) -> None:
        self.paths.paint(stroke=True, fill=False)

    def _no_paint(self, _: Sequence[Any]) -> None:
        self.paths.paint(stroke=False, fill=False)

    def _place(self, x: float, y: float) -> tuple[float, float]:
        a, b, c, d, e, f = self._state.ctm
        return a * x + c * y + e, b * x + d * y + f

    # objects

    def _object(self, operands: Sequence[Any]) -> None:
        shown = self._resources[-1]["/XObject"][operands[0]].get_object()
        if shown.get("/Subtype") == "/Image":
            self._picture()
        elif shown.get("/Subtype") == "/Form" and len(self._resources) < DEEPEST and self._forms < MOST_FORMS:
            self._forms += 1
            self._form(shown)

    def _picture(self, _: Sequence[Any] = ()) -> None:
        a, b, c, d, _e, _f = self._state.ctm
        page = max(self.page.width * self.page.height, 1.0)
        self.page.pictures = max(self.page.pictures, min(1.0, abs(a * d - b * c) / page))

    def _form(self, form: Any) -> None:
        from pypdf.generic import ContentStream

        before, text, line, stack = replace(self._state), self._text, self._line, self._stack
        if "/Matrix" in form:
            self._state.ctm = times(matrix_of(form["/Matrix"]), self._state.ctm)
        self._stack = []
        resources = form["/Resources"].get_object() if "/Resources" in form else self._resources[-1]
        self.run(ContentStream(form, None, "bytes").operations, resources)
        self._state, self._text, self._line, self._stack = before, text, line, stack

    # marked content

    def _begin_marked(self, operands: Sequence[Any]) -> None:
        outer = self._marked[-1] if self._marked else Marked()
        properties = operands[1] if len(operands) > 1 else {}
        if isinstance(properties, str):
            properties = self._resources[-1]["/Properties"][properties].get_object()
        pagination = operands[0] == "/Artifact" and properties.get("/Type") == "/Pagination"
        text = properties.get("/ActualText")
        replacement = str(text) if isinstance(text, str) else None
        self._marked.append(Marked(outer.artifact or pagination, replacement))

    def _end_marked(self, _: Sequence[Any]) -> None:
        if self._marked:
            self._marked.pop()

    # text

    def _begin_text(self, _: Sequence[Any]) -> None:
        self._text = self._line = IDENTITY

    def _font(self, operands: Sequence[Any]) -> None:
        self._state.size = float(operands[1])
        self._state.face = self._face(operands[0])

    def _face(self, name: Any) -> Typeface | None:
        resource = self._resources[-1]["/Font"][name]
        place = getattr(resource, "idnum", None) or id(resource)
        if place not in self._faces:
            try:
                self._faces[place] = Typeface(resource.get_object())
            except Exception as error:  # noqa: BLE001  (a broken font costs its text, not the page)
                log.debug("font %s: %s", name, error)
                self._faces[place] = None
        return self._faces[place]

    def _next_line(self, x: float, y: float) -> None:
        self._line = times((1.0, 0.0, 0.0, 1.0, x, y), self._line)
        self._text = self._line

    def _move_text(self, operands: Sequence[Any]) -> None:
        self._next_line(float(operands[0]), float(operands[1]))

    def _move_text_leading(self, operands: Sequence[Any]) -> None:
        self._state.leading = -float(operands[1])
        self._move_text(operands)

    def _text_matrix(self, operands: Sequence[Any]) -> None:
        self._text = self._line = matrix_of(operands)

    def _new_line(self, _: Sequence[Any]) -> None:
        self._next_line(0.0, -self._state.leading)

    def _show(self, operands: Sequence[Any]) -> None:
        self._shown([operands[0]])

    def _show_array(self, operands: Sequence[Any]) -> None:
        self._shown(operands[0])

    def _show_on_next_line(self, operands: Sequence[Any]) -> None:
        self._new_line(())
        self._shown([operands[-1]])

    def _show_spaced(self, operands: Sequence[Any]) -> None:
        self._state.word_spacing, self._state.spacing = float(operands[0]), float(operands[1])
        self._show_on_next_line(operands)

    def _shown(self, parts: Sequence[Any]) -> None:
        state = self._state
        if state.face is None:
            return
        matrix = times(self._text, state.ctm)
        angle = angle_of(matrix[0], matrix[1])
        if angle is None:
            return
        along = math.hypot(matrix[0], matrix[1])
        size = abs(state.size) * math.hypot(matrix[2], matrix[3])
        x, y = matrix[4] + state.rise * matrix[2], matrix[5] + state.rise * matrix[3]
        left, base = upright(x, y, angle)
        artifact = bool(self._marked) and self._marked[-1].artifact
        self.pen.begin(base, size, angle, bold=state.face.bold, artifact=artifact)
        unit = along * state.scale
        moved = 0.0
        for part in parts:
            if isinstance(part, int | float):
                moved -= float(part) / 1000 * state.size * unit
                continue
            shown = part if isinstance(part, bytes) else str(part).encode("latin-1", "replace")
            for text, width, space in state.face.glyphs(shown):
                start = left + moved
                wide = width * state.size * unit
                moved += wide + (state.spacing + (state.word_spacing if space else 0.0)) * unit
                self.pen.glyph(self._replaced(text), (start, start + wide), left + moved)
        self._text = times((1.0, 0.0, 0.0, 1.0, moved / (along or 1.0), 0.0), self._text)

    def _replaced(self, text: str) -> str:
        """The text that the file gives in place of the character, once for all characters that it stands for."""
        inner = self._marked[-1] if self._marked else None
        if inner is None or inner.replacement is None:
            return text
        if inner.used:
            return ""
        inner.used = True
        return inner.replacement

    _HANDLERS: ClassVar[dict[bytes, Callable[["Drawing", Sequence[Any]], None]]] = {
        b"q": _save,
        b"Q": _restore,
        b"cm": _concatenate,
        b"Do": _object,
        b"INLINE IMAGE": _picture,
        **dict.fromkeys((b"g", b"rg", b"k", b"sc", b"scn"), _fill_colour),
        b"re": _rectangle,
        b"m": _move,
        b"l": _line_to,
        b"c": _curve,
        b"v": _curve,
        b"y": _curve,
        b"h": _close,
        b"S": _stroke,
        b"s": _stroke,
        b"n": _no_paint,
        b"f": _fill,
        b"F": _fill,
        b"f*": _fill,
        **dict.fromkeys((b"B", b"B*", b"b", b"b*"), _fill_and_stroke),
        b"BDC": _begin_marked,
        b"BMC": _begin_marked,
        b"EMC": _end_marked,
        b"BT": _begin_text,
        b"Tf": _font,
        b"Td": _move_text,
        b"TD": _move_text_leading,
        b"Tm": _text_matrix,
        b"T*": _new_line,
        b"Tj": _show,
        b"TJ": _show_array,
        b"'": _show_on_next_line,
        b'"': _show_spaced,
    }


_NUMBERS = {b"Tc": "spacing", b"Tw": "word_spacing", b"Tz": "scale", b"TL": "leading", b"Ts": "rise"}
