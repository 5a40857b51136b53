"""People's labels of the window: how good its answers are by the judge, as the labels correct it."""

import numpy as np

from tasks_lib.gate.judge import CORRECTNESS
from tasks_lib.gate.prediction_powered import CorrectedEstimate, corrected
from tasks_lib.monitoring.scores import Scores


def judge_by_labels(scores: Scores) -> CorrectedEstimate | None:
    """The judge's correctness over the window with the labels of its answers; `None` where it has scored none.

    A judge that is no better than chance on them loses its scores.
    """
    column = scores.columns.get(CORRECTNESS)
    if column is None or CORRECTNESS in scores.unused or not np.isfinite(column).any():
        return None
    labelled, unlabelled = [], []
    for record, score in zip(scores.records, column.tolist(), strict=True):
        if np.isfinite(score) and record.label is not None:
            labelled.append((score, record.label))
        elif np.isfinite(score):
            unlabelled.append(score)
    found = corrected(CORRECTNESS, labelled, unlabelled)
    if found.standing == "refused":
        scores.unused[CORRECTNESS] = found.reason
        column[:] = np.nan
    return found
