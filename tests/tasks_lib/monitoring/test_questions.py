"""Questions: topics that come up, and those that the index cannot answer."""

import numpy as np
import pytest

from tasks_lib.monitoring.questions import compare_questions, mmd_permutation_test, separability

DIMENSION = 32


def about(topic: int, n: int, seed: int) -> np.ndarray:
    """Unit vectors around an axis."""
    rng = np.random.default_rng([topic, seed])
    vectors = rng.normal(0, 0.12, (n, DIMENSION))
    vectors[:, topic] += 1
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def names(vectors: np.ndarray) -> list[str]:
    return [f"question {row}" for row in range(len(vectors))]


@pytest.mark.parametrize("seed", range(10))
def test_the_same_topics_are_no_change(seed: int) -> None:
    rng = np.random.default_rng(seed)
    both = np.concatenate([about(topic, 60, seed) for topic in range(3)])
    both = both[rng.permutation(len(both))]
    assert mmd_permutation_test(both[:60], both[60:]) > 0.003
    assert separability(both[:60], both[60:]) < 0.5


def test_a_new_topic_is_found_and_named_by_its_questions() -> None:
    usual = np.concatenate([about(topic, 60, 1) for topic in range(3)])
    now = np.concatenate([about(0, 30, 2), about(9, 20, 2)])
    questions = [f"about leave {row}" for row in range(30)] + [f"about parental leave {row}" for row in range(20)]
    found = compare_questions(questions, now, usual, [False] * 50)
    assert found.change.p_value is not None
    assert found.change.p_value < 0.003
    assert found.change.effect is not None
    assert found.change.effect > 0.5
    assert len(found.new_clusters) == 1
    assert 18 <= found.new_clusters[0].size <= 22
    assert all("parental" in example for example in found.new_clusters[0].examples)


def test_questions_without_an_answer_are_grouped() -> None:
    now = np.concatenate([about(0, 30, 1), about(5, 6, 1), about(7, 1, 1)])
    found = compare_questions(names(now), now, np.empty((0, 0), dtype=np.float32), [False] * 30 + [True] * 7)
    assert found.change.status == "no_reference"
    assert (found.unanswered, [cluster.size for cluster in found.unanswered_clusters]) == (7, [6, 1])


def test_no_questions_at_all_are_no_reference() -> None:
    empty = np.empty((0, 0), dtype=np.float32)
    found = compare_questions([], empty, empty, [])
    assert (found.change.status, found.new, found.unanswered) == ("no_reference", 0, 0)
