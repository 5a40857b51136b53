"""Questions that one cell of a table answers, or the cell that describes the first one of its row."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tasks_lib.dataset.patterns.finding import Finding
from tasks_lib.dataset.patterns.page import ROW, Block, Page, first_sentence, plain
from tasks_lib.dataset.patterns.templates import Templates

_CELL_END = re.compile(r"(?<!\\)\|")
_RULE = re.compile(r"[\s|:*_=-]+$")
_NOTHING = frozenset({"", "-", "–", "—", "x", "n/a", "n.a", "na", "none", "…", "?", "*"})
_MARKS = re.compile(r"[*†‡§]+$|\[\d+\]")
_NUMBER = re.compile(r"[^\w]*\d[\d.,\s%]*[^\w]*")
_YEAR = re.compile(r"(?:1[5-9]|20)\d\d(?:[-/–]\d{2,4})?")
_SUM = re.compile(r"(?:grand |sub)?total\b|summe\b|gesamt|insgesamt|合计|总计|average\b|mean\b", re.IGNORECASE)
_NUMBERED = re.compile(r"^(?:[A-Z]\s+)?(?:appendix \w+|\d+(?:\.\d+)*)[.:)]?\s+|\s*\(tables? [^)]*\)", re.IGNORECASE)
_LONGEST_NAME, _LONGEST_HEAD, _LONGEST_VALUE = 60, 70, 100
_FURTHER = re.compile(r" by | per | von | nach | por |, | \(|; ")
"""Behind it, a caption says how its subject is divided."""
_SHORTEST_CAPTION = 4
_FEWEST_ROWS = 3
"""With the header: what has one row is a form, whose first cell names nothing."""
_SHORTEST_DESCRIPTION = 12
_MEANINGS = frozenset({"meaning", "definition", "bedeutung", "erklärung", "significado", "definición", "含义"})
"""Heads of columns that say what the first one is, and not what it is for."""
_LONGEST_CAPTION = 25
"""Words; a longer paragraph before a table is no caption."""


@dataclass(frozen=True)
class Table:
    """Rows of one table below their header; `cells[i]` has one text a column, without the column's name."""

    header: tuple[str, ...]
    rows: tuple[Block, ...]
    cells: tuple[tuple[str, ...], ...]
    caption: str


def tables(page: Page, wording: Templates) -> Iterator[Table]:
    """The tables of a page that have a header and two columns or more."""
    run: list[Block] = []
    for block in [*page.blocks, None]:
        if block is not None and block.kind == ROW:
            run.append(block)
            continue
        if len(run) > 1 and (table := _table(page, run, wording)):
            yield table
        run = []


def cells(page: Page, wording: Templates) -> Iterator[Finding]:
    """Questions about the cells, row by row."""
    for table in tables(page, wording):
        names = _row_names(table)
        for block, texts, name in zip(table.rows, table.cells, names, strict=True):
            if name:
                yield from _of_row(page, wording, table, block, texts, name)


def _of_row(
    page: Page, wording: Templates, table: Table, block: Block, texts: Sequence[str], name: str
) -> Iterator[Finding]:
    doubled = Counter(table.header)
    for column, (head, value) in enumerate(zip(table.header, texts, strict=True)):
        if column == 0 or value.lower().strip(".") in _NOTHING or doubled[head] > 1 or value in {head, name}:
            continue
        if head.lower() in wording.describing:
            yield from _described(page, wording, table, block, name, value, means=head.lower() in _MEANINGS)
        elif len(value) <= _LONGEST_VALUE and len(head) <= _LONGEST_HEAD:
            question = _question(wording, table, head, name, value)
            if question:
                kind = "how_many" if _NUMBER.fullmatch(value) else "which"
                yield Finding(page, question, value, block.start, block.end, "table_cell", kind, table.caption, name)


def _question(wording: Templates, table: Table, head: str, name: str, value: str) -> str:
    """The question for the cell; empty where nobody would know what is asked for."""
    numeric = bool(_NUMBER.fullmatch(value))
    places = {"caption": table.caption, "row": name, "column": head}
    if not table.caption:
        return wording.cell_alone.format(**places) if head.lower() in wording.attributes else ""
    if not head:
        return wording.cell_single.format(**places) if len(table.header) == 2 and numeric else ""
    if _YEAR.fullmatch(head):
        return wording.cell_in.format(**places)
    if head.lower() in wording.attributes:
        return wording.cell.format(**places)
    return (wording.cell_under if numeric else wording.cell_text).format(**places)


