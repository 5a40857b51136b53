"""``Finding``: what is wrong with a changed document, told without asking a question."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

FindingKind = Literal[
    "contradiction",
    "near_duplicates",
    "instructions",
    "unchecked",
    "language",
    "size",
    "topic",
    "section_lost",
    "conversion",
    "deleted",
    "mass_delete",
]
Level = Literal["hold", "note"]


class Finding(BaseModel):
    """One reason to look at a document."""

    model_config = ConfigDict(frozen=True)

    document: str = Field(description="Path of the changed document.")
    kind: FindingKind
    level: Level = Field(description="`hold` keeps the state from readers, `note` is told beside the decision.")
    reason: str = Field(description="In words, naming the document.")
    sentences: tuple[str, ...] = Field(default=(), description="What shows it: of a contradiction both sentences.")
    others: tuple[str, ...] = Field(default=(), description="Other documents that it is about.")
