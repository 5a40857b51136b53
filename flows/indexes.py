"""`llmops index`: what indexes there are, which versions need them, and dropping one that nobody needs."""

from pydantic import BaseModel, Field

from blocks.resolve import resolve_platform
from tasks_lib.config.settings import Settings
from tasks_lib.errors import IndexUnavailableError, InputError
from tasks_lib.platform import Platform


class IndexRow(BaseModel):
    """One index."""

    name: str
    version: str | None = None
    chunks: int = 0
    documents: int = 0
    sources: list[str] = Field(default_factory=list)
    problem: str = Field(default="", description="Why the index cannot be read.")
    bytes: int | None = None
    needed_by: list[str] = Field(default_factory=list, description="Aliases whose version reads this index.")


class IndexList(BaseModel):
    """All indexes of a platform; `dropped` names the one that was just deleted."""

    indexes: list[IndexRow]
    dropped: str | None = None


def list_indexes(settings: Settings, platform: str) -> IndexList:
    """Every index with its figures and the aliases that need it."""
    return IndexList(indexes=_rows(resolve_platform(platform), settings))


def drop_index(name: str, settings: Settings, platform: str) -> IndexList:
    """Delete an index.

    :raises InputError: If it does not exist, or a production or previous version reads it.
    """
    place = resolve_platform(platform)
    rows = {row.name: row for row in _rows(place, settings)}
    if name not in rows:
        raise InputError(
            f"there is no index {name!r}; indexes: {', '.join(rows) or 'none'}", hint="See `llmops index list`."
        )
    if rows[name].needed_by:
        raise InputError(
            f"index {name!r} is read by {', '.join(rows[name].needed_by)}",
            hint="Deploy a version that reads another index first.",
        )
    opened = place.open_index(name)
    with opened.writing(settings.ingest.lock_timeout_seconds):
        opened.drop()
    return IndexList(indexes=[row for row in rows.values() if row.name != name], dropped=name)


def _rows(platform: Platform, settings: Settings) -> list[IndexRow]:
    needed = _needed(platform, settings)
    rows = []
    for name in platform.indexes():
        try:
            info = platform.open_index(name).info()
        except IndexUnavailableError as error:
            rows.append(IndexRow(name=name, problem=error.message, needed_by=needed.get(name, [])))
            continue
        rows.append(
            IndexRow(
                name=info.name,
                version=info.version,
                chunks=info.chunks,
                documents=info.documents,
                sources=info.sources,
                bytes=info.bytes,
                needed_by=needed.get(name, []),
            )
        )
    return rows


def _needed(platform: Platform, settings: Settings) -> dict[str, list[str]]:
    from tasks_lib.registry.live import find_live
    from tasks_lib.registry.tracking import connect

    client = connect(platform)
    needed: dict[str, list[str]] = {}
    for alias in settings.gate.aliases.values():
        live = find_live(client, settings.gate.model_name, alias)
        if live is not None:
            needed.setdefault(live.rag.index_name, []).append(f"{alias} (version {live.version})")
    return needed
