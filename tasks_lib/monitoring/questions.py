"""Drift of questions: their embeddings, compared with those of the reference window."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from tasks_lib.monitoring.drift import SMALLEST_SAMPLE, Change, Status
from tasks_lib.monitoring.metrics import QUESTION_TOPICS

Vectors = NDArray[np.float32]

LARGEST_SAMPLE = 500
"""Questions of each side that are compared; the kernel matrix has the square of both."""
PERMUTATIONS = 1999
SPLITS = 20
NEW_QUANTILE = 0.05
"""A question is new if it is farther from the reference than all but this share of the reference's own questions."""
SAME_TOPIC = 0.5
"""Mean cosine (MiniLM) within a cluster of questions."""
KNOWN = SAME_TOPIC + 0.2
"""A question so close to one of the reference is not new, whatever the others are."""
SMALLEST_CLUSTER = 3
EXAMPLES = 3
BLOCK = 512
"""Questions whose cosines with all others are in memory at a time."""


@dataclass(frozen=True)
class Cluster:
    """Questions that belong together, named by the most central ones."""

    size: int
    examples: tuple[str, ...]


@dataclass(frozen=True)
class Questions:
    """What was asked in this window."""

    change: Change
    new: int = 0
    """Questions unlike any of the reference."""
    new_clusters: list[Cluster] = field(default_factory=list)
    unanswered: int = 0
    """Questions refused for want of evidence."""
    unanswered_clusters: list[Cluster] = field(default_factory=list)


def compare_questions(
    questions: Sequence[str],
    vectors: Vectors,
    reference: Vectors,
    refused: Sequence[bool],
    *,
    seed: int = 0,
    unrelated: float = 0.0,
) -> Questions:
    """Topics of this window beside the reference's.

    :param vectors: One unit vector for each of `questions`.
    :param refused: Whether the index held no answer to the question.
    :param unrelated: Cosine of questions that have nothing in common.
    """
    near = unrelated + (1 - unrelated) * SAME_TOPIC
    known = unrelated + (1 - unrelated) * KNOWN
    without_answer = [row for row, flag in enumerate(refused) if flag]
    unanswered = clusters([questions[row] for row in without_answer], vectors[without_answer], smallest=1, near=near)
    change = _change(vectors, reference, seed)
    if change.status == "no_reference" or not len(vectors):
        return Questions(change, unanswered=len(without_answer), unanswered_clusters=unanswered)
    new = new_questions(vectors, reference, known=known)
    topics = clusters([questions[row] for row in new], vectors[new], smallest=SMALLEST_CLUSTER, near=near)
    return Questions(change, len(new), topics, len(without_answer), unanswered)


def mmd_permutation_test(current: Vectors, reference: Vectors, *, seed: int = 0) -> float:
    """p-value of the maximum mean discrepancy with a Gaussian kernel (Gretton et al. 2012), by permutation.

    Its width is the median distance. The smallest p-value is 1 / (:data:`PERMUTATIONS` + 1).
    """
    kernel = _kernel(np.concatenate([current, reference]))
    n, m = len(current), len(reference)
    rng = np.random.default_rng(seed)
    labels = np.empty((n + m, PERMUTATIONS + 1))
    weights = np.concatenate([np.full(n, 1 / n), np.full(m, -1 / m)])
    labels[:, 0] = weights
    for column in range(1, PERMUTATIONS + 1):
        labels[:, column] = rng.permutation(weights)
    statistic = np.einsum("ij,ij->j", labels, kernel @ labels)
    return float((statistic >= statistic[0] - 1e-12).mean())


def separability(current: Vectors, reference: Vectors, *, seed: int = 0) -> float:
    """How well a question tells which side it is from: Cohen's d that belongs to the area under the ROC curve.

    The kernel witness function of one half ranks the other half, averaged over :data:`SPLITS` splits.
    d = √2 Φ⁻¹(AUC) (Ruscio 2008); never below 0.
    """
    from scipy.stats import norm

    kernel = _kernel(np.concatenate([current, reference]))
    here, there = np.arange(len(current)), np.arange(len(reference)) + len(current)
    rng = np.random.default_rng(seed)
    areas = []
    for _ in range(SPLITS):
        (a, b), (c, d) = _halves(rng, here), _halves(rng, there)
        areas += [_auc(kernel, a, c, b, d), _auc(kernel, b, d, a, c)]
    area = float(np.clip(np.mean(areas), 0.5, 0.999))
    return float(np.sqrt(2) * norm.ppf(area))


