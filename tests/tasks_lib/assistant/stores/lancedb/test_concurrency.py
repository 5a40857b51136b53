"""Readers and writers of one index, in threads and in processes that die."""

import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path

import pytest

from tasks_lib.assistant.stores.lancedb.index import LanceDBIndex
from tasks_lib.errors import IndexUnavailableError
from tests.tasks_lib.assistant.stores.lancedb.conftest import DIMENSION, SOURCE, MakeChunks, MakeIndex

WRITER = f"""
import sys, time
from pathlib import Path
from tasks_lib.assistant.stores.lancedb.index import LanceDBIndex
from tasks_lib.ingestion.chunk import Chunk

folder = Path(sys.argv[1])
index = LanceDBIndex(str(folder / "database"), "docs", {DIMENSION}, lock_folder=folder / "locks")
with index.writing(10):
    for number in range(1000):
        document = f"{{number:03}}.md"
        parts = [Chunk({SOURCE!r}, document, f"part {{part}}", part, part + 1, "h1") for part in range(3)]
        index.replace({SOURCE!r}, [document], [part.to_document([1.0] * {DIMENSION}) for part in parts])
        print(document, flush=True)
        if number == 2:
            time.sleep(60)
"""


@pytest.fixture
def writer(tmp_path: Path) -> subprocess.Popen[str]:
    """A process that holds the writer's lock and has written three documents."""
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE, text=True, env={**os.environ}
    )
    assert process.stdout is not None
    assert [process.stdout.readline().strip() for _ in range(3)] == ["000.md", "001.md", "002.md"]
    return process


def test_a_killed_writer_leaves_whole_documents_and_no_lock(
    writer: subprocess.Popen[str], index: LanceDBIndex, chunks: MakeChunks
) -> None:
    assert set(index.manifest(SOURCE)) == {"000.md", "001.md", "002.md"}
    with pytest.raises(IndexUnavailableError, match="being written") as caught, index.writing(0.1):
        pass
    assert caught.value.hint
    writer.send_signal(signal.SIGKILL)
    writer.wait()
    with index.writing(5):
        assert index.count() == 9
        index.replace(SOURCE, ["002.md", "003.md"], chunks("002.md", "new") + chunks("003.md", "more"))
        index.commit()
    assert sorted(index.manifest(SOURCE)) == ["000.md", "001.md", "002.md", "003.md"]
    assert index.count() == 8


def test_a_second_writer_waits_for_the_first(index: LanceDBIndex, open_index: MakeIndex) -> None:
    order: list[str] = []
    started = threading.Event()

    def second() -> None:
        started.set()
        with open_index().writing(10):
            order.append("second")

    with index.writing(1):
        thread = threading.Thread(target=second)
        thread.start()
        started.wait()
        with index.writing(1):
            order.append("first")
    thread.join()
    assert order == ["first", "second"]


def test_a_reader_never_sees_half_a_document(index: LanceDBIndex, chunks: MakeChunks, open_index: MakeIndex) -> None:
    documents = ["a.md", "b.md"]
    index.replace(SOURCE, documents, generation(chunks, documents, 0))
    done = threading.Event()
    seen: Counter[tuple[tuple[str, int], ...]] = Counter()

    def read() -> None:
        reader = open_index()
        while not done.is_set():
            found = reader.vector_retriever(top_k=100).run(query_embedding=[0.5] * DIMENSION)["documents"]
            seen[tuple(sorted(Counter(document.meta["document_hash"] for document in found).items()))] += 1

    threads = [threading.Thread(target=read) for _ in range(2)]
    for thread in threads:
        thread.start()
    for number in range(1, 16):
        index.replace(SOURCE, documents, generation(chunks, documents, number))
    index.commit()
    done.set()
    for thread in threads:
        thread.join()
    assert len(seen) > 1
    assert all(len(state) == 1 and state[0][1] == 2 * parts(int(state[0][0])) for state in seen)


def parts(generation_number: int) -> int:
    """Chunks of a document in a generation: the number changes, so that chunks are added, changed and deleted."""
    return 3 + generation_number % 4


def generation(make: MakeChunks, documents: list[str], number: int) -> list:  # type: ignore[type-arg]
    texts = [f"part {part}" if part else f"generation {number}" for part in range(parts(number))]
    return [chunk for document in documents for chunk in make(document, *texts, document_hash=str(number))]
