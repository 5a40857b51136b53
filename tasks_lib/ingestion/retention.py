"""Retention of past index versions: those that no model version reads are deleted after an ingest."""

import logging
from typing import TYPE_CHECKING

from tasks_lib.assistant.contract.index import Index
from tasks_lib.assistant.contract.platform import Platform
from tasks_lib.config.settings import Settings
from tasks_lib.errors import LlmopsError
from tasks_lib.ingestion.result import IngestResult

if TYPE_CHECKING:
    from mlflow import MlflowClient

SUPERFLUOUS = 20
"""Versions beyond the needed ones from which cleaning pays: it rewrites small files, so it is not done every time."""

logger = logging.getLogger(__name__)


def clean_up(index: Index, platform: Platform, settings: Settings, result: IngestResult) -> None:
    """Delete the versions of `index` that no registered model version reads, once there are enough of them.

    The caller holds the right to write. `result` gets the version that cleaning leaves. Where the registry cannot be
    asked nothing is deleted: the next ingest tries again.
    """
    try:
        if index.past_versions() <= SUPERFLUOUS:
            return
        from tasks_lib.registry.tracking import connect

        pinned = pinned_versions(connect(platform), settings.gate.model_name)
        index.cleanup(pinned.get(index.name, {}))
    except Exception as error:  # noqa: BLE001  (MLflow raises anything; the index is right without cleaning)
        reason = error.message if isinstance(error, LlmopsError) else f"{type(error).__name__}: {error}"[:300]
        result.warnings.append(f"old versions of the index were not cleaned up: {reason}")
        logger.warning(result.warnings[-1])
    result.index_version = index.version()


def pinned_versions(client: "MlflowClient", model: str) -> dict[str, dict[str, list[int]]]:
    """Index → its version → the versions of `model` that are pinned to it (`index.follow: pinned`)."""
    from mlflow.exceptions import MlflowException
    from mlflow.models import get_model_info

    from tasks_lib.config.rag import RagConfig

    pinned: dict[str, dict[str, list[int]]] = {}
    for version in client.search_model_versions(f"name = '{model}'", max_results=1000):
        try:
            config = get_model_info(f"models:/{model}/{version.version}").flavors["python_function"]["config"]
            rag = RagConfig.model_validate(config["rag"])
            follows, index = rag.index.follow, rag.index_name
        except MlflowException:
            # its artifacts are gone, or the store cannot be reached now: what it may read is kept
            follows, index = "pinned", version.tags.get("index", "")
        state = version.tags.get("index_version")
        if follows == "pinned" and index and state:
            pinned.setdefault(index, {}).setdefault(state, []).append(int(version.version))
    return pinned