def new_questions(vectors: Vectors, reference: Vectors, *, known: float = KNOWN) -> list[int]:
    """Rows of `vectors` that are farther from the reference than its questions are from each other."""
    usual = float(np.quantile(_closest(reference, reference, among_themselves=True), NEW_QUANTILE))
    return [int(row) for row in np.flatnonzero(_closest(vectors, reference) < min(usual, known))]


def clusters(questions: Sequence[str], vectors: Vectors, *, smallest: int, near: float = SAME_TOPIC) -> list[Cluster]:
    """Groups of at least `smallest` questions with a mean cosine of `near`, largest first (average linkage)."""
    if not len(questions):
        return []
    rows = np.arange(len(questions))[: 2 * LARGEST_SAMPLE]
    labels = _linked(vectors[rows], near) if len(rows) > 1 else np.ones(1, dtype=int)
    groups = [rows[labels == label] for label in np.unique(labels)]
    named = [_named(questions, vectors, group) for group in groups if len(group) >= smallest]
    return sorted(named, key=lambda cluster: (-cluster.size, cluster.examples))


def _change(vectors: Vectors, reference: Vectors, seed: int) -> Change:
    n, m = len(vectors), len(reference)
    status: Status = "no_reference" if not m else "too_few"
    if min(n, m) < SMALLEST_SAMPLE:
        return Change(QUESTION_TOPICS.name, status, n, 0, None, m)
    rng = np.random.default_rng(seed)
    here, there = (_sample(rng, side) for side in (vectors, reference))
    return Change(
        metric=QUESTION_TOPICS.name,
        status="stable",
        n=n,
        missing=0,
        value=None,
        reference_n=m,
        test="mmd",
        p_value=mmd_permutation_test(here, there, seed=seed),
        effect=separability(here, there, seed=seed),
        effect_name="Cohen's d by AUC",
    )


def _sample(rng: np.random.Generator, vectors: Vectors) -> Vectors:
    if len(vectors) <= LARGEST_SAMPLE:
        return vectors
    return vectors[rng.choice(len(vectors), LARGEST_SAMPLE, replace=False)]


def _kernel(vectors: Vectors) -> NDArray[np.float64]:
    squared = np.maximum(2 - 2 * (vectors @ vectors.T).astype(np.float64), 0)
    width = float(np.median(squared[np.triu_indices(len(vectors), 1)])) or 1.0
    return np.exp(-squared / width)


def _halves(rng: np.random.Generator, rows: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    shuffled = rng.permutation(rows)
    return shuffled[: len(rows) // 2], shuffled[len(rows) // 2 :]


def _auc(
    kernel: NDArray[np.float64],
    known_here: NDArray[np.int64],
    known_there: NDArray[np.int64],
    here: NDArray[np.int64],
    there: NDArray[np.int64],
) -> float:
    """Share of pairs that the witness function, made of the known rows, puts in the right order."""
    rows = np.concatenate([here, there])
    witness = kernel[np.ix_(rows, known_here)].mean(axis=1) - kernel[np.ix_(rows, known_there)].mean(axis=1)
    low, high = witness[: len(here)], np.sort(witness[len(here) :])
    below = np.searchsorted(high, low, side="left") + np.searchsorted(high, low, side="right")
    return float(below.sum() / (2 * len(low) * len(high)))


def _closest(vectors: Vectors, others: Vectors, *, among_themselves: bool = False) -> Vectors:
    """The highest cosine of each row with one of `others`, or with another row of the same questions."""
    highest = np.empty(len(vectors), dtype=np.float32)
    for start in range(0, len(vectors), BLOCK):
        cosines = vectors[start : start + BLOCK] @ others.T
        if among_themselves:
            rows = np.arange(len(cosines))
            cosines[rows, start + rows] = -1.0
        highest[start : start + BLOCK] = cosines.max(axis=1)
    return highest


def _linked(vectors: Vectors, near: float) -> NDArray[np.int32]:
    from scipy.cluster.hierarchy import fcluster, linkage
    from scipy.spatial.distance import squareform

    distances = np.clip(1 - (vectors @ vectors.T).astype(np.float64), 0, 2)
    np.fill_diagonal(distances, 0)
    tree = linkage(squareform(distances, checks=False), method="average")
    labels: NDArray[np.int32] = fcluster(tree, t=1 - near, criterion="distance")
    return labels


def _named(questions: Sequence[str], vectors: Vectors, group: NDArray[np.int64]) -> Cluster:
    centre = vectors[group].mean(axis=0)
    central = group[np.argsort(-(vectors[group] @ centre), kind="stable")]
    distinct = list(dict.fromkeys(questions[row] for row in central))
    return Cluster(len(group), tuple(distinct[:EXAMPLES]))
