"""How questions are worded in each language: `templates.json`, one object a language."""

import re
from functools import cache
from importlib.resources import files
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, TypeAdapter


def _pattern(written: str) -> re.Pattern[str]:
    return re.compile(written, re.IGNORECASE)


Pattern = Annotated[re.Pattern[str], BeforeValidator(_pattern)]


class Templates(BaseModel):
    """Wordings with their places in braces, and patterns that read the documents of one language."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    cell: str
    cell_alone: str
    cell_in: str
    cell_under: str
    cell_text: str
    cell_single: str
    default: str
    default_of: str
    purpose: str
    purpose_of: str
    definition: str
    follow_up: str
    """Of the next row."""
    about: str
    """A question below its topic."""
    about_heading: str
    """A question about what stands below a heading."""
    which: str
    """Asks back which of some documents is meant; `either` stands between their names, and `named` names one."""
    either: str
    named: str
    captions: Pattern
    """What stands before the words of a caption."""
    defaults: tuple[Pattern, ...]
    """Where a text names a default, as the group `value`."""
    describing: frozenset[str]
    """Heads of columns that describe the first one."""
    attributes: frozenset[str]
    """Heads of columns that read well as `the … of`."""
    generic: frozenset[str]
    """Headings that name no topic."""
    how_to: str = ""
    option_verb: str = ""
    option_does: str = ""
    option_sets: str = ""


@cache
def templates() -> dict[str, Templates]:
    """The templates by language (ISO 639-1)."""
    written = files(__package__).joinpath("templates.json").read_text(encoding="utf-8")
    return TypeAdapter(dict[str, Templates]).validate_json(written)
