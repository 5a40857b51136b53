"""Prepared batches that outlive a crash: each is kept under its content until it is written into the index.

Only what was prepared and not yet written is worth keeping, a few batches: the rest is found in the index. So a batch
leaves the folder when it is written, and a run that ends well leaves no folder. What a killed run left goes, asked for
or not, with the next run that ends well.
"""

import hashlib
import json
import shutil
from collections.abc import Sequence
from pathlib import Path

from tasks_lib.config.ingest import IngestConfig
from tasks_lib.config.settings import Settings
from tasks_lib.home import Home
from tasks_lib.ingestion.plan import PlannedDocument


def results_folder(home: Home, settings: Settings) -> Path | None:
    """Where results of this index's batches are kept; the writer's lock makes it this run's own.

    `None` for a Dask cluster at an address: its workers may have other disks, which nobody would clear.
    """
    return None if _is_elsewhere(settings.ingest) else home.root / "cache" / "ingest" / settings.rag.index_name


def batch_key(batch: Sequence[PlannedDocument], source: str, settings: Settings) -> str:
    """What a prepared batch depends on: content of its documents, how they are cut, and by what they are embedded."""
    documents = [(document.path, document.document_hash) for document in batch]
    parts = [source, documents, settings.rag.index_name, settings.ingest.max_file_megabytes]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def forget(folder: Path, key: str) -> None:
    """Remove one result."""
    (folder / key).unlink(missing_ok=True)


def clear(folder: Path) -> None:
    """Remove all results of an index."""
    shutil.rmtree(folder, ignore_errors=True)


def _is_elsewhere(config: IngestConfig) -> bool:
    return config.task_runner == "dask" and config.dask_address is not None
