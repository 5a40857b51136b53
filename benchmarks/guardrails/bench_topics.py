"""Topics: each corpus in turn is the allowed topic, by eight of its questions; those of the others are off topic.

    python benchmarks/guardrails/bench_topics.py [DATA]

Examples are drawn twenty times and left out of what is scored. The baseline is the nearest example alone.
"""

from collections.abc import Callable

import numpy as np
from data import read
from sklearn.metrics import roc_auc_score

from tasks_lib.assistant.embedders.minilm import MiniLM
from tasks_lib.assistant.guardrails.topics import similarity
from tasks_lib.config.guardrails import TopicsConfig

EXAMPLES, DRAWS = 8, 20
CUT = TopicsConfig().allowed_threshold


def nearest(examples: np.ndarray, readings: np.ndarray) -> np.ndarray:
    """Similarity with the nearest example."""
    return (readings @ examples.T).max(axis=1)


def measure(
    name: str, score: Callable[[np.ndarray, np.ndarray], np.ndarray], vectors: np.ndarray, corpora: np.ndarray
) -> None:
    """Mean over draws of AUC, of off-topic recall at 5 % false alarms, and of both rates at the default cut-off."""
    means = []
    for corpus in sorted(set(corpora)):
        rows = []
        for draw in range(DRAWS):
            own = np.flatnonzero(corpora == corpus)
            chosen = np.random.default_rng(draw).choice(own, EXAMPLES, replace=False)
            rest = np.setdiff1d(np.arange(len(corpora)), chosen)
            scores, on = score(vectors[chosen], vectors[rest]), corpora[rest] == corpus
            at_5 = (scores[~on] < np.quantile(scores[on], 0.05)).mean()
            rows.append((roc_auc_score(on, scores), at_5, (scores[~on] < CUT).mean(), (scores[on] < CUT).mean()))
        auc, at_5, refused, wrongly = np.mean(rows, axis=0)
        means.append(auc)
        print(
            f"{name:22} {corpus:20} AUC {auc:.3f}  recall at 5 % false alarms {at_5:.2f}  at cut-off {CUT}: refused "
            f"{refused:.2f}, wrongly {wrongly:.2f}"
        )
    print(f"{name:22} {'mean':20} AUC {np.mean(means):.3f}")


def main() -> None:
    """Ours beside the nearest example."""
    questions = read("retrieval/questions.jsonl")
    vectors = np.asarray(MiniLM().embed([q["question"] for q in questions]), dtype=np.float32)
    corpora = np.asarray([q["corpus"] for q in questions])
    measure("nearest example", nearest, vectors, corpora)
    measure("ours (three nearest)", similarity, vectors, corpora)


if __name__ == "__main__":
    main()
