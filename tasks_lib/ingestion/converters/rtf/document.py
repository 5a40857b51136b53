"""Rich Text Format, read here since its libraries lose text: one the alphabets of fonts, another tables and notes.

Each font has an encoding of its own. Tracked deletions, hidden text and what fields are made from are left out.
"""

import re
from collections.abc import Callable
from copy import copy
from functools import partial

from tasks_lib.ingestion.converters.converted import ConvertedDocument, UnreadableDocumentError
from tasks_lib.ingestion.converters.extras import NOTHING_MORE, Extras
from tasks_lib.ingestion.converters.markdown import title_of
from tasks_lib.ingestion.converters.rtf.state import State
from tasks_lib.ingestion.converters.rtf.syntax import SIGNS, Token, encoding_of_charset, encoding_of_code_page, tokens
from tasks_lib.ingestion.converters.story import Paragraph, Story, is_number
from tasks_lib.ingestion.converters.story_rows import RowShape
from tasks_lib.ingestion.converters.writing import TextWriter, raised

_SETS = {"ansi": "cp1252", "mac": "mac_roman", "pc": "cp437", "pca": "cp850"}
_LEFT_OUT = {
    *("colortbl", "pict", "nonshppict", "fldinst", "tc", "tcn", "xe", "rxe", "sp", "shprslt", "nonesttables"),
    *("objclass", "objname", "filetbl", "listtable", "listoverridetable", "revtbl", "upr", "ftnsep", "ftnsepc"),
    *("aftnsep", "aftnsepc", "ftncn", "aftncn", "private", "formfield", "bkmkstart", "bkmkend", "template"),
}
_STORIES = dict.fromkeys(("header", "headerl", "headerr", "headerf"), "header")
_STORIES |= dict.fromkeys(("footer", "footerl", "footerr", "footerf"), "footer")
_STORIES |= {"footnote": "footnote", "shptxt": "box", "dptxbxtext": "box", "annotation": "comment"}
_STARRED = {"shpinst", "shpgrp", "do", "nesttableprops", "ud", "annotation"}
"""Destinations that older readers pass over, and that hold text."""
_INSIDE = {"fonttbl": "fonts", "stylesheet": "styles", "info": "info", "listtext": "label", "pntext": "label"}
_HEADING = re.compile(r"heading (\d)", re.IGNORECASE)
_MOST_LEVELS = 9


def convert_rtf(data: bytes, extras: Extras = NOTHING_MORE) -> ConvertedDocument:
    """Text with headings, lists, tables and notes; headers and footers once.

    :param extras: Comments are left out unless they are asked for.
    :raises UnreadableDocumentError: If the file is no RTF.
    """
    if not data.lstrip().startswith(b"{\\rtf"):
        reason = "is no RTF: it does not begin with {\\rtf"
        raise UnreadableDocumentError(reason)
    reader = _Reader(extras)
    for token in tokens(data.lstrip()):
        reader.take(token)
    return reader.document()


class _Styles:
    """Levels of the headings among the styles."""

    def __init__(self) -> None:
        self.levels: dict[int, int] = {}
        self.number, self.outline, self.name = 0, _MOST_LEVELS, ""

    def end(self) -> None:
        """The description of a style ends."""
        named = _HEADING.match(self.name.strip())
        level = int(named[1]) if named else self.outline + 1
        if self.name and 0 < level <= _MOST_LEVELS:
            self.levels[self.number] = level
        self.number, self.outline, self.name = 0, _MOST_LEVELS, ""


