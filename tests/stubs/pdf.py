"""PDFs of known text: each line stands where it is put, as programs that set pages put them."""

from collections.abc import Iterable, Sequence
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

from fpdf import FPDF

SIZE = 10.0
LEADING = 13.0
WIDTH, HEIGHT = 595.0, 842.0


class Pages:
    """Writes a document; places are points from the upper left corner."""

    def __init__(self, *, unicode: bool = False) -> None:
        self.pdf = FPDF(unit="pt", format=(WIDTH, HEIGHT))
        self.pdf.set_auto_page_break(auto=False)
        self.family = "helvetica"
        if unicode:
            self.family = "dejavu"
            self.pdf.add_font(self.family, fname=dejavu())
        self.page()

    def page(self) -> None:
        """The next page begins."""
        self.pdf.add_page()

    def line(self, x: float, y: float, text: str, *, size: float = SIZE, bold: bool = False) -> float:
        """Text on the baseline `y`; its width."""
        self.pdf.set_font(self.family, "B" if bold else "", size)
        self.pdf.text(x, y, text)
        return self.pdf.get_string_width(text)

    def lines(self, x: float, y: float, texts: Iterable[str], **style: Any) -> float:
        """Lines below each other; the baseline after the last."""
        for text in texts:
            self.line(x, y, text, **style)
            y += LEADING * style.get("size", SIZE) / SIZE
        return y

    def width(self, text: str, size: float = SIZE) -> float:
        """Width of a text."""
        self.pdf.set_font(self.family, "", size)
        return self.pdf.get_string_width(text)

    def wrapped(self, words: Sequence[str], width: float, size: float = SIZE) -> list[str]:
        """Words as lines of at most `width`."""
        lines = [""]
        for word in words:
            longer = f"{lines[-1]} {word}".strip()
            if lines[-1] and self.width(longer, size) > width:
                lines.append(word)
            else:
                lines[-1] = longer
        return lines

    def grid(self, xs: Sequence[float], ys: Sequence[float]) -> None:
        """Ruling lines at all of these places."""
        for y in ys:
            self.pdf.line(xs[0], y, xs[-1], y)
        for x in xs:
            self.pdf.line(x, ys[0], x, ys[-1])

    def table(
        self,
        rows: Sequence[Sequence[str]],
        xs: Sequence[float],
        top: float,
        *,
        ruled: bool,
        right: bool = False,
        height: float = 16.0,
    ) -> float:
        """Rows of one line each between the edges `xs`; its lower edge.

        :param right: Cells but for the first column are set flush right.
        """
        ys = [top + height * number for number in range(len(rows) + 1)]
        if ruled:
            self.grid(xs, ys)
        for row, y in zip(rows, ys, strict=False):
            for column, (text, (left, edge)) in enumerate(zip(row, pairwise(xs), strict=True)):
                x = edge - 4 - self.width(text) if right and column else left + 4
                if text:
                    self.line(x, y + 11, text)
        return ys[-1]

    def bytes(self) -> bytes:
        """The file."""
        return bytes(self.pdf.output())


@cache
def dejavu() -> str:
    """A font with Hebrew, Arabic and ligatures."""
    import matplotlib as mpl

    return str(Path(mpl.get_data_path()) / "fonts/ttf/DejaVuSans.ttf")
