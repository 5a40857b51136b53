"""Presentations of PowerPoint 97 to 2003 (.ppt, MS-PPT): records within records; the last edit tells the slides."""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from operator import itemgetter

from tasks_lib.ingestion.converters.converted import ConvertedDocument, UnreadableDocumentError
from tasks_lib.ingestion.converters.extras import NOTHING_MORE, Extras
from tasks_lib.ingestion.converters.markdown import title_of
from tasks_lib.ingestion.converters.tables import Table
from tasks_lib.ingestion.converters.writing import TextWriter

_HEADER = 8
_CONTAINER = 0xF
_MOST_RECORDS = 1_000_000
_USER_EDIT, _PLACES = 0x0FF5, 0x1772
_SLIDE, _NOTES, _SLIDE_LIST, _SLIDE_PLACE, _SLIDE_ATOM, _SLIDE_INFO = 0x03EE, 0x03F0, 0x0FF0, 0x03F3, 0x03EF, 0x03F9
_KIND, _WIDE, _NARROW, _REFERENCE = 0x0F9F, 0x0FA0, 0x0FA8, 0x0F9E
_DRAWING, _GROUP, _SHAPE, _TEXT_BOX, _OPTIONS, _CHILD_PLACE = 0x040C, 0xF003, 0xF004, 0xF00D, 0xF122, 0xF00F
_COMMENT, _COMMENT_TEXT = 0x2EE0, 0x0FBA
_OF_SLIDES, _OF_NOTES = 0, 2
_TITLES, _NOTES_KIND = {0, 6}, 2
_IS_TABLE = 0x39F
_HIDDEN = 0x4
_ENCRYPTED = 0xF3D1C4DF
_SIGNS = str.maketrans({"\r": "\n", "\x0b": "\n", "\0": None})


@dataclass(frozen=True)
class _Record:
    kind: int
    instance: int
    content: bytes
    is_container: bool

    def children(self) -> Iterator["_Record"]:
        """The records in it."""
        return _records(self.content) if self.is_container else iter(())

    def find(self, *kinds: int) -> Iterator["_Record"]:
        """Those of some kinds in it, however deep, in their order."""
        for child in self.children():
            if child.kind in kinds:
                yield child
            else:
                yield from child.find(*kinds)


def convert_ppt(data: bytes, extras: Extras = NOTHING_MORE) -> ConvertedDocument:
    """Slides in their order: titles as headings, text, tables, and notes.

    :param extras: Hidden slides, and comments, are left out unless they are asked for.
    :raises UnreadableDocumentError: If the file is encrypted, older than PowerPoint 97 or damaged.
    """
    import olefile

    with olefile.OleFileIO(io.BytesIO(data)) as file:
        if not file.exists("PowerPoint Document") or not file.exists("Current User"):
            reason = "older than PowerPoint 97, or no presentation: save it as .pptx"
            raise UnreadableDocumentError(reason)
        user = bytes(file.openstream("Current User").read())
        content = bytes(file.openstream("PowerPoint Document").read())
    if _u32(user, 12) == _ENCRYPTED:
        reason = "encrypted: save it without a password"
        raise UnreadableDocumentError(reason)
    writer = TextWriter()
    _Deck(content, _u32(user, 16)).write(writer, extras)
    return writer.document("ppt", title=title_of(writer.headings))


class _Deck:
    def __init__(self, content: bytes, edit: int) -> None:
        self._content = content
        self._places, document = _objects(content, edit)
        self._document = self._object(document)

    def write(self, writer: TextWriter, extras: Extras) -> None:
        """All slides."""
        notes = {number: slide for number, slide, _ in self._listed(_OF_NOTES)}
        for _, slide, texts in self._listed(_OF_SLIDES):
            writer.page()
            info = next(slide.find(_SLIDE_INFO), None)
            if info and _u16(info.content, 10) & _HIDDEN and not extras.hidden:
                continue
            _write_slide(slide, texts, writer)
            about = next(slide.find(_SLIDE_ATOM), None)
            page = notes.get(_u32(about.content, 16)) if about else None
            said = [] if page is None else [text for kind, text in _boxes(page, []) if kind == _NOTES_KIND]
            writer.paragraph("\n".join(["Notes: " + said[0], *said[1:]]) if said else "")
            for comment in slide.find(_COMMENT) if extras.comments else ():
                writer.paragraph(_comment(comment))

    def _listed(self, instance: int) -> Iterator[tuple[int, _Record, list[tuple[int, str]]]]:
        """Number, record, and the texts that the list holds itself, of slides or pages of notes."""
        found: list[tuple[int, int, list[tuple[int, str]]]] = []
        for listed in (each for each in self._document.children() if each.kind == _SLIDE_LIST):
            kind = -1
            for record in listed.children() if listed.instance == instance else ():
                if record.kind == _SLIDE_PLACE:
                    found.append((_u32(record.content, 12), _u32(record.content, 0), []))
                elif record.kind == _KIND:
                    kind = _u32(record.content, 0)
                    found[-1][2].append((kind, ""))
                elif record.kind in {_WIDE, _NARROW} and found and found[-1][2]:
                    found[-1][2][-1] = (kind, _text(record))
        for number, place, texts in found:
            yield number, self._object(place), texts

    def _object(self, number: int) -> _Record:
        at = self._places.get(number)
        record = next(_records(self._content[at:]), None) if at is not None else None
        if record is None:
            reason = "damaged: it does not tell where its slides are"
            raise UnreadableDocumentError(reason)
        return record


