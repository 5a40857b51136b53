"""The verdict on a window, and its reasons."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from tasks_lib.config.monitor import MonitorConfig
from tasks_lib.gate.judge import JUDGE_METRICS
from tasks_lib.monitoring.drift import Change
from tasks_lib.monitoring.languages import languages_in_mix, languages_of
from tasks_lib.monitoring.metrics import CATALOGUE, title_of
from tasks_lib.monitoring.result import RecurringQuestions, VerdictName, verdict_title
from tasks_lib.monitoring.scores import Scores
from tasks_lib.monitoring.slo import ServiceLevel
from tasks_lib.monitoring.traces import Traffic


@dataclass(frozen=True)
class Verdict:
    """The outcome of a window."""

    name: VerdictName
    reasons: list[str]
    drifted: list[str] = field(default_factory=list)
    covers: bool = False
    """Whether the window is done with: the next one starts where it ends."""

    @property
    def title(self) -> str:
        """`drifted (coverage, evidence)`: as lists of runs tell it."""
        return verdict_title(self.name, self.drifted)


def early_verdict(traffic: Traffic, config: MonitorConfig) -> Verdict | None:
    """The verdict that needs no scores: too little traffic, or nothing but failures."""
    records = traffic.records
    if not traffic.total:
        return Verdict("not_enough_traffic", ["there is no production trace in this window: nobody asked"])
    if not records:
        return Verdict("failed", [f"none of the {traffic.total} traces could be read: {_malformed(traffic)}"])
    if all(record.error is not None for record in records):
        reasons = [f"all {len(records)} questions failed; the first error: {records[0].error}"]
        return Verdict("failed", reasons, ["error"], covers=len(records) >= config.minimum_traces)
    if len(records) < config.minimum_traces:
        few = f"{len(records)} of the {config.minimum_traces} traces that are needed (monitor.minimum_traces)"
        reasons = [f"{few}: too few to judge; they count again in the next window", *_gaps(traffic)]
        return Verdict("not_enough_traffic", reasons)
    return None


def final_verdict(
    traffic: Traffic, scores: Scores, changes: Sequence[Change], levels: Sequence[ServiceLevel], reference: str
) -> Verdict:
    """The verdict of a window with enough traffic."""
    broken = scores.broken()
    if broken:
        failed = {name: scores.failures[name] for name in broken}
        reasons = [
            f"the scorer {name} failed on {len(rows)} of {scores.attempts[name]} traces: {next(iter(rows.values()))}"
            for name, rows in failed.items()
        ]
        return Verdict("failed", reasons)
    drifted = sorted((c for c in changes if c.status == "drifted"), key=lambda c: -abs(c.effect or 0))
    breached = [level for level in levels if level.breached]
    names = list(dict.fromkeys([*(c.metric for c in drifted), *(level.metric for level in breached)]))
    reasons = [in_words(change) for change in drifted]
    reasons += [f"service level missed: {level.objective}, observed {_observed(level)}" for level in breached]
    if not names:
        reasons.append(_all_well(changes, reference))
    reasons += [f"better: {in_words(change)}" for change in changes if change.status == "improved"]
    reasons += [f"different: {in_words(change)}" for change in changes if change.status == "changed"]
    reasons += [*_not_judged(scores, changes), *_gaps(traffic), *_judge_gaps(scores), *_languages(traffic)]
    return Verdict("drifted" if names else "healthy", reasons, names, covers=True)


def is_judged(scores: Scores, changes: Sequence[Change]) -> bool:
    """Whether judgements of answers were compared with earlier ones: without, nobody knows whether they are as good."""
    judged = set(scores.judged())
    return any(change.metric in judged and change.effect is not None for change in changes)


def _not_judged(scores: Scores, changes: Sequence[Change]) -> list[str]:
    if is_judged(scores, changes):
        return []
    answers, judged = sum(record.answered for record in scores.records), scores.judged_answers()
    if not answers:
        return []
    if not judged:
        how = "no user rated one, and no judge gave a score"
        return [f"none of the {answers} answers was judged ({how}): whether they are right is not known"]
    return [f"{judged} of {answers} answers were judged, and there is nothing to compare that with yet"]


def recurring_in_words(recurring: RecurringQuestions) -> list[str]:
    """What became of the questions that were asked before in the same words."""
    if not recurring.asked:
        return []
    parts = [
        f"{count} {what}"
        for count, what in (
            (recurring.refused_now, "answered before and refused now"),
            (recurring.answered_now, "refused before and answered now"),
            (recurring.other_numbers, "with other numbers in the answer"),
            (recurring.other_documents, "no longer from the same document"),
        )
        if count
    ]
    test = "" if recurring.p_value is None else f" (refusals: McNemar, p {p_in_words(recurring.p_value)})"
    text = f"{recurring.asked} questions were asked before in the same words: {', '.join(parts) or 'no answer changed'}"
    return [f"{text}{test}"]


def _languages(traffic: Traffic) -> list[str]:
    found = languages_of(traffic)
    total = sum(found.values())
    mixed = languages_in_mix(found)
    if len(mixed) < 2:
        return []
    shares = ", ".join(f"{name} {count / total:.0%}" for name, count in mixed.items())
    return [f"the questions are in several languages ({shares}): figures that depend on the language mix them"]


def in_words(change: Change) -> str:
    """A change with its sizes."""
    title = title_of(change.metric)
    size = f"{change.effect_name} {change.effect:+.2f}, p {p_in_words(change.p_adjusted)} corrected"
    if change.value is None or change.reference_value is None:
        what = f"{title} changed" + (f", {change.note}" if change.note else "")
        return f"{what} ({size}, {change.n} questions against {change.reference_n})"
    verb = "rose" if change.value > change.reference_value else "fell"
    values = f"{number(change.metric, change.reference_value)} to {number(change.metric, change.value)}"
    return f"{title} {verb} from {values} ({size})"


def number(metric: str, value: float | None) -> str:
    """A value as people read it."""
    if value is None or not np.isfinite(value):
        return "–"
    known = CATALOGUE.get(metric)
    if known and known.kind == "share":
        return f"{value:.1%}"
    unit = f" {known.unit}" if known and known.unit else ""
    return f"{value:.3g}{unit}"


def _all_well(changes: Sequence[Change], reference: str) -> str:
    compared = sum(change.p_value is not None for change in changes)
    held = "the service levels hold"
    missing = [title_of(change.metric) for change in changes if change.status == "no_reference" and change.n]
    if not compared:
        return f"{held}; nothing was compared: {reference}"
    text = f"{held}, and none of {compared} compared metrics got worse"
    return f"{text}; no reference yet for {', '.join(missing)}" if missing else text


def _gaps(traffic: Traffic) -> list[str]:
    count = sum(traffic.malformed.values())
    return [f"{count} traces could not be read: {_malformed(traffic)}"] if count else []


def _judge_gaps(scores: Scores) -> list[str]:
    gaps = list(dict.fromkeys(scores.unused.values()))
    for name, problems in scores.failures.items():
        if name in JUDGE_METRICS:
            share = f"{len(problems)} of {scores.attempts[name]} answers"
            gaps.append(f"{title_of(name)}: no judgement on {share} ({next(iter(problems.values()))})")
    return gaps


def _malformed(traffic: Traffic) -> str:
    commonest = Counter(traffic.malformed).most_common(3)
    return "; ".join(f"{reason} ({count})" for reason, count in commonest)


def _observed(level: ServiceLevel) -> str:
    if level.observed is None:
        return "nothing"
    if level.metric == "cost":
        return f"{level.observed:.4g}"
    return f"{level.observed:.1%} {'slower' if level.metric == 'latency_seconds' else ''}".strip()


def p_in_words(value: float | None) -> str:
    """A p-value to three digits."""
    if value is None:
        return "–"
    return "< 0.001" if value < 0.001 else f"= {value:.3f}"
