"""People's labels of a window, and what they do to the judge's figure there."""

from datetime import UTC, datetime

import numpy as np
import pytest

from tasks_lib.gate.judge import CORRECTNESS
from tasks_lib.monitoring.people import judge_by_labels
from tasks_lib.monitoring.scores import Scores
from tasks_lib.monitoring.traces import TraceRecord
from tasks_lib.registry.labels import lot


def window(judged: list[float], labels: list[float | None]) -> Scores:
    records = [
        TraceRecord(
            trace_id=f"tr-{n}",
            at=datetime(2026, 1, 1, tzinfo=UTC),
            question="q?",
            label=label,
            reviewed=label is not None,
        )
        for n, label in enumerate(labels)
    ]
    return Scores(records, {CORRECTNESS: np.array(judged)})


def test_labels_of_the_window_correct_the_judge() -> None:
    judged = [1.0] * 90 + [0.0] * 30
    drawn = set(sorted(range(120), key=lambda n: lot(f"tr-{n}"))[:80])
    labels = [float(n % 3 > 0 and n < 90) if n in drawn else None for n in range(120)]
    found = judge_by_labels(window(judged, labels))
    assert found is not None
    assert (found.standing, found.labels, found.answers) == ("corrected", 80, 120)
    assert found.judge_mean == pytest.approx(0.75)
    assert found.estimate == pytest.approx(0.5, abs=0.08)


def test_a_judge_that_people_contradict_loses_its_scores() -> None:
    scores = window([1.0] * 60, [float(n % 2) for n in range(60)])
    found = judge_by_labels(scores)
    assert found is not None
    assert found.standing == "refused"
    assert scores.unused == {CORRECTNESS: found.reason}
    assert not np.isfinite(scores.columns[CORRECTNESS]).any()


def test_without_a_judge_there_is_nothing_to_correct() -> None:
    assert judge_by_labels(window([np.nan] * 30, [1.0] * 30)) is None
    unlabelled = judge_by_labels(window([0.5] * 30, [None] * 30))
    assert unlabelled is not None
    assert unlabelled.standing == "unlabelled"
