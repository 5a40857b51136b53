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


def release_first(index: Index) -> None:
    """Release the first state of an index: nobody reads another."""
    version = index.version()
    if version is not None:
        index.save_states(index.states().with_released(version))


def is_pending(index: Index, settings: Settings, *, changed: bool) -> bool:
    """Whether the documents' gate has something to decide.

    That is what this ingest changed, what a killed gate left, or what was held for too long.

    :param changed: Whether this ingest changed something.
    """
    if settings.index.follow != "gated" or not index.exists():
        return False
    states = index.states()
    if states.released in {None, index.version()}:
        return False
    held = states.held
    return changed or held is None or datetime.now(UTC) - held.since >= timedelta(days=settings.release.held_days)
