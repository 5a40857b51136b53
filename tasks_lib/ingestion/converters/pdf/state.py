"""The state in which a page is drawn, as far as text and rules need it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tasks_lib.ingestion.converters.pdf.typefaces import Typeface

Matrix = tuple[float, float, float, float, float, float]

IDENTITY: Matrix = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)


@dataclass
class State:
    """Graphics state, as far as text and rules need it."""

    ctm: Matrix
    face: Typeface | None = None
    size: float = 1.0
    spacing: float = 0.0
    word_spacing: float = 0.0
    scale: float = 1.0
    leading: float = 0.0
    rise: float = 0.0
    white: bool = False


@dataclass
class Marked:
    """A marked content sequence: whether the file calls it pagination, and the text that stands for what is shown."""

    artifact: bool = False
    replacement: str | None = None
    used: bool = False


def times(left: Matrix, right: Matrix) -> Matrix:
    """`left`, then `right`."""
    a, b, c, d, e, f = left
    g, h, i, j, k, m = right
    return (a * g + b * i, a * h + b * j, c * g + d * i, c * h + d * j, e * g + f * i + k, e * h + f * j + m)


def matrix_of(operands: Sequence[Any]) -> Matrix:
    """The six numbers of an operator, which may have more."""
    a, b, c, d, e, f = (float(operand) for operand in operands[:6])
    return a, b, c, d, e, f
