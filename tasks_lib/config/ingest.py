"""``IngestConfig``: the section `ingest`."""

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from tasks_lib.config.pipelines import HaystackComponent
from tasks_lib.config.runner import RunnerConfig
from tasks_lib.config.sources import SiteConfig, Sources
from tasks_lib.config.strict import StrictModel


def _suffix(text: str) -> str:
    if not re.fullmatch(r"\.[^./\\]+", text):
        msg = f"{text!r} is no suffix of a file's name; write it with its dot, as in .epub"
        raise ValueError(msg)
    return text.lower()


Suffix = Annotated[str, AfterValidator(_suffix)]
"""Ending of a file's name with its dot, in lower case."""


class AccessConfig(StrictModel):
    """Who may see documents."""

    default: Literal["public", "nobody"] = Field(
        default="public", description="Who may see a document of which its source says nothing."
    )
    s3_tag: str | None = Field(
        default=None,
        min_length=1,
        max_length=128,
        description="Tag of S3 objects whose value names the groups that may see them, with + between them; empty: "
        "tags are not read. It costs a request for each object.",
    )


class IngestConfig(RunnerConfig):
    """How documents are brought into the index."""

    source: str | None = Field(
        default=None,
        description="Folder, s3:// prefix, https://…/sitemap.xml, git+https://…, any address that fsspec reads, or the "
        "name of one of `sources`; empty for the sample handbook.",
    )
    sources: Sources = Field(
        default=(), description="Sources by name; `llmops bootstrap` gives each the schedule that it names."
    )
    site: SiteConfig = SiteConfig()
    access: AccessConfig = AccessConfig()
    include: tuple[str, ...] = Field(default=(), description="Globs; empty for every format that is understood.")
    dry_run: bool = Field(default=False, description="Print the plan and change nothing.")
    allow_mass_delete: bool = Field(default=False, description="Let a run delete more than `mass_delete_share`.")
    mass_delete_share: float = Field(
        default=0.3, gt=0, le=1, description="Share of a source's documents that a run may delete unasked."
    )
    max_file_megabytes: float = Field(default=50, gt=0, description="Larger files are recorded as failed.")
    mask_pii: bool = Field(
        default=False,
        description="Black out personal data (`guardrails.personal_data`) before documents are cut; lengths stay.",
    )
    comments: bool = Field(default=False, description="Ingest comments in Office files as well.")
    hidden: bool = Field(
        default=False, description="Ingest hidden sheets, rows, columns and slides of Office files as well."
    )
    converters: dict[Suffix, HaystackComponent] = Field(
        default_factory=dict,
        description="Suffix, such as `.epub` → the Haystack converter (`type`, `init_parameters`) of its files.",
    )
    pipeline: str | None = Field(
        default=None,
        description="File with a Haystack pipeline in YAML that is run instead (`llmops pipeline show indexing` prints "
        "one), where every worker finds it. It then decides what is converted, masked and cut.",
    )
    batch_documents: int = Field(default=32, ge=1, le=1000, description="Documents a mapped task takes.")
    lock_timeout_seconds: float = Field(default=600, ge=0, description="How long to wait for another writer.")
