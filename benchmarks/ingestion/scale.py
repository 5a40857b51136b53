"""A second run over unchanged documents, one changed document in all, and memory at ten times the corpus.

``python benchmarks/ingestion/scale.py [--documents 10000]``. Embedding is stubbed (a hash in place of MiniLM), so the
ratios are those of the rest of the work: reading, converting, chunking, writing. With the model the first run takes
many times longer and the others the same. Every run is a process of its own whose imports, and one flow over two
documents, are done before its clock starts; the Prefect server runs beforehand.
"""

import argparse
import hashlib
import tempfile
import time
from pathlib import Path
from typing import Any

import measuring
import numpy as np
from corpus import write_documents

from blocks.local import LocalPlatform
from tasks_lib.assistant.embedders.minilm import MiniLM
from tasks_lib.config.ingest import IngestConfig
from tasks_lib.config.settings import Settings

TOKENS = 500


class StubbedEmbedder(MiniLM):
    """MiniLM's tokenizer; the vector is drawn from a hash of the text."""

    def embed(self, texts: list[str]) -> list[list[float]]:
        """Unit vectors that differ from text to text."""
        seeds = [int.from_bytes(hashlib.sha256(text.encode()).digest()[:8]) for text in texts]
        vectors = np.array([np.random.default_rng(seed).standard_normal(self.dimension) for seed in seeds])
        unit: list[list[float]] = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).tolist()
        return unit


class StubbedPlatform(LocalPlatform):
    """The local platform with the stubbed embedder."""

    def embedder(self, model: str) -> StubbedEmbedder:  # noqa: ARG002
        """The stub, whatever is asked for."""
        return StubbedEmbedder()


def one_run(folder: Path) -> None:
    """What a child process does: warm up, then ingest `folder` once."""
    import flows.ingest

    def platform_of(name: str) -> StubbedPlatform:  # noqa: ARG001
        return StubbedPlatform()

    vars(flows.ingest)["resolve_platform"] = platform_of
    warm = Path(tempfile.mkdtemp(prefix="ingestion-benchmark-warm-"))
    write_documents(warm, 2, TOKENS, MiniLM(), seed=int(time.time()))
    flows.ingest.ingest(Settings(collection="warm", ingest=IngestConfig(source=str(warm), allow_mass_delete=True)))
    started = time.perf_counter()
    result = flows.ingest.ingest(Settings(ingest=IngestConfig(source=str(folder))))
    measuring.tell(
        seconds=time.perf_counter() - started,
        chunks=result.chunks,
        embedded=result.embedded_chunks,
        unchanged=result.unchanged,
        updated=result.updated,
    )


def compare(root: Path, documents: int) -> None:
    """All runs, and the table."""
    print("| run | documents | seconds | embedded | peak MiB |\n|---|---|---|---|---|")

    def run(name: str, folder: Path, home: Path) -> dict[str, Any]:
        with measuring.home(home):
            told = measuring.child(__file__, "--child", folder)
        size = sum(1 for _ in folder.rglob("*.md"))
        print(
            f"| {name} | {size:,} | {told['seconds']:.2f} | {told['embedded']:,} | {told['peak_mib']:.0f} |", flush=True
        )
        return told

    small, large = root / "small", root / "large"
    write_documents(small, documents // 10, TOKENS, MiniLM())
    write_documents(large, documents, TOKENS, MiniLM())
    tenth = run("first run, a tenth of the corpus", small, root / "home-small")
    first = run("first run", large, root / "home-large")
    second = run("second run, nothing changed", large, root / "home-large")
    changed = large / "000" / "document-000007.md"
    changed.write_text(changed.read_text().replace("Part 2", "Section 2"), encoding="utf-8")
    third = run("third run, one document changed", large, root / "home-large")
    print(f"\nunchanged ÷ first: 1/{first['seconds'] / second['seconds']:.0f}")
    print(f"one changed ÷ first: {third['seconds'] / first['seconds']:.2%}")
    print(f"memory at 10 times the corpus: {first['peak_mib'] / tenth['peak_mib']:.2f} times")


def main() -> None:
    """Parent or child."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--documents", type=int, default=10_000)
    parser.add_argument("--child", type=Path)
    arguments = parser.parse_args()
    if arguments.child:
        one_run(arguments.child)
        return
    with measuring.prefect_server():
        compare(Path(tempfile.mkdtemp(prefix="ingestion-benchmark-")), arguments.documents)


if __name__ == "__main__":
    main()
