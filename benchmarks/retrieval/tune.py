"""How the defaults of chunking and retrieval were chosen: on two corpora, the third is only reported.

    python benchmarks/retrieval/tune.py [DATA]

Every chunk size comes with the `top_k` that keeps within 1,250 tokens whatever is found. Retrieval asks one index of
the three corpora; only questions about Wikitexts and State of the Union count for the choice.
"""

import itertools

import numpy as np
from corpora import BUDGET, Question, data_folder, embedder, index_of, measure, ours, questions
from haystack import Document

from tasks_lib.assistant.retrieval.fusion import HybridFusion
from tasks_lib.config.rag import ChunkingConfig

HELD_OUT = "finance"
TOKENS = (89, 104, 125, 156, 208)
CANDIDATES = (30, 50, 100)
WEIGHTS = (0.2, 0.3, 0.4, 0.5)
CONTEXT = ((0.0, 1), (0.2, 1200), (0.3, 800), (0.3, 1200), (0.3, 1800), (0.5, 1200))
SHOWN = 12

Lists = list[tuple[list[Document], list[Document]]]


def main() -> None:
    """Print the best settings of each chunk size."""
    wanted = questions(data_folder())
    vectors = embedder().embed([question.text for question in wanted])
    print("tokens top_k candidates vector_weight context characters | recall (precision) tuned on, held out")
    for tokens in TOKENS:
        index = index_of(data_folder(), ours(ChunkingConfig(tokens=tokens)))
        for candidates in CANDIDATES:
            vector = index.vector_retriever(top_k=candidates)
            keyword = index.keyword_retriever(top_k=candidates)
            lists: Lists = [
                (vector.run(query_embedding=v)["documents"], keyword.run(query=q.text)["documents"])
                for q, v in zip(wanted, vectors, strict=True)
            ]
            report(tokens, candidates, wanted, lists)


def report(tokens: int, candidates: int, wanted: list[Question], lists: Lists) -> None:
    """The best settings for one list length, by recall on the corpora that count."""
    top_k = BUDGET // tokens
    own = np.array([question.corpus != HELD_OUT for question in wanted])
    rows = []
    for weight, (context, characters) in itertools.product(WEIGHTS, CONTEXT):
        fusion = HybridFusion(vector_weight=weight, context_weight=context, context_characters=characters)
        results = [
            measure(question, fusion.run(*pair)["documents"][:top_k])
            for question, pair in zip(wanted, lists, strict=True)
        ]
        recall = np.array([100 * result.recall for result in results])
        precision = np.array([100 * result.precision for result in results])
        shown = ", ".join(f"{recall[part].mean():.1f} ({precision[part].mean():.2f})" for part in (own, ~own))
        rows.append((recall[own].mean(), f"{tokens} {top_k} {candidates} {weight} {context} {characters} | {shown}"))
    for _, line in sorted(rows, reverse=True)[:SHOWN]:
        print(line, flush=True)


if __name__ == "__main__":
    main()
