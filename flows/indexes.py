"""`llmops index`: list the indexes and the versions that need them, and drop an unused one."""

from pydantic import BaseModel, Field

from blocks.resolve import resolve_platform
from tasks_lib.assistant.contract.platform import Platform
from tasks_lib.config.settings import Settings
from tasks_lib.errors import IndexUnavailableError, InputError


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
    pinned_by: list[str] = Field(default_factory=list, description="Versions that read one kept state of this index.")


class IndexList(BaseModel):
    """All indexes of a platform; `dropped` names the one that was just deleted."""

    indexes: list[IndexRow]
    dropped: str | None = None


def list_indexes(settings: Settings, platform: str) -> IndexList:
    """List every index with its counts and the aliases that need it."""
    return IndexList(indexes=_rows(resolve_platform(platform), settings))


def drop_index(name: str, settings: Settings, platform: str) -> IndexList:
    """Delete an index.

    :raises InputError: If it does not exist, or a production or previous version reads it.
    """
    resolved = resolve_platform(platform)
    rows = {row.name: row for row in _rows(resolved, settings)}
    if name not in rows:
        raise InputError(
            f"there is no index {name!r}; indexes: {', '.join(rows) or 'none'}", hint="See `llmops index list`."
        )
    if rows[name].needed_by:
        raise InputError(
            f"index {name!r} is read by {', '.join(rows[name].needed_by)}",
            hint="Deploy a version that reads another index first.",
        )
    opened = resolved.open_index(name)
    with opened.writing(settings.ingest.lock_timeout_seconds):
        opened.drop()
    return IndexList(indexes=[row for row in rows.values() if row.name != name], dropped=name)


def _rows(platform: Platform, settings: Settings) -> list[IndexRow]:
    needed, pinned = _needed(platform, settings)
    rows = []
    for name in platform.indexes():
        row = IndexRow(name=name, needed_by=needed.get(name, []), pinned_by=pinned.get(name, []))
        try:
            info = platform.open_index(name).info()
        except IndexUnavailableError as error:
            rows.append(row.model_copy(update={"problem": error.message}))
            continue
        rows.append(
            row.model_copy(
                update={
                    "version": info.version,
                    "chunks": info.chunks,
                    "documents": info.documents,
                    "sources": info.sources,
                    "bytes": info.bytes,
                }
            )
        )
    return rows


def _needed(platform: Platform, settings: Settings) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """By index: the aliases that read it, and the versions that are pinned to one of its states."""
    from tasks_lib.ingestion.retention import pinned_versions
    from tasks_lib.registry.live import find_live
    from tasks_lib.registry.tracking import connect

    client, model = connect(platform), settings.gate.model_name
    needed: dict[str, list[str]] = {}
    for alias in settings.gate.aliases.values():
        live = find_live(client, model, alias)
        if live is not None:
            needed.setdefault(live.rag.index_name, []).append(f"{alias} (version {live.version})")
    pinned = {
        index: [f"version {version} (state {state})" for state, versions in states.items() for version in versions]
        for index, states in pinned_versions(client, model).items()
    }
    return needed, pinned
