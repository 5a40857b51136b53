"""Named sources of documents, each with a schedule of its own."""

from collections.abc import Sequence
from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from tasks_lib.config.strict import StrictModel


class ScheduleConfig(StrictModel):
    """When Prefect ingests a source."""

    cron: str | None = Field(default=None, description="As in `0 5 * * 1-5`; either this or `interval`.")
    interval: float | None = Field(default=None, gt=0, description="Seconds between two runs.")
    timezone: str = Field(default="UTC", description="Of `cron`, as in Europe/Berlin.")
    active: bool = Field(default=True, description="Off until somebody switches it on in Prefect, if false.")

    @model_validator(mode="after")
    def _is_one_of_two(self) -> "ScheduleConfig":
        if (self.cron is None) == (self.interval is None):
            msg = "a schedule has either `cron` or `interval`"
            raise ValueError(msg)
        return self


class SiteConfig(StrictModel):
    """How web sites are read by their sitemaps."""

    max_pages: int = Field(default=1000, ge=1, description="A site with more pages that match is refused.")
    max_megabytes: float = Field(
        default=500, gt=0, description="What a run downloads of a site; the next one goes on from there."
    )
    requests_per_second: float = Field(
        default=4, gt=0, le=100, description="At most; fewer where robots.txt asks for a longer `Crawl-delay`."
    )
    private_addresses: bool = Field(
        default=False, description="Allow pages on this machine and in private networks, as an intranet's are."
    )


class SourceConfig(StrictModel):
    """A source by its name."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$", description="What `--source` and its schedule call it.")
    source: str = Field(min_length=1, description="Folder, s3:// prefix, or another address.")
    include: tuple[str, ...] = Field(default=(), description="Globs; empty for `ingest.include`.")
    schedule: ScheduleConfig | None = Field(default=None, description="Empty: only when somebody starts it.")


def _differ(sources: Sequence[SourceConfig]) -> Sequence[SourceConfig]:
    names = [source.name for source in sources]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        msg = f"two sources have the same name: {', '.join(twice)}"
        raise ValueError(msg)
    return sources


Sources = Annotated[tuple[SourceConfig, ...], AfterValidator(_differ)]
