"""Train the injection classifier on our own examples and write its weights into the package.

    python benchmarks/guardrails/train_injection.py

The cut-off is calibrated by cross-validation over templates: at most 4.5 % of the harmless examples of unseen templates
score above it. Nothing of ../shared/data is read.
"""

import json
from pathlib import Path

import numpy as np
from injection_seeds import examples
from scipy.sparse import csr_matrix, hstack
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedGroupKFold

from tasks_lib.assistant.embedders.minilm import MiniLM
from tasks_lib.assistant.guardrails import injection_model
from tasks_lib.assistant.guardrails.injection_model import BUCKETS, WINDOW, ngram_features

FALSE_ALARMS = 0.045
REGULARISATION = 5.0
FOLDS = 8


def matrix(texts: list[str], vectors: np.ndarray) -> csr_matrix:
    """Embeddings beside hashed n-grams, a row per text."""
    rows, columns, values = [], [], []
    for row, text in enumerate(texts):
        for bucket, value in ngram_features(text).items():
            rows.append(row)
            columns.append(bucket)
            values.append(value)
    ngrams = csr_matrix((values, (rows, columns)), shape=(len(texts), BUCKETS))
    return hstack([csr_matrix(vectors), ngrams]).tocsr()


def classifier() -> LogisticRegression:
    """The model that is fitted, here and by the cross-validation of bench_injection.py."""
    return LogisticRegression(C=REGULARISATION, class_weight="balanced", max_iter=2000)


def main() -> None:
    """Fit, calibrate, report, write."""
    seeds = examples()
    texts, labels, templates = [t for t, _, _ in seeds], np.array([y for _, y, _ in seeds]), [g for _, _, g in seeds]
    features = matrix(texts, np.asarray(MiniLM().embed([t[:WINDOW] for t in texts])))
    logits = np.zeros(len(texts))
    for train, test in StratifiedGroupKFold(FOLDS, shuffle=True, random_state=0).split(features, labels, templates):
        logits[test] = classifier().fit(features[train], labels[train]).decision_function(features[test])
    cut = float(np.quantile(logits[labels == 0], 1 - FALSE_ALARMS))
    recall = float((logits[labels == 1] > cut).mean())
    auc = roc_auc_score(labels, logits)
    print(
        f"{len(texts)} examples of {len(set(templates))} templates; on unseen templates AUC {auc:.3f}, "
        f"recall {recall:.3f} at {FALSE_ALARMS:.1%} false alarms (logit {cut:.2f})"
    )
    fitted = classifier().fit(features, labels)
    weights = fitted.coef_[0]
    dimension = features.shape[1] - BUCKETS
    ngrams = {str(i): round(float(w), 3) for i, w in enumerate(weights[dimension:]) if abs(w) >= 0.001}
    stored = {
        "embedder": "all-MiniLM-L6-v2",
        "examples": len(texts),
        "intercept": round(float(fitted.intercept_[0]) - cut, 4),
        "probe": [round(value, 4) for value in MiniLM().embed([injection_model.PROBE])[0]],
        "embedding": [round(float(w), 4) for w in weights[:dimension]],
        "ngrams": ngrams,
    }
    path = Path(injection_model.__file__).parent / injection_model.WEIGHTS
    path.write_text(json.dumps(stored, separators=(",", ":")) + "\n", encoding="utf-8")
    print(f"wrote {path.name}: {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
