"""What a page shows: pieces of text with their places, ruling lines, and how much of it pictures cover."""

from dataclasses import dataclass, field

ASCENT, DESCENT = 0.75, 0.2
"""Height of text above and below its baseline, in units of its size, where the font itself is not asked."""


@dataclass(slots=True)
class Fragment:
    """Characters without a space between them, on one baseline. Lengths are points; `y` grows upwards.

    :ivar text: In the order in which the file shows them.
    :ivar edges: Left edge of each character of `text`, and the right edge of the last.
    :ivar order: Place among the fragments of the page, as the file shows them.
    :ivar spaced: Whether the file shows a space before it.
    :ivar artifact: Whether the file itself calls it pagination: a header, a footer, a page number.
    """

    text: str
    edges: list[float]
    y: float
    size: float
    bold: bool
    order: int
    spaced: bool = False
    artifact: bool = False

    @property
    def x0(self) -> float:
        """Left edge."""
        return self.edges[0]

    @property
    def x1(self) -> float:
        """Right edge."""
        return self.edges[-1]

    @property
    def top(self) -> float:
        """Upper edge."""
        return self.y + ASCENT * self.size

    @property
    def bottom(self) -> float:
        """Lower edge."""
        return self.y - DESCENT * self.size


@dataclass(frozen=True, slots=True)
class Rule:
    """A ruling line, or the edge of a filled area: from `low` to `high` at `at`.

    :ivar at: `y` of a horizontal line, `x` of a vertical one.
    """

    horizontal: bool
    at: float
    low: float
    high: float
    stroke: bool = True
    """Whether a line is drawn; else it is where a filled area ends."""

    @classmethod
    def across(cls, at: float, low: float, high: float, *, stroke: bool = True) -> "Rule":
        """A horizontal one."""
        return cls(horizontal=True, at=at, low=low, high=high, stroke=stroke)

    @classmethod
    def down(cls, at: float, low: float, high: float, *, stroke: bool = True) -> "Rule":
        """A vertical one."""
        return cls(horizontal=False, at=at, low=low, high=high, stroke=stroke)


@dataclass
class Page:
    """One page, upright, its origin at the lower left corner; lengths in points."""

    number: int
    width: float
    height: float
    fragments: list[Fragment] = field(default_factory=list)
    aside: list[Fragment] = field(default_factory=list)
    """Text that runs in another direction than the rest, in its own coordinates."""
    rules: list[Rule] = field(default_factory=list)
    pictures: float = 0.0
    """Share of the page under its largest picture, 0 to 1."""

    @property
    def characters(self) -> int:
        """Characters that it shows."""
        return sum(len(fragment.text) for fragment in (*self.fragments, *self.aside))
