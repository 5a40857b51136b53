"""People's labels of the window: how good its answers are by the judge, as the labels correct it."""

import numpy as np

from tasks_lib.gate.judge import CORRECTNESS
from tasks_lib.gate.prediction_powered import CorrectedEstimate, corrected
from tasks_lib.monitoring.scores import Scores
from tasks_lib.registry.labels import drawn_at_random


def judge_by_labels(scores: Scores) -> CorrectedEstimate | None:
    """The judge's correctness over the window with the labels of its answers; `None` where it has scored none.

    A judge that is no better than chance on them loses its scores.
    """
    column = scores.columns.get(CORRECTNESS)
    if column is None or CORRECTNESS in scores.unused or not np.isfinite(column).any():
        return None
    judged = {
        record.trace_id: (score, record)
        for record, score in zip(scores.records, column.tolist(), strict=True)
        if np.isfinite(score)
    }
    drawn = set(drawn_at_random(judged, {name for name, (_, record) in judged.items() if record.reviewed}))
    labelled = [(s, r.label) for name, (s, r) in judged.items() if name in drawn and r.label is not None]
    unlabelled = [score for name, (score, _) in judged.items() if name not in drawn]
    found = corrected(CORRECTNESS, labelled, unlabelled)
    if found.standing == "refused":
        scores.unused[CORRECTNESS] = found.reason
        column[:] = np.nan
    return found
