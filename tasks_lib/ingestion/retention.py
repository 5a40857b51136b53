"""Retention of past index versions: those that no model version reads are deleted after an ingest."""

import logging

from tasks_lib.assistant.contract.index import Index
from tasks_lib.assistant.contract.platform import Platform
from tasks_lib.config.settings import Settings
from tasks_lib.errors import LlmopsError
from tasks_lib.ingestion.result import IngestResult

SUPERFLUOUS = 20
"""Versions beyond the needed ones from which cleaning pays: it rewrites small files, so it is not done every time."""

logger = logging.getLogger(__name__)


def clean_up(index: Index, platform: Platform, settings: Settings, result: IngestResult) -> None:
    """Delete the versions of `index` that no registered version of any assistant reads, once there are enough of them.

    The caller holds the right to write. `result` gets the version that cleaning leaves. Where the registry cannot be
    asked nothing is deleted: the next ingest tries again.
    """
    try:
        if index.past_versions() <= SUPERFLUOUS:
            return
        from tasks_lib.registry.needs import pinned_states
        from tasks_lib.registry.tracking import connect

        index.cleanup(pinned_states(connect(platform, settings.assistant), index.name))
    except Exception as error:  # noqa: BLE001  (MLflow raises anything; the index is right without cleaning)
        reason = error.message if isinstance(error, LlmopsError) else f"{type(error).__name__}: {error}"[:300]
        result.warnings.append(f"old versions of the index were not cleaned up: {reason}")
        logger.warning(result.warnings[-1])
    result.index_version = index.version()