def _objects(content: bytes, edit: int) -> tuple[dict[int, int], int]:
    """Where each object begins as the last edit left it, and the number of the document."""
    places: dict[int, int] = {}
    document, seen = 0, set[int]()
    while edit not in seen and edit + _HEADER < len(content):
        seen.add(edit)
        record = next(_records(content[edit:]), None)
        if record is None or record.kind != _USER_EDIT:
            break
        document = document or _u32(record.content, 16)
        directory = next(_records(content[_u32(record.content, 12) :]), None)
        if directory is not None and directory.kind == _PLACES:
            for number, place in _directory(directory.content):
                places.setdefault(number, place)
        edit = _u32(record.content, 8)
        if not edit:
            break
    return places, document


def _directory(content: bytes) -> Iterator[tuple[int, int]]:
    at = 0
    while at + 4 <= len(content):
        first, count = _u32(content, at) & 0xFFFFF, _u32(content, at) >> 20
        at += 4
        for step in range(count):
            yield first + step, _u32(content, at + 4 * step)
        at += 4 * count


def _write_slide(slide: _Record, texts: list[tuple[int, str]], writer: TextWriter) -> None:
    drawing = next((each for each in slide.children() if each.kind == _DRAWING), None)
    boxes = list(_blocks(drawing, texts)) if drawing else []
    said = [text for box in boxes if isinstance(box, tuple) for text in box[1:]]
    kept = [(kind, text) for kind, text in texts if text not in said]
    for block in [*kept, *boxes] if kept and kept[0][0] in _TITLES else [*boxes, *kept]:
        if isinstance(block, Table):
            writer.table(block)
        elif block[0] in _TITLES:
            writer.heading(1, block[1])
        else:
            writer.paragraph(block[1])


def _blocks(record: _Record, texts: list[tuple[int, str]]) -> Iterator[tuple[int, str] | Table]:
    """Text boxes and tables of a drawing, in its order."""
    for child in record.children():
        if child.kind == _GROUP and _is_table(child):
            yield _table(child, texts)
        elif child.kind == _TEXT_BOX:
            yield from _text_box(child, texts)
        else:
            yield from _blocks(child, texts)


def _boxes(record: _Record, texts: list[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    for box in record.find(_TEXT_BOX):
        yield from _text_box(box, texts)


def _text_box(box: _Record, texts: list[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    """Kind and text; one that is written in the list of slides is named by its number."""
    kind = -1
    for record in _records(box.content):
        if record.kind == _KIND:
            kind = _u32(record.content, 0)
        elif record.kind in {_WIDE, _NARROW}:
            yield kind, _text(record)
        elif record.kind == _REFERENCE and _u32(record.content, 0) < len(texts):
            yield texts[_u32(record.content, 0)]


def _is_table(group: _Record) -> bool:
    own = next((each for each in group.children() if each.kind == _SHAPE), None)
    options = [each for each in own.children() if each.kind == _OPTIONS] if own else []
    return any(
        _u16(each.content, 6 * number) & 0x3FFF == _IS_TABLE for each in options for number in range(each.instance)
    )


def _table(group: _Record, texts: list[tuple[int, str]]) -> Table:
    """Cells are shapes: those of the same upper edge are a row."""
    cells: list[tuple[int, int, str]] = []
    for shape in (each for each in group.children() if each.kind == _SHAPE):
        place = next(shape.find(_CHILD_PLACE), None)
        box = next(shape.find(_TEXT_BOX), None)
        if place and box:
            text = "\n".join(text for _, text in _text_box(box, texts))
            cells.append((_u32(place.content, 4), _u32(place.content, 0), text))
    columns = sorted({left for _, left, _ in cells})
    rows = {upper: [""] * len(columns) for upper, _, _ in sorted(cells)}
    for upper, left, text in sorted(cells, key=itemgetter(0, 1)):
        rows[upper][columns.index(left)] = text
    return Table(list(rows.values()))


def _comment(record: _Record) -> str:
    texts = {each.instance: _text(each, wide=True) for each in record.children() if each.kind == _COMMENT_TEXT}
    by = f" by {texts[0]}" if texts.get(0) else ""
    return f"Comment{by}: {texts.get(1, '')}"


def _text(record: _Record, *, wide: bool = False) -> str:
    encoding = "utf-16-le" if wide or record.kind == _WIDE else "latin-1"
    return record.content.decode(encoding, "replace").translate(_SIGNS).strip()


def _records(content: bytes) -> Iterator[_Record]:
    at = 0
    for _ in range(_MOST_RECORDS):
        if at + _HEADER > len(content):
            return
        first, kind, length = _u16(content, at), _u16(content, at + 2), _u32(content, at + 4)
        begin = at + _HEADER
        yield _Record(kind, first >> 4, content[begin : begin + length], first & _CONTAINER == _CONTAINER)
        at = begin + length


def _u16(data: bytes, place: int) -> int:
    return int.from_bytes(data[place : place + 2], "little")


def _u32(data: bytes, place: int) -> int:
    return int.from_bytes(data[place : place + 4], "little")
