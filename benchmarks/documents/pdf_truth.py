"""Public ground truth for PDF: docling's texts, the tables of the ICDAR 2013 competition, and how they are compared."""

import difflib
import html
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_RULE = re.compile(r"^\|[-| :]+\|$", re.MULTILINE)
_BAR = re.compile(r"(?<!\\)\|")


@dataclass(frozen=True)
class Cell:
    """A cell of a table; rows and columns count from 0."""

    row: int
    column: int
    rows: int
    columns: int
    text: str


Cells = Sequence[Cell]


@dataclass(frozen=True)
class Scores:
    """Counts of adjacency relations, of one document or of several."""

    right: int
    wanted: int
    found: int

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall."""
        return 2 * self.right / (self.wanted + self.found) if self.wanted + self.found else 1.0


def words(text: str) -> list[str]:
    """Letters and digits of a text, in order, without case and layout forms."""
    return re.findall(r"\w+", unicodedata.normalize("NFKC", text).lower())


def agreement(wanted: str, found: str) -> float:
    """Share of words that stand in both in one order, 0 to 1 (twice the matches, over the words of both)."""
    return difflib.SequenceMatcher(None, words(wanted), words(found), autojunk=False).ratio()


def markdown_text(source: str) -> str:
    """What a ground truth in Markdown says, without the marks of pictures and tables."""
    return html.unescape(_RULE.sub("", _COMMENT.sub("", source)).replace("\\_", "_"))


def names_once(text: str) -> str:
    """Our text without the names of the columns that each row of a table repeats."""
    lines, names = [], []
    for line in text.split("\n"):
        cells = _BAR.split(line.strip("\f"))[1:-1] if line.strip("\f").startswith("|") else []
        if cells and len(names) == len(cells):
            told = [cell.strip().removeprefix(f"{name}:") for name, cell in zip(names, cells, strict=True)]
            lines.append(" | ".join(told))
            continue
        names = [cell.strip().removesuffix(":") for cell in cells]
        lines.append(line)
    return "\n".join(lines)


def texts(folder: Path) -> list[tuple[Path, str]]:
    """Each PDF of `folder` that is whole, with its text in Markdown beside it or in a folder `groundtruth`."""
    pairs = []
    for file in sorted(folder.glob("*.pdf")):
        truth = next((place for place in (file.with_suffix(".md"), _beside(file)) if place.exists()), None)
        if truth and file.stat().st_size and truth.stat().st_size:
            pairs.append((file, markdown_text(truth.read_text(encoding="utf-8"))))
    return pairs


def _beside(file: Path) -> Path:
    return file.parent.parent / "groundtruth" / f"{file.stem}.md"


def icdar(folder: Path) -> list[tuple[Path, list[Cells]]]:
    """Each PDF of the competition with its tables; the regions of a table over pages are tables of their own."""
    documents = []
    for file in sorted(folder.glob("*.pdf")):
        structure = file.with_name(f"{file.stem}-str.xml")
        if structure.exists():
            root = ET.parse(structure).getroot()  # noqa: S314  (files that the reader of this page fetched)
            documents.append((file, [_cells(region) for region in root.iter("region")]))
    return documents


def _cells(region: ET.Element) -> Cells:
    cells = []
    for cell in region.iter("cell"):
        row, column = int(cell.get("start-row", 0)), int(cell.get("start-col", 0))
        rows = int(cell.get("end-row", row)) - row + 1
        columns = int(cell.get("end-col", column)) - column + 1
        cells.append(Cell(row, column, rows, columns, cell.findtext("content") or ""))
    return cells


def relations(cells: Cells) -> Counter[tuple[str, str, str]]:
    """The competition's measure: each filled cell with the next filled one to its right and below it.

    Contents are compared without white space and case (Göbel et al., ICDAR 2013).
    """
    filled = [(cell, key) for cell in cells if (key := _key(cell.text))]
    found: Counter[tuple[str, str, str]] = Counter()
    owner = {
        (row, column): (cell, key)
        for cell, key in filled
        for row in range(cell.row, cell.row + cell.rows)
        for column in range(cell.column, cell.column + cell.columns)
    }
    last_row = max((row for row, _ in owner), default=0)
    last_column = max((column for _, column in owner), default=0)
    for cell, key in filled:
        right = [
            _first(owner, ((row, column) for column in range(cell.column + cell.columns, last_column + 1)))
            for row in range(cell.row, cell.row + cell.rows)
        ]
        below = [
            _first(owner, ((row, column) for row in range(cell.row + cell.rows, last_row + 1)))
            for column in range(cell.column, cell.column + cell.columns)
        ]
        for direction, neighbours in (("right", right), ("below", below)):
            for _, other in {id(each[0]): each for each in neighbours if each}.values():
                found[key, other, direction] += 1
    return found


def _first(
    owner: dict[tuple[int, int], tuple[Cell, str]], places: Iterable[tuple[int, int]]
) -> tuple[Cell, str] | None:
    return next((owner[place] for place in places if place in owner), None)


def _key(text: str) -> str:
    return re.sub(r"[\W_]", "", unicodedata.normalize("NFKC", text).lower()) or "".join(text.split())


def scores(wanted: Sequence[Cells], found: Sequence[Cells]) -> Scores:
    """Relations of all tables of a document together, so that a table cut in two costs what its cut costs."""
    truth: Counter[tuple[str, str, str]] = Counter()
    ours: Counter[tuple[str, str, str]] = Counter()
    for table in wanted:
        truth += relations(table)
    for table in found:
        ours += relations(table)
    return Scores((truth & ours).total(), truth.total(), ours.total())


@dataclass(frozen=True)
class RowCounts:
    """Rows with two numbers or more, those found as one line of a text, and those whose numbers are also apart."""

    rows: int
    in_line: int
    merged: int
    """Numbers of these rows that nowhere stand alone in the text: glued to a neighbour, or cut."""
    numbers: int


def rows_in_text(tables: Sequence[Cells], text: str) -> RowCounts:
    """Which rows of numbers stand in one line of `text`, in order, each number by itself."""
    lines = [Counter(_alone(line)) for line in text.splitlines()]
    everywhere = sum(lines, Counter())
    rows = in_line = merged = total = 0
    for cells in tables:
        for row in sorted({cell.row for cell in cells}):
            ordered = sorted((cell for cell in cells if cell.row == row and cell.rows == 1), key=lambda c: c.column)
            values = [value for cell in ordered for value in _alone(cell.text)]
            total += len(values)
            merged += sum(value not in everywhere for value in values)
            if len(values) > 1:
                rows += 1
                wanted = Counter(values)
                in_line += any(wanted <= line for line in lines)
    return RowCounts(rows, in_line, merged, total)


def _alone(text: str) -> list[str]:
    """Numbers as they stand between spaces or cell borders; what holds letters is none."""
    tokens = re.split(r"[\s|]+", unicodedata.normalize("NFKC", text))
    kept = [token for token in tokens if any(map(str.isdigit, token)) and not any(map(str.isalpha, token))]
    return [token.strip("()[]*;:,.%€$£") for token in kept]