def _described(
    page: Page, wording: Templates, table: Table, block: Block, name: str, value: str, *, means: bool
) -> Iterator[Finding]:
    """What the first cell of the row is, or is for."""
    if len(value) < _SHORTEST_DESCRIPTION:
        return
    answer = first_sentence(value)
    thing = re.match(r"(?:the|an?|der|die|das|el|la|los|las)\s", answer, re.IGNORECASE)
    template = wording.definition if thing or means else wording.purpose
    yield Finding(page, template.format(name=name), answer, block.start, block.end, "purpose", "what", table.caption)


def _table(page: Page, run: Sequence[Block], wording: Templates) -> Table | None:
    rows = [block for block in run if not _RULE.fullmatch(block.text)]
    header = tuple(_MARKS.sub("", plain(cell)) for cell in _split(rows[0].text))
    if len(rows) < _FEWEST_ROWS or len(header) < 2 or not _has_header(page, run, header):
        return None
    split = [(block, _split(block.text)) for block in rows[1:]]
    regular = [(block, parts) for block, parts in split if len(parts) == len(header)]
    return Table(
        header=header,
        rows=tuple(block for block, _ in regular),
        cells=tuple(
            tuple(_without_name(plain(part), head) for part, head in zip(parts, header, strict=True))
            for _, parts in regular
        ),
        caption=_caption(page, rows[0], wording),
    )


def _has_header(page: Page, run: Sequence[Block], header: Sequence[str]) -> bool:
    """Whether the first row names the columns: a rule follows, the next row repeats it, or it holds no value."""
    if _RULE.fullmatch(run[1].text):
        return True
    if any(head and f"{head}:" in plain(run[1].text) for head in header):
        return True
    return (
        "|--" not in page.text and "| --" not in page.text and not any(_NUMBER.fullmatch(head) for head in header[:1])
    )


def _split(row: str) -> list[str]:
    inner = row.strip().removeprefix("|")
    inner = inner.removesuffix("|") if not inner.endswith("\\|") else inner
    return [cell.strip() for cell in _CELL_END.split(inner)]


def _without_name(cell: str, head: str) -> str:
    """The value of a cell that may say its column first, as `rate: 7.5%` does."""
    for name in (head, head + "*", head + "**"):
        if name and cell.startswith(f"{name}:"):
            return cell[len(name) + 1 :].strip()
    return cell


def _row_names(table: Table) -> list[str]:
    """The first cell of each row, with the second where the first is not enough; empty for rows without a name."""
    names = [_MARKS.sub("", texts[0]) for texts in table.cells]
    if any(count > 1 for count in Counter(names).values()):
        names = [f"{name} ({texts[1]})" if texts[1] else "" for name, texts in zip(names, table.cells, strict=True)]
    doubled = Counter(names)
    return [name if _is_name(name, table.caption) and doubled[name] == 1 else "" for name in names]


def _is_name(name: str, caption: str) -> bool:
    if not 1 < len(name) <= _LONGEST_NAME or _SUM.match(name):
        return False
    return any(letter.isalpha() for letter in name) or bool(caption and _YEAR.fullmatch(name))


def _caption(page: Page, first: Block, wording: Templates) -> str:
    """What the table is about: the line before it, else the heading, the title, or the name of the file."""
    marked = list(wording.captions.finditer(plain(first.lead)))
    if marked and (caption := _tidy(plain(first.lead)[marked[-1].end() :])):
        return caption
    lead = plain(first.lead.rpartition("\n\n")[2])
    if lead and lead[-1] not in ".!?。" and (caption := _tidy(lead)):
        return caption
    topics = (_tidy(re.sub(_NUMBERED, "", plain(words))) for words in (first.heading, page.title, page.name))
    return next((topic for topic in topics if topic and topic.lower() not in wording.generic), "")


def _tidy(caption: str) -> str:
    """The first words of a caption, without the marks around it; nothing where it is too long to be one."""
    caption = caption.strip(" :：|-–—.")  # noqa: RUF001
    subject = _FURTHER.split(caption)[0]
    caption = subject if len(subject.split()) >= _SHORTEST_CAPTION else caption
    if ". " in caption or "following" in caption.lower().split():
        return ""
    whole = caption.count("(") == caption.count(")") and "|" not in caption and any(map(str.isalpha, caption[:3]))
    return caption if whole and len(caption.split()) <= _LONGEST_CAPTION else ""
