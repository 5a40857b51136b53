"""What making an evaluation set gives, as the command prints it."""

from pydantic import BaseModel, Field


class DatasetResult(BaseModel):
    """One version of an evaluation set."""

    dataset: str = Field(description="Name of the set.")
    version: int | None = Field(description="Immutable version; null while there is none.")
    examples: int
    by_kind: dict[str, int]
    rejected: dict[str, int] = Field(description="Reason → candidates that were turned away.")
    origin: str = Field(description="`extractive` (made from sentences, without a model), `import`, or a model's id.")
    note: str = ""
    index: str = ""
    index_version: str | None = None
    unchanged: bool = Field(default=False, description="The newest version holds these very examples.")
    candidates: int | None = Field(default=None, description="Production questions with bad feedback or bad scores.")
    candidates_file: str | None = Field(default=None, description="Where the candidates wait to be confirmed.")
    seconds: float = 0.0
