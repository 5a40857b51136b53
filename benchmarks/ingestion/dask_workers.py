"""Chunks per second of the whole flow on threads of one process, on one Dask worker and on two.

``python benchmarks/ingestion/dask_workers.py [--documents 120] [--rounds 2]``. The embedder is MiniLM, whose session
uses every core of the machine, so on one machine a second worker can win only what the first leaves idle. Workers are
processes with one thread each, started and warm before the clock starts; rows alternate over the rounds.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import measuring
from corpus import write_documents

from tasks_lib.assistant.embedders.minilm import MiniLM
from tasks_lib.config.ingest import IngestConfig
from tasks_lib.config.settings import Settings

TOKENS = 500
PATIENCE_SECONDS = 60
BATCH_DOCUMENTS = 8
"""Small enough that both workers have batches to the end."""


@contextmanager
def cluster(workers: int) -> Iterator[str]:
    """Address of a scheduler with `workers` processes."""
    from distributed import Client, LocalCluster

    with LocalCluster(n_workers=0, dashboard_address=None) as scheduler, Client(scheduler) as client:
        address = scheduler.scheduler_address
        command = [sys.executable, "-m", "distributed.cli.dask_worker", address, "--nthreads", "1", "--no-dashboard"]
        processes = [
            subprocess.Popen(command, env=dict(os.environ), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            for _ in range(workers)
        ]
        try:
            client.wait_for_workers(workers, timeout=PATIENCE_SECONDS)
            yield address
        finally:
            for process in processes:
                process.terminate()
            for process in processes:
                process.wait(PATIENCE_SECONDS)


def timed(collection: str, folder: Path, address: str | None) -> tuple[float, int]:
    """Seconds of one ingest into a new index, and the chunks that it embedded."""
    from flows.ingest import ingest

    config = IngestConfig(
        source=str(folder),
        batch_documents=BATCH_DOCUMENTS,
        task_runner="dask" if address else "threads",
        dask_address=address,
    )
    started = time.perf_counter()
    result = ingest(Settings(collection=collection, ingest=config))
    return time.perf_counter() - started, result.embedded_chunks


def main() -> None:
    """Print a table: fastest of the rounds."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--documents", type=int, default=120)
    parser.add_argument("--rounds", type=int, default=2)
    arguments = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="ingestion-benchmark-"))
    write_documents(folder / "documents", arguments.documents, TOKENS, MiniLM())
    write_documents(folder / "warm", 4 * BATCH_DOCUMENTS, TOKENS, MiniLM(), seed=1)
    seconds: dict[str, list[float]] = {}
    chunks = 0
    with measuring.home(folder / "home"), measuring.prefect_server(), cluster(1) as one, cluster(2) as two:
        rows = {"threads of the flow's process": None, "one Dask worker": one, "two Dask workers": two}
        for number, address in enumerate(rows.values()):
            timed(f"warm-{number}", folder / "warm", address)
        for turn in range(arguments.rounds):
            for number, (name, address) in enumerate(rows.items()):
                taken, chunks = timed(f"row-{number}-{turn}", folder / "documents", address)
                seconds.setdefault(name, []).append(taken)
    single = min(seconds["one Dask worker"])
    print("| | chunks | seconds (each round) | chunks/s | ÷ one Dask worker |\n|---|---|---|---|---|")
    for name, taken_each in seconds.items():
        fastest = min(taken_each)
        each = ", ".join(f"{value:.1f}" for value in taken_each)
        print(f"| {name} | {chunks:,} | {each} | {chunks / fastest:.1f} | {single / fastest:.2f} |")


if __name__ == "__main__":
    main()
