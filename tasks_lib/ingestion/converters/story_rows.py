"""Tables of RTF and old Word: cells end at distances from the margin, which tell what is merged over what."""

from bisect import bisect_right
from dataclasses import dataclass, field

from tasks_lib.ingestion.converters.tables import Merged, Table

_NEAR = 60
"""Twips; edges closer than this are one."""
MOST_COLUMNS = 2_000


@dataclass
class CellShape:
    """Where a cell ends, in twips, and whether it goes on with its neighbour to the left or above."""

    edge: int
    goes_on_left: bool = False
    goes_on_above: bool = False


@dataclass
class RowShape:
    """The cells of a row."""

    cells: list[CellShape] = field(default_factory=list)
    is_header: bool = False
    left: bool = False
    above: bool = False

    def end_cell(self, edge: int) -> None:
        """A cell ends at `edge`."""
        if len(self.cells) < MOST_COLUMNS:
            self.cells.append(CellShape(edge, self.left, self.above))
        self.left = self.above = False


@dataclass
class Rows:
    """Rows of one table as they are read."""

    rows: list[tuple[list[str], RowShape]] = field(default_factory=list)

    def table(self) -> Table:
        """The table, whose merged cells stand in all that they cover."""
        edges = _edges([cell.edge for _, shape in self.rows for cell in shape.cells])
        written: list[list[str]] = []
        for texts, shape in self.rows:
            above = written[-1] if written else []
            written.append(_row(texts, shape, edges, above))
        headers = next((place for place, (_, shape) in enumerate(self.rows) if not shape.is_header), len(self.rows))
        return Table(written, headers if 0 < headers < len(self.rows) else None)

    def text(self) -> str:
        """The table as one text, for the cell of another one that it stands in."""
        return "; ".join(", ".join(filter(None, texts)) for texts, _ in self.rows if any(texts))


def _edges(found: list[int]) -> list[int]:
    edges: list[int] = []
    for edge in sorted(set(found)):
        if not edges or edge - edges[-1] > _NEAR:
            edges.append(edge)
    return edges[:MOST_COLUMNS]


def _row(texts: list[str], shape: RowShape, edges: list[int], above: list[str]) -> list[str]:
    """Cells of a row by the columns of its table."""
    if len(shape.cells) < len(texts):  # the file does not tell all widths
        return [*texts]
    row: list[str] = []
    for own, cell in zip(texts, shape.cells, strict=False):
        place = len(row)
        if cell.goes_on_left and row:
            shown: str = Merged(row[-1])
        else:
            shown = above[place] if cell.goes_on_above and place < len(above) else own
        row += [shown, *[Merged(shown)] * (bisect_right(edges, cell.edge) - place - 1)]
    return row
