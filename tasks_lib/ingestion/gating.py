"""What an ingest does for readers of the released state: they see nothing of it before it is released."""

from datetime import UTC, datetime, timedelta

from tasks_lib.assistant.contract.index import Index
from tasks_lib.config.settings import Settings
from tasks_lib.registry.quarantine import enforce


def keep_released(index: Index, settings: Settings) -> bool:
    """Before anything is written: let readers stay where they are, and finish what a killed run began.

    An index that was never gated is released as it is. The caller holds the right to write.

    :returns: Whether this is the first ingest of the index, which is released.
    """
    if not index.exists():
        return settings.index.follow == "gated"
    states = index.states()
    version = index.version()
    if states.released is None and settings.index.follow == "gated" and version is not None:
        states = states.with_released(version)
        index.save_states(states)
    enforce(index, states)
    return False


def begin_states(index: Index, settings: Settings) -> None:
    """Let an index that was never gated be read as it is, before a version that reads the released state is measured.

    :raises IndexUnavailableError: If another writer keeps the index for too long.
    """
    if settings.index.follow != "gated" or not index.exists() or index.states().released is not None:
        return
    with index.writing(settings.ingest.lock_timeout_seconds):
        keep_released(index, settings)


def release_first(index: Index) -> bool:
    """Release the first state of an index, if there is one: nobody reads another."""
    version = index.version()
    if version is None:
        return False
    index.save_states(index.states().with_released(version))
    return True


def is_pending(index: Index, settings: Settings, *, changed: bool) -> bool:
    """Whether the documents' gate has something to decide.

    That is what this ingest changed, what a killed gate left, or what was held for too long. An index that has a
    released state is read by it, whatever the one follows for whom documents are ingested now.

    :param changed: Whether this ingest changed something.
    """
    if not index.exists():
        return False
    states = index.states()
    if states.released in {None, index.version()}:
        return False
    held = states.held
    return changed or held is None or datetime.now(UTC) - held.since >= timedelta(days=settings.release.held_days)
