"""Injection: the shipped detector on labelled prompts and on harmless ones with trigger words, and a cross-validation.

    python benchmarks/guardrails/bench_injection.py [DATA]

The shipped classifier was trained by train_injection.py on our own examples alone: no prompt that is scored here.
The cross-validation adds four fifths of the labelled prompts (grouped by text): what labelled data would bring.
"""

import time

import numpy as np
from data import read
from scipy.sparse import vstack
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedGroupKFold
from train_injection import classifier, examples, matrix

from tasks_lib.components.minilm import MiniLM
from tasks_lib.config.rag import InjectionConfig
from tasks_lib.guardrails.injection import InjectionScorer
from tasks_lib.guardrails.injection_model import WINDOW

FALSE_ALARMS = 0.05


def report(
    name: str, attempts: np.ndarray, harmless: np.ndarray, trigger: np.ndarray, cut: float | None = None
) -> None:
    """AUC on the labelled prompts, recall where at most 5 % of the trigger-word prompts score above the cut."""
    labels = np.r_[np.ones(len(attempts)), np.zeros(len(harmless))]
    auc = roc_auc_score(labels, np.r_[attempts, harmless])
    against = roc_auc_score(np.r_[np.ones(len(attempts)), np.zeros(len(trigger))], np.r_[attempts, trigger])
    at = np.sort(trigger)[::-1][int(FALSE_ALARMS * len(trigger))]
    line = (
        f"{name:38} AUC {auc:.3f} (against trigger words {against:.3f})  recall {(attempts > at).mean():.3f} at 5 % "
        "false alarms on trigger words"
    )
    if cut is not None:
        line += (
            f"\n{'':38} at its cut-off: recall {(attempts >= cut).mean():.3f}, false alarms "
            f"{(trigger >= cut).mean():.3f} on trigger words, "
            f"{(harmless >= cut).mean():.3f} on labelled harmless"
        )
    print(line)


def main() -> None:
    """Shipped detector, rules alone, cross-validation."""
    labelled, trigger = (
        read("injection/prompts_labelled.json"),
        [p["prompt"] for p in read("injection/notinject_one.json")],
    )
    texts, labels = [p["prompt"] for p in labelled], np.array([p["label"] for p in labelled])
    embedder, config = MiniLM(), InjectionConfig()
    scorer = InjectionScorer(config, embedder)
    start = time.perf_counter()
    scores, on_trigger = np.array([scorer.score(t) for t in texts]), np.array([scorer.score(t) for t in trigger])
    taken = (time.perf_counter() - start) * 1000 / (len(texts) + len(trigger))
    report("shipped: rules and classifier", scores[labels == 1], scores[labels == 0], on_trigger, config.threshold)
    sources = np.array([p["source"] for p in labelled])
    for source in sorted(set(sources[labels == 1])):
        found = scores[sources == source] >= config.threshold
        print(f"    {source:34} found {found.sum()} of {len(found)}")
    flagged = [s >= 0.99 - 1e-9 for s in scores[labels == 1]]
    print(f"rules alone: recall {np.mean(flagged):.3f}, false alarms {(on_trigger >= 0.99 - 1e-9).mean():.3f}")
    cross_validated(texts, labels, trigger, embedder)
    print(f"{taken:.1f} ms a prompt")


def cross_validated(texts: list[str], labels: np.ndarray, trigger: list[str], embedder: MiniLM) -> None:
    """The classifier without rules, trained on our examples and four fifths of all prompts."""
    seeds = examples()
    seed_features = matrix([t for t, _, _ in seeds], np.asarray(embedder.embed([t[:WINDOW] for t, _, _ in seeds])))
    every, truth = [*texts, *trigger], np.r_[labels, np.zeros(len(trigger), int)]
    features = matrix(every, np.asarray(embedder.embed([t[:WINDOW] for t in every])))
    groups = {t: i for i, t in enumerate(dict.fromkeys(every))}
    scores = np.zeros(len(every))
    folds = StratifiedGroupKFold(5, shuffle=True, random_state=0)
    for train, test in folds.split(features, truth, [groups[t] for t in every]):
        weights = np.r_[np.full(len(train), 3.0), np.ones(len(seeds))]
        known = np.r_[truth[train], [y for _, y, _ in seeds]]
        fitted = classifier().fit(vstack([features[train], seed_features]), known, sample_weight=weights)
        scores[test] = fitted.decision_function(features[test])
    own = scores[: len(texts)]
    report("cross-validated with labelled prompts", own[labels == 1], own[labels == 0], scores[len(texts) :])


if __name__ == "__main__":
    main()
