"""A run that is killed, and the run after it, end in the same index as one quiet run."""

import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from tasks_lib.assistant.stores.lancedb.index import LanceDBIndex
from tasks_lib.config.settings import Settings
from tests.stubs.ingesting import sync

KILLED_AT_THE_THIRD_BATCH = """
import hashlib, os, re, signal, sys
from pathlib import Path
from tasks_lib.assistant.stores.lancedb.index import LanceDBIndex
from tasks_lib.config.ingest import IngestConfig
from tasks_lib.config.settings import Settings
from tests.stubs.ingesting import sync

class Embedder:
    dimension, max_tokens, calls = 8, 254, 0
    def embed(self, texts):
        self.calls += 1
        if self.calls == 3:
            os.kill(os.getpid(), signal.SIGKILL)
        return [[byte / 255 + 0.01 for byte in hashlib.sha256(text.encode()).digest()[:8]] for text in texts]
    def token_spans(self, text):
        return [match.span() for match in re.finditer(r"\\w+|[^\\w\\s]", text)]

documents, root = map(Path, sys.argv[1:])
index = LanceDBIndex(str(root / "lancedb"), "test", 8, lock_folder=root / "locks")
sync(documents, index, Embedder(), Settings(ingest=IngestConfig(batch_documents=2)))
"""


def contents(index: Any) -> list[tuple[str, str, str, list[float]]]:
    """Every chunk with its hash and vector."""
    chunks = index.sample(1000, 0)
    vectors = index.embeddings([chunk.meta["content_hash"] for chunk in chunks])
    return sorted(
        (chunk.id, chunk.meta["document_hash"], chunk.content, vectors[chunk.meta["content_hash"]]) for chunk in chunks
    )


def test_second_run_after_a_kill_ends_as_one_quiet_run(
    documents: Path, index: Any, embedder: Any, tmp_path: Path
) -> None:
    for number in range(8):
        (documents / f"d{number}.md").write_text(f"# Title {number}\n\nText number {number} of a document.\n")
    killed = subprocess.run(
        [sys.executable, "-c", KILLED_AT_THE_THIRD_BATCH, str(documents), str(tmp_path)], check=False
    )
    assert killed.returncode == -signal.SIGKILL
    assert set(index.manifest(documents.resolve().as_uri())) == {"d0.md", "d1.md", "d2.md", "d3.md"}
    result = sync(documents, index, embedder, Settings())
    assert (result.unchanged, result.added, result.embedded_chunks) == (4, 4, 4)
    quiet = LanceDBIndex(str(tmp_path / "quiet"), "test", 8, lock_folder=tmp_path / "locks")
    sync(documents, quiet, embedder, Settings())
    assert contents(index) == contents(quiet)
