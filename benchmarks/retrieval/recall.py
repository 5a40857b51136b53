"""Recall and precision of the reference spans within 1,250 retrieved tokens, beside what one could use instead.

    python benchmarks/retrieval/recall.py [DATA]

Data: chunking_evaluation (Chroma, MIT), the three corpora and 317 questions of `../shared/data/retrieval`. First the
published figure for State of the Union is reproduced; then all rows ask one index of the three corpora.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from corpora import (
    CORPORA,
    Question,
    Result,
    data_folder,
    fixed,
    haystack_default,
    index_of,
    interval,
    measure,
    ours,
    questions,
)

from blocks.local import LocalPlatform
from tasks_lib.assistant.retrieval.pipeline import PASSAGES, inputs_of, search_pipeline
from tasks_lib.assistant.stores.lancedb.index import LanceDBIndex
from tasks_lib.config.rag import ChunkingConfig, RagConfig, RetrieverConfig

PUBLISHED = (95.05, 3.12)
MANY = 30
"""Chunks that are retrieved where the budget alone is to cut the ranking."""
HALF = {"vector_weight": 0.5, "context_weight": 0.0}


@dataclass(frozen=True, kw_only=True)
class Over(LocalPlatform):
    """The local platform over one index."""

    only: LanceDBIndex

    def open_index(self, name: str) -> LanceDBIndex:  # noqa: ARG002  (there is one)
        """That index."""
        return self.only


def asked(index: LanceDBIndex, retriever: RetrieverConfig, wanted: Sequence[Question]) -> list[Result]:
    """Every question through the retrieval part of the assistant's pipeline."""
    pipeline = search_pipeline(Over(only=index), RagConfig(retriever=retriever))
    return [
        measure(question, pipeline.run(inputs_of(pipeline, question.text))[PASSAGES]["documents"])
        for question in wanted
    ]


def row(name: str, wanted: Sequence[Question], results: Sequence[Result]) -> None:
    """One line of the table: recall and precision in percent, with 95 % intervals, and recall by corpus."""
    recalls = np.array([100 * result.recall for result in results])
    precisions = [100 * result.precision for result in results]
    low, high = interval(recalls)
    least, most = interval(precisions)
    by_corpus = " / ".join(
        f"{recalls[[question.corpus == corpus for question in wanted]].mean():.1f}"
        for corpus in CORPORA
        if any(question.corpus == corpus for question in wanted)
    )
    used = max(result.tokens for result in results)
    found = f"{recalls.mean():.1f} [{low:.1f}, {high:.1f}]"
    exact = f"{np.mean(precisions):.2f} [{least:.2f}, {most:.2f}]"
    print(f"| {name} | {found} | {exact} | {by_corpus} | {used} |", flush=True)


def reproduction() -> None:
    """State of the Union alone: dense, 250 tokens, five chunks."""
    corpus = "state_of_the_union"
    wanted = [question for question in questions(data_folder()) if question.corpus == corpus]
    index = index_of(data_folder(), fixed(250), [corpus])
    results = asked(index, RetrieverConfig(mode="vector", top_k=5), wanted)
    found = [100 * np.mean([getattr(r, name) for r in results]) for name in ("recall", "precision")]
    print(f"State of the Union, dense, fixed 250 tokens, k=5: recall {found[0]:.2f}, precision {found[1]:.2f}")
    print(f"published (polinak1r, same setting):              recall {PUBLISHED[0]}, precision {PUBLISHED[1]}\n")


def main() -> None:
    """Reproduce, then compare."""
    reproduction()
    wanted = questions(data_folder())
    default, many = RetrieverConfig(), {"top_k": MANY}
    print("| chunks, retrieval | recall | precision | recall State of the Union / Wikitexts / Finance | most tokens |")
    print("|---|---|---|---|---|")
    index = index_of(data_folder(), ours(ChunkingConfig()))
    row("**the default**", wanted, asked(index, default, wanted))
    for name, mode in (("dense", "vector"), ("keyword", "keyword")):
        single = default.model_copy(update={"mode": mode} | many)
        row(f"default chunks, {name} only", wanted, asked(index, single, wanted))
    for fusion in ("normalised", "rrf"):
        plain = default.model_copy(update={"fusion": fusion} | HALF | many)
        row(f"default chunks, half and half, {fusion}", wanted, asked(index, plain, wanted))
    for name, chunker in (("fixed 250 tokens", fixed(250)), ("Haystack's DocumentSplitter", haystack_default())):
        index = index_of(data_folder(), chunker)
        row(f"{name}, dense", wanted, asked(index, RetrieverConfig(mode="vector", **many), wanted))
        row(f"{name}, keyword", wanted, asked(index, RetrieverConfig(mode="keyword", **many), wanted))
        row(f"{name}, half and half", wanted, asked(index, RetrieverConfig(**HALF, **many), wanted))


if __name__ == "__main__":
    main()
