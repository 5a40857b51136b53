"""Analyse a window of production traffic: scores, drift, questions, service levels, verdict."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from tasks_lib.config.monitor import MonitorConfig
from tasks_lib.gate.prediction_powered import CorrectedEstimate
from tasks_lib.monitoring.aggregate import (
    scores_without_texts,
    states_without_names,
    traffic_without_texts,
    without_texts,
)
from tasks_lib.monitoring.documents import in_words
from tasks_lib.monitoring.drift import Change, compare, decide, finite
from tasks_lib.monitoring.languages import compare_languages, language_of_record, languages_in_mix, languages_of
from tasks_lib.monitoring.people import judge_by_labels
from tasks_lib.monitoring.questions import Cluster, Questions, compare_questions
from tasks_lib.monitoring.recurring import losses, pairs, recurring_questions
from tasks_lib.monitoring.reference import NO_REFERENCE, Reference
from tasks_lib.monitoring.result import IndexState, MonitorResult, QuestionGroup
from tasks_lib.monitoring.scores import Scores
from tasks_lib.monitoring.slo import service_levels
from tasks_lib.monitoring.traces import TraceRecord, Traffic
from tasks_lib.monitoring.verdict import (
    Verdict,
    early_verdict,
    final_verdict,
    is_judged,
    recurring_in_words,
)
from tasks_lib.monitoring.window import Window
from tasks_lib.monitoring.worst import refused_rows, worst_answers, worst_rows

SHOWN_GROUPS = 8


@dataclass(frozen=True)
class Analysis:
    """A window with all that its report shows."""

    result: MonitorResult
    verdict: Verdict
    scores: Scores
    changes: list[Change] = field(default_factory=list)
    reference: Reference = NO_REFERENCE
    worst: list[int] = field(default_factory=list)


def analyse(
    window: Window,
    traffic: Traffic,
    scores: Scores,
    reference: Reference,
    config: MonitorConfig,
    states: Sequence[IndexState] = (),
) -> Analysis:
    """Compare a scored window with its reference; one without enough traffic is described, not compared.

    :param states: States of the indexes that were read, see :func:`tasks_lib.monitoring.documents.index_states`.
    """
    if config.aggregate_only:
        traffic, scores, states = (
            traffic_without_texts(traffic),
            scores_without_texts(scores),
            states_without_names(states),
        )
    early = early_verdict(traffic, config)
    if early:
        reference = Reference("none", "nothing: this window is too small, or failed")
    judge = judge_by_labels(scores)
    questions = _questions(scores, reference, config.seed)
    languages = compare_languages(spoken_languages(scores.records), reference.languages, seed=config.seed)
    compared = compare(scores.columns, reference.columns, scores.lower_is_better)
    changes = decide([*compared, questions.change, languages], config)
    levels = service_levels(scores.columns, config.objectives)
    again = pairs(scores, reference.answers)
    lost, recurring = losses(scores, again), recurring_questions(scores, again)
    verdict = early or final_verdict(traffic, scores, changes, levels, reference.description)
    labels = [judge.reason] if judge and judge.standing != "refused" else []
    verdict = replace(verdict, reasons=[*verdict.reasons, *labels, *recurring_in_words(recurring), *in_words(states)])
    worst = worst_rows(scores)
    result = _result(window, traffic, verdict).model_copy(
        update={
            "metrics": _corrected(window_metrics(scores), judge),
            "judge": judge,
            "changes": [change.row() for change in changes if change.n or change.reference_n],
            "reference": reference.description,
            "service_levels": levels,
            "worst": worst_answers(
                scores, worst, refused=refused_rows(scores) if _refuses_more(changes) else (), lost=lost
            ),
            "recurring": recurring,
            "index_states": list(states),
            "new_questions": _groups(questions.new_clusters),
            "unanswered_questions": _groups(questions.unanswered_clusters),
            "scorer_failures": {name: len(failed) for name, failed in scores.failures.items()},
            "sampled": scores.sampled,
            "judged": scores.judged_answers(),
            "is_judged": is_judged(scores, changes),
            "languages": languages_of(traffic),
            "by_language": metrics_by_language(scores),
        }
    )
    if config.aggregate_only:
        result = without_texts(result, scores)
    return Analysis(result, verdict, scores, changes, reference, worst)


def spoken_languages(records: Sequence[TraceRecord]) -> list[str | None]:
    """The language of each question that did not fail."""
    return [language_of_record(record) if record.error is None else None for record in records]


def prevailing(records: Sequence[TraceRecord]) -> tuple[str, str]:
    """The version and the index that most traces carry; the newer one if two have as many."""
    counted = Counter((record.version, record.index) for record in records)
    last = {(record.version, record.index): record.at for record in records}
    return max(counted, key=lambda pair: (counted[pair], last[pair]), default=("", ""))


def window_metrics(scores: Scores) -> dict[str, float]:
    """Means and shares of the columns that hold values, and the 95th percentile of the latency."""
    known = {name: finite(column) for name, column in scores.columns.items()}
    metrics = {name: float(values.mean()) for name, values in known.items() if len(values)}
    if len(known["latency_seconds"]):
        metrics["latency_p95_seconds"] = float(np.quantile(known["latency_seconds"], 0.95))
    return metrics


def _corrected(metrics: dict[str, float], judge: CorrectedEstimate | None) -> dict[str, float]:
    return metrics if judge is None or judge.estimate is None else {**metrics, judge.metric: judge.estimate}


def metrics_by_language(scores: Scores) -> dict[str, dict[str, float]]:
    """Means and shares of the questions in each language, for those that count in a mix (`languages_in_mix`)."""
    spoken = np.array([language_of_record(record) or "" for record in scores.records])
    counted = Counter(name for name in spoken.tolist() if name)
    return {
        language: {
            name: round(float(values.mean()), 4)
            for name, column in scores.columns.items()
            if len(values := finite(column[spoken == language]))
        }
        for language in languages_in_mix(dict(counted.most_common()))
    }


def _result(window: Window, traffic: Traffic, verdict: Verdict) -> MonitorResult:
    version, index = prevailing(traffic.records)
    return MonitorResult(
        verdict=verdict.name,
        reasons=verdict.reasons,
        drifted=verdict.drifted,
        since=window.since,
        until=window.until,
        traces=traffic.total,
        malformed=traffic.malformed,
        errors=dict(Counter(record.error for record in traffic.records if record.error).most_common(SHOWN_GROUPS)),
        late=sum(record.at < window.since for record in traffic.records),
        version=version,
        index=index,
    )


def _refuses_more(changes: Sequence[Change]) -> bool:
    return any(c.metric == "refused" and c.status == "drifted" and (c.effect or 0) > 0 for c in changes)


def _questions(scores: Scores, reference: Reference, seed: int) -> Questions:
    asked = [scores.records[row] for row in scores.vector_rows]
    refused = [record.refused and record.refusal_reason != "guardrail" for record in asked]
    texts = [record.question for record in asked]
    return compare_questions(texts, scores.vectors, reference.vectors, refused, seed=seed, unrelated=scores.unrelated)


def _groups(clusters: list[Cluster]) -> list[QuestionGroup]:
    return [QuestionGroup(size=cluster.size, examples=list(cluster.examples)) for cluster in clusters[:SHOWN_GROUPS]]
