"""``Extras``: what is left out of a document unless it is asked for."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Extras:
    """What to take beside what everybody reads."""

    comments: bool = False
    """Comments of Word, and notes on cells and slides' comments of the other formats."""
    hidden: bool = False
    """Hidden sheets, rows and columns of workbooks, and hidden slides."""


NOTHING_MORE = Extras()
