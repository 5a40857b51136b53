"""What a group of RTF inherits from the one around it: where text goes, how it is meant, and what its paragraph is."""

from dataclasses import dataclass
from typing import Any

_SWITCHES = {"v": "is_hidden", "deleted": "is_deleted", "htmlrtf": "is_alternative", "ls": "in_list"}
_NUMBERS = {"f": "font", "s": "style", "outlinelevel": "outline", "itap": "depth", "ilvl": "indent", "uc": "replaced"}
_MOVES = {"super": "sup", "sub": "sub", "nosupersub": ""}
_LARGEST = 10_000
_PLAIN: dict[str, Any] = {"is_hidden": False, "is_deleted": False, "font": None, "moved": ""}
_NEW_PARAGRAPH: dict[str, Any] = {"style": 0, "outline": None, "in_table": False, "depth": 1, "in_list": False}
_NEW_PARAGRAPH |= {"indent": 0}


@dataclass
class State:
    """The state of one group; it ends with the group."""

    place: str = "text"
    """Where text goes: `text`, `label`, `fonts`, `styles`, `info`, `title`, or `nowhere`."""
    opened: str = ""
    """Kind of the story that the group began."""
    font: int | None = None
    replaced: int = 1
    """Characters that stand for a Unicode character where it is not understood."""
    is_hidden: bool = False
    is_deleted: bool = False
    is_alternative: bool = False
    """Text that a message of HTML holds for readers of RTF, beside its own."""
    moved: str = ""
    """`sup` or `sub` for raised or lowered text."""
    style: int = 0
    outline: int | None = None
    in_table: bool = False
    depth: int = 1
    """Of the tables around the paragraph, if it is in one."""
    in_list: bool = False
    indent: int = 0

    @property
    def is_shown(self) -> bool:
        """Whether text is read by who reads the document."""
        return self.place == "text" and not (self.is_hidden or self.is_deleted or self.is_alternative)

    @property
    def table_depth(self) -> int:
        """Of the table that text stands in; 0 outside."""
        return max(1, self.depth) if self.in_table else 0

    def form(self, word: str, number: int | None) -> None:
        """Take a control word that says how what follows is meant; others are passed over."""
        if word in _SWITCHES:
            setattr(self, _SWITCHES[word], number != 0)
        elif word in _NUMBERS:
            setattr(self, _NUMBERS[word], min(max(0, number or 0), _LARGEST))
        elif word in _MOVES:
            self.moved = _MOVES[word] if number != 0 else ""
        elif word == "intbl":
            self.in_table = True
        elif word in {"plain", "pard"}:
            for name, value in (_PLAIN if word == "plain" else _NEW_PARAGRAPH).items():
                setattr(self, name, value)
