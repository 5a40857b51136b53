"""``IngestResult``: the counts and failures of an ingest."""

from pydantic import BaseModel, Field


class FailedDocument(BaseModel):
    """A document that was not brought in; what the index held of it before stays."""

    path: str
    reason: str


class DoubtfulDocument(BaseModel):
    """A document that was brought in, whose text may not be what its file says."""

    path: str
    reason: str


class SkippedFiles(BaseModel):
    """Files of a source that were passed over, since their format is not understood."""

    suffix: str = Field(description="In lower case with its dot; empty for names without one.")
    count: int
    example: str = Field(description="Path of one of them.")


class AccessProblem(BaseModel):
    """A statement of who may see documents that is not understood; nobody sees what it speaks of."""

    path: str
    reason: str


class AccessResult(BaseModel):
    """Who may see the documents of a source, in numbers."""

    restricted: int = Field(default=0, description="Documents of the source that not everybody may see.")
    changed: int = Field(default=0, description="Documents that others may see than before this run.")
    problems: list[AccessProblem] = Field(
        default_factory=list,
        description="Access files, and front matter, that are not understood: nobody sees what they speak of.",
    )


class IngestPlan(BaseModel):
    """What a run would do: paths relative to the source."""

    add: list[str] = Field(default_factory=list)
    update: list[str] = Field(default_factory=list)
    delete: list[str] = Field(default_factory=list)


class IngestResult(BaseModel):
    """The outcome of one sync; for a dry run the counts are those of the plan."""

    index: str
    index_version: str | None = Field(description="Committed state of the index; null while nothing was ingested.")
    source: str = Field(description="URI of the source.")
    renamed_from: str | None = Field(
        default=None, description="What the index called this source until this run; its documents were taken over."
    )
    added: int = 0
    updated: int = 0
    unchanged: int = 0
    deleted: int = 0
    failed: list[FailedDocument] = Field(default_factory=list)
    doubtful: list[DoubtfulDocument] = Field(
        default_factory=list,
        description="Documents whose text may not be what their files say: a guessed encoding, bad bytes, scans.",
    )
    skipped: list[SkippedFiles] = Field(
        default_factory=list,
        description="Files whose format is not understood, by suffix, the most frequent first; those that globs or the "
        "ignore file leave out, and hidden ones, are not counted.",
    )
    forgotten: int = Field(default=0, description="Documents that were forgotten, and are kept out.")
    quarantined: list[str] = Field(
        default_factory=list,
        description="Documents left as the index has them: their present content was taken back by a person or held "
        "too long. A new content comes in, and `llmops release --let-in DOCUMENT` lets this one in.",
    )
    access: AccessResult | None = Field(
        default=None, description="Who may see the documents; null where their source says nothing of it."
    )
    decision: str | None = Field(
        default=None,
        description="Of the documents' gate (`index.follow: gated`): `released`, `held` or `undecided`; null where it "
        "did not run.",
    )
    released_state: str | None = Field(default=None, description="State of the index that is read, where it is gated.")
    reasons: list[str] = Field(default_factory=list, description="Why the documents' gate decided so.")
    chunks: int = Field(default=0, description="Chunks in the index after the run, of all sources.")
    languages: dict[str, float] = Field(
        default_factory=dict, description="Language (ISO 639-1) → share of the chunks in it, by a sample of the index."
    )
    embedded_chunks: int = Field(default=0, description="Texts that were embedded; known ones are not.")
    seconds: float = 0.0
    warnings: list[str] = Field(
        default_factory=list, description="What went wrong beside the index, which is right all the same."
    )
    documents: IngestPlan = Field(
        default_factory=IngestPlan, exclude=True, description="What was added, updated and deleted; MLflow keeps it."
    )
    dry_run: bool = False
    plan: IngestPlan | None = Field(default=None, description="Only for a dry run.")

    @property
    def title(self) -> str:
        """`1 added, 2 deleted`: as lists of runs tell it."""
        counts = {"added": self.added, "updated": self.updated, "deleted": self.deleted, "failed": len(self.failed)}
        told = ", ".join(f"{count:,} {name}" for name, count in counts.items() if count) or "nothing changed"
        return f"{told} (dry run)" if self.dry_run else told

    @property
    def changed(self) -> bool:
        """Whether the index is another one than before."""
        return not self.dry_run and bool(self.added or self.updated or self.deleted or self.renamed_from)