class _Reader:
    def __init__(self, extras: Extras) -> None:
        self._extras = extras
        self._state = State()
        self._groups: list[State] = []
        self._outer: list[Story] = []
        self._story = Story()
        self._around: dict[str, list[str]] = {"header": [], "footer": []}
        self._encoding, self._encodings, self._default_font = "cp1252", dict[int, str](), 0
        self._styles = _Styles()
        self._bytes = bytearray()
        self._pass_over = 0
        self._is_starred = False
        self._label: str | None = None
        self._notes = 0
        self._title = ""
        self._acts: dict[str, Callable[[], None]] = {
            **dict.fromkeys(("par", "sect", "page", "\n", "\r"), self._end_paragraph),
            "trowd": self._new_row,
            "trhdr": self._header_row,
            "cell": partial(self._end_cell, 1),
            "nestcell": partial(self._end_cell, 2),
            "row": partial(self._end_row, 1),
            "nestrow": partial(self._end_row, 2),
        }

    def take(self, token: Token) -> None:
        """Read one token."""
        if token.text:
            text = token.text[self._pass_over :]
            self._pass_over = max(0, self._pass_over - len(token.text))
            self._bytes += text if self._state.place != "nowhere" else b""
            return
        self._flush()
        if token.brace:
            self._pass_over = 0
            self._begin() if token.brace == "{" else self._end()
        elif self._pass_over:
            self._pass_over -= 1
        else:
            self._word(token.word, token.number)

    def document(self) -> ConvertedDocument:
        """The document, once all tokens were read."""
        self._flush()
        while self._groups:
            self._end()
        self._end_story()
        writer = TextWriter()
        for text in dict.fromkeys(self._around["header"]):
            writer.paragraph(text)
        self._story.write(writer)
        for text in dict.fromkeys(self._around["footer"]):
            writer.paragraph(text)
        return writer.document("rtf", title=" ".join(self._title.split()) or title_of(writer.headings))

    def _begin(self) -> None:
        self._groups.append(self._state)
        self._state = copy(self._state)
        self._state.opened = ""
        self._is_starred = False

    def _end(self) -> None:
        if self._state.place == "styles":
            self._styles.end()
        if kind := self._state.opened:
            self._end_story()
            ended, self._story = self._story, self._outer.pop()
            self._keep(kind, ended)
        self._state = self._groups.pop() if self._groups else State()

    def _begin_story(self, kind: str) -> None:
        if kind == "footnote":
            self._notes += 1
            self._say(f"[{self._notes}]")
        self._outer.append(self._story)
        self._story = Story()
        self._state.form("pard", None)
        self._state.opened = kind

    def _end_story(self) -> None:
        self._end_paragraph()
        self._story.end_table()

    def _keep(self, kind: str, story: Story) -> None:
        if kind == "box":
            self._story.behind.append(story)
        elif text := story.text():
            mark = f"[{self._notes}]" if kind == "footnote" else "Comment:"
            kept = self._around.get(kind)
            if kept is None:
                self._story.behind.append(f"{mark} {text}")
            else:
                kept.append(text)

    def _word(self, word: str, number: int | None) -> None:
        if word == "*":
            self._is_starred = True
            return
        starred, self._is_starred = self._is_starred, False
        if word in _STORIES and self._state.is_shown and (word != "annotation" or self._extras.comments):
            self._begin_story(_STORIES[word])
        elif word in _LEFT_OUT or word in _STORIES or (starred and word not in _STARRED):
            self._state.place = "nowhere"
        elif word == "ud":
            self._state.place = self._groups[-2].place if len(self._groups) > 1 else "text"
        elif self._state.place in {"fonts", "styles", "info"}:
            self._about(word, number)
        elif self._state.place != "nowhere":
            self._state.place = _INSIDE.get(word, self._state.place)
            self._form(word, number)

    def _about(self, word: str, number: int | None) -> None:
        """A word in the tables at the beginning."""
        value = number or 0
        if word == "f":
            self._state.font = value
        elif word == "fcharset":
            self._encodings[self._state.font or 0] = encoding_of_charset(value, self._encoding)
        elif word == "cpg":
            self._encodings[self._state.font or 0] = encoding_of_code_page(value, self._encoding)
        elif word == "s":
            self._styles.number = value
        elif word == "outlinelevel":
            self._styles.outline = value
        elif word == "title":
            self._state.place = "title"

    def _form(self, word: str, number: int | None) -> None:
        """A word in the text."""
        if word in SIGNS:
            self._say(SIGNS[word])
        elif word in self._acts:
            self._acts[word]()
        elif word == "u":
            self._say(chr((number or 0) % 2**16))
            self._pass_over = self._state.replaced
        elif word in _SETS:
            self._encoding = _SETS[word]
        elif word == "ansicpg":
            self._encoding = encoding_of_code_page(number or 0, self._encoding)
        elif word == "deff":
            self._default_font = number or 0
        elif word in {"cellx", "clmrg", "clvmrg"}:
            self._shape_cell(word, number or 0)
        else:
            self._state.form(word, number)

    def _row_depth(self) -> int:
        """Of the row that is being defined: tables in tables define theirs behind their cells."""
        return max(1, self._state.table_depth)

    def _new_row(self) -> None:
        self._story.shapes[self._row_depth()] = RowShape()

    def _header_row(self) -> None:
        self._story.shape(self._row_depth()).is_header = True

    def _shape_cell(self, word: str, number: int) -> None:
        shape = self._story.shape(self._row_depth())
        if word == "cellx":
            shape.end_cell(number)
        else:
            shape.left, shape.above = shape.left or word == "clmrg", shape.above or word == "clvmrg"

    def _end_cell(self, depth: int) -> None:
        depth = depth if depth == 1 else max(depth, self._state.depth)
        self._end_paragraph(depth)
        self._story.end_cell(depth)

    def _end_row(self, depth: int) -> None:
        self._story.end_row(depth if depth == 1 else max(depth, self._state.depth))

    def _end_paragraph(self, depth: int | None = None) -> None:
        state = self._state
        depth = state.table_depth if depth is None else depth
        text = "".join(self._story.words).strip()
        level = self._styles.levels.get(state.style, 0) if state.outline is None else state.outline + 1
        label, self._label = self._label, None
        mark = " ".join((label or "").split()) if label is not None or (state.in_list and text) else None
        heading = level if level <= _MOST_LEVELS else 0
        if (depth or heading) and text and mark and is_number(mark):
            text = f"{mark} {text}"
        self._story.end_paragraph(Paragraph(text, heading, mark, min(state.indent, _MOST_LEVELS)), depth)

    def _flush(self) -> None:
        if self._bytes:
            font = self._default_font if self._state.font is None else self._state.font
            text = bytes(self._bytes).decode(self._encodings.get(font, self._encoding), "replace")
            self._bytes.clear()
            self._say(text)

    def _say(self, text: str) -> None:
        state = self._state
        if state.is_shown:
            self._story.words.append(raised(text, state.moved) if state.moved else text)
        elif state.place == "label":
            self._label = (self._label or "") + text
        elif state.place == "styles":
            self._styles.name += text
        elif state.place == "title":
            self._title += text
