"""The sources of an index by their names: list, rename and remove them. The file system is not asked."""

import logging
import time
from collections.abc import Iterable

from pydantic import BaseModel

from blocks.resolve import resolve_platform
from flows.command.environment import prefect_server_is_configured
from flows.origin import person
from tasks_lib.assistant.contract.index import Index
from tasks_lib.assistant.contract.platform import Platform
from tasks_lib.config.settings import Settings
from tasks_lib.errors import IndexUnavailableError, InputError
from tasks_lib.home import DEFAULT_ASSISTANT
from tasks_lib.ingestion.publish import emit, log_run
from tasks_lib.ingestion.result import IngestResult
from tasks_lib.ingestion.sources.name import source_name
from tasks_lib.ingestion.sync import remove

logger = logging.getLogger(__name__)


class SourceRow(BaseModel):
    """One source of one index."""

    index: str
    source: str
    documents: int
    chunks: int


class SourceList(BaseModel):
    """The sources of all indexes of a platform."""

    sources: list[SourceRow]


def list_sources(settings: Settings, platform: str) -> SourceList:
    """List the sources of every index that can be read, with their counts.

    :raises InputError: If an assistant is named that there is not.
    """
    return SourceList(sources=list(_rows(_resolved(settings, platform))))


def rename_source(old: str, new: str, settings: Settings, platform: str) -> IngestResult:
    """Give the documents of `old` to `new`; nothing is read, converted or embedded.

    :param new: The path or URI by which the source is ingested from now on.
    :raises InputError: If the configured index does not hold `old`, or holds other documents of `new`, or there is no
        such assistant.
    :raises IndexUnavailableError: If a run writes to it.
    """
    started, resolved = time.monotonic(), _resolved(settings, platform)
    index = resolved.open_index(settings.index_name)
    with index.writing(settings.ingest.lock_timeout_seconds):
        source, target = _held(index, old, resolved), source_name(new)
        _require_free(index, source, target)
        index.rename(source, target)
        result = _result(index, target, started, renamed_from=source)
    return _published(result, resolved, settings.assistant)


def remove_source(name: str, settings: Settings, platform: str) -> IngestResult:
    """Delete all documents of one source.

    :raises InputError: If the configured index does not hold it, or there is no such assistant.
    :raises IndexUnavailableError: If a run writes to it.
    """
    started, resolved = time.monotonic(), _resolved(settings, platform)
    index = resolved.open_index(settings.index_name)
    with index.writing(settings.ingest.lock_timeout_seconds):
        source = _held(index, name, resolved)
        deleted = remove(index, source, sorted(index.manifest(source)))
        result = _result(index, source, started, deleted=deleted)
    return _published(result, resolved, settings.assistant)


def _resolved(settings: Settings, platform: str) -> Platform:
    """The platform, once a name that is given was found to be an assistant's."""
    resolved = resolve_platform(platform)
    if settings.assistant != DEFAULT_ASSISTANT:
        from tasks_lib.registry.agreement import require_known
        from tasks_lib.registry.tracking import connect

        require_known(connect(resolved, settings.assistant))
    return resolved


def _held(index: Index, name: str, platform: Platform) -> str:
    """The source of `index` that `name` means: as it is listed, or as it is given to ingest."""
    held = index.info().sources if index.exists() else []
    found = next((source for source in (name, source_name(name)) if source in held), None)
    if found is not None:
        return found
    elsewhere = sorted({row.index for row in _rows(platform) if row.source in (name, source_name(name))})
    hint = "See `llmops index sources`."
    if elsewhere:
        hint = f"It is in {', '.join(elsewhere)}: give the configuration of that index (--config, --set collection=…)."
    raise InputError(f"index {index.name!r} has no source {name!r}; sources: {', '.join(held) or 'none'}", hint=hint)


def _require_free(index: Index, source: str, target: str) -> None:
    """Refuse a name that is taken; documents that are equal in both are what an interrupted run left."""
    moving, there = index.manifest(source), index.manifest(target)
    other = [path for path, digest in there.items() if moving.get(path, digest) != digest or path not in moving]
    if source == target or other:
        held = "is its name already" if source == target else f"is a source with {len(there)} documents of its own"
        raise InputError(
            f"{source!r} cannot be renamed: {target!r} {held}",
            hint="Take one of the two out: `llmops index remove-source NAME`.",
        )


def _result(index: Index, source: str, started: float, *, deleted: int = 0, renamed_from: str = "") -> IngestResult:
    version, released = index.commit(), index.states().released
    unread = f"state {released} is read until this one is released: run `llmops release`"
    return IngestResult(
        index=index.name,
        index_version=version,
        released_state=released,
        warnings=[unread] if released is not None else [],
        source=source,
        renamed_from=renamed_from or None,
        deleted=deleted,
        chunks=index.count(),
        seconds=round(time.monotonic() - started, 3),
    )


def _published(result: IngestResult, platform: Platform, assistant: str) -> IngestResult:
    """Record and announce as an ingest is. The index is committed already, so a failure here fails nothing."""
    try:
        log_run(result, platform, assistant, person())
        if prefect_server_is_configured():
            emit(result)
    except Exception as error:  # noqa: BLE001  (MLflow raises anything)
        warning = f"the change is not recorded: {type(error).__name__}: {error}"[:300]
        logger.warning(warning)
        result.warnings.append(warning)
    return result


def _rows(platform: Platform) -> Iterable[SourceRow]:
    for name in platform.indexes():
        try:
            counts = platform.open_index(name).info().by_source
        except IndexUnavailableError as error:
            logger.warning("index %s cannot be read: %s", name, error.message)
            continue
        for source, held in counts.items():
            yield SourceRow(index=name, source=source, documents=held.documents, chunks=held.chunks)
