"""The tables of a page, and the regions in which they and the lines around them are read."""

from collections.abc import Sequence

from tasks_lib.ingestion.converters.pdf.layout import Element, regions
from tasks_lib.ingestion.converters.pdf.lines import Line, lines_of, right_to_left
from tasks_lib.ingestion.converters.pdf.page import Page
from tasks_lib.ingestion.converters.pdf.ruled import ruled_tables
from tasks_lib.ingestion.converters.pdf.table import Table, mirrored
from tasks_lib.ingestion.converters.pdf.unruled import unruled_tables


def tables_of(page: Page) -> list[Table]:
    """Tables from the first to the last that is read."""
    return [element for region in regions_of(page) for element in region if isinstance(element, Table)]


def regions_of(page: Page) -> list[list[Element]]:
    """Regions in reading order, each with its lines and tables from the top."""
    ruled = ruled_tables(page)
    taken = frozenset().union(*(table.taken for table in ruled))
    lines = lines_of(each for each in page.fragments if each.order not in taken)
    leftwards = right_to_left(page.fragments)
    found = [_with_tables(region) for region in regions([*lines, *ruled], leftwards=leftwards)]
    return [[mirrored(e) if isinstance(e, Table) else e for e in region] for region in found] if leftwards else found


def _with_tables(region: Sequence[Element]) -> list[Element]:
    """A region with the tables that only their columns make."""
    parts: list[Element] = []
    lines: list[Line] = []
    for element in sorted(region, key=lambda each: -(each.box[3] if isinstance(each, Table) else each.y)):
        if isinstance(element, Table):
            parts += [*_found(lines), element]
            lines = []
        else:
            lines.append(element)
    return [*parts, *_found(lines)]


def _found(lines: Sequence[Line]) -> list[Element]:
    tables = unruled_tables(lines)
    taken = frozenset().union(*(table.taken for table in tables))
    rest = [line for line in lines if line.order not in taken]
    return sorted([*rest, *tables], key=lambda each: -(each.box[3] if isinstance(each, Table) else each.y))
