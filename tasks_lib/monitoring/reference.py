"""The reference window: earlier healthy windows, else the evaluation that let the version through."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from tasks_lib.config.monitor import MonitorConfig
from tasks_lib.monitoring.languages import told_language
from tasks_lib.monitoring.metrics import IDENTITY
from tasks_lib.monitoring.recurring import COMPARED, PastAnswer
from tasks_lib.monitoring.report.artifacts import ANSWERS_FILE, QUESTIONS_FILE, SCORES_FILE, read_table
from tasks_lib.monitoring.window import VERSION_TAG, PastWindow, Window
from tasks_lib.registry.tracking import last_runs

if TYPE_CHECKING:
    import pandas as pd

    from tasks_lib.gate.measurement import QuestionResult
    from tasks_lib.registry.assistant_client import AssistantClient

EVALUATION_FILE = "report.json"
GATE_RUNS = 20
"""How many of a version's gate runs are searched for an evaluation."""
EVALUATED = ("groundedness", "latency_seconds")
"""What production and evaluation have in common; the mix of questions differs, so nothing else compares."""


@dataclass(frozen=True)
class Reference:
    """Values per metric, and questions, that count as normal."""

    kind: Literal["windows", "evaluation", "none"]
    description: str
    columns: dict[str, NDArray[np.float64]] = field(default_factory=dict)
    vectors: NDArray[np.float32] = field(default_factory=lambda: np.empty((0, 0), dtype=np.float32))
    runs: tuple[str, ...] = ()
    languages: tuple[str | None, ...] = ()
    """Of the questions, in the order of `columns`; `None` where it cannot be told."""
    answers: tuple[PastAnswer, ...] = ()
    """What was answered, oldest first."""


NO_REFERENCE = Reference("none", "no reference yet: no healthy window of this version or index came before")


def load_reference(
    client: "AssistantClient",
    past: Sequence[PastWindow],
    window: Window,
    *,
    version: str,
    index: str,
    config: MonitorConfig,
) -> Reference:
    """The reference of `window`.

    :param version: The version, and `index` the index, that most traces of the window carry.
    """
    chosen = reference_windows(past, window, version=version, index=index, config=config)
    if chosen:
        return _from_windows(client, chosen)
    return (_from_evaluation(client, version) if version else None) or NO_REFERENCE


def reference_windows(
    past: Sequence[PastWindow], window: Window, *, version: str, index: str, config: MonitorConfig
) -> list[PastWindow]:
    """The last healthy windows before `window`: of the version; where it has none, of the index."""
    healthy = [
        earlier
        for earlier in past
        if earlier.covers
        and earlier.verdict == "healthy"
        and earlier.until <= window.since
        and (config.reference_since is None or earlier.since >= config.reference_since)
    ]
    same_version = [earlier for earlier in healthy if version and earlier.version == version]
    candidates = same_version or [earlier for earlier in healthy if index and earlier.index == index]
    return candidates[-config.reference_windows :]


def _from_windows(client: "AssistantClient", chosen: list[PastWindow]) -> Reference:
    import pandas as pd

    scores, questions, answers = [], [], []
    for window in chosen:
        scores.append(read_table(client, window.run_id, SCORES_FILE))
        questions.append(read_table(client, window.run_id, QUESTIONS_FILE))
        answers.append(read_table(client, window.run_id, ANSWERS_FILE))
    joined = pd.concat(scores, ignore_index=True).drop_duplicates("trace_id", keep="last")
    asked = pd.concat(questions, ignore_index=True).drop_duplicates("trace_id", keep="last")
    columns = {name: joined[name].to_numpy(dtype=np.float64) for name in joined if name not in IDENTITY}
    answered = pd.concat(answers, ignore_index=True)
    days = f"{min(w.since for w in chosen):%Y-%m-%d} to {max(w.until for w in chosen):%Y-%m-%d}"
    plural = "s" if len(chosen) > 1 else ""
    return Reference(
        kind="windows",
        description=f"{len(joined):,} traces of the last {len(chosen)} healthy window{plural}, {days}",
        columns=columns,
        vectors=vectors_of(asked),
        runs=tuple(window.run_id for window in chosen),
        languages=_past_languages(answered, joined),
        answers=past_answers(answered, joined),
    )


def _past_languages(answers: "pd.DataFrame", scores: "pd.DataFrame") -> tuple[str | None, ...]:
    told: dict[str, str | None] = {}
    if "language" in answers:  # of windows that keep no texts
        known = answers.dropna(subset=["language"])
        told.update(zip(known["trace_id"], known["language"], strict=True))
    if "question" in answers:
        kept = answers.dropna(subset=["question"])
        told.update({row.trace_id: told_language(row.question, row.response or "") for row in kept.itertuples()})
    return tuple(told.get(trace_id) for trace_id in scores["trace_id"]) if told else ()


def past_answers(answers: "pd.DataFrame", scores: "pd.DataFrame") -> tuple[PastAnswer, ...]:
    """The answers of earlier windows with their scores; none of windows that were recorded without."""
    if "question" not in answers:
        return ()
    kept = answers.dropna(subset=["question"]).drop_duplicates("question", keep="last")
    measured = [name for name in COMPARED if name in scores]
    by_trace = scores.set_index("trace_id")[measured].to_dict("index")
    return tuple(
        PastAnswer(row.question, row.response, bool(row.refused), tuple(row.documents), by_trace.get(row.trace_id, {}))
        for row in kept.itertuples()
    )


def vectors_of(table: "pd.DataFrame") -> NDArray[np.float32]:
    """The embeddings of a table of questions, one row each."""
    if not len(table) or "vector" not in table:
        return np.empty((0, 0), dtype=np.float32)
    return np.stack([np.asarray(vector, dtype=np.float32) for vector in table["vector"]])


def _from_evaluation(client: "AssistantClient", version: str) -> Reference | None:
    """Groundedness and latency of the answerable questions, as the gate measured them."""
    for run in last_runs(client, "deploy", where=f"tags.`{VERSION_TAG}` = '{version}'", limit=GATE_RUNS):
        rows = _evaluated_rows(client, run.info.run_id, version)
        if rows:
            values = {name: np.array([row.values.get(name) for row in rows], dtype=np.float64) for name in EVALUATED}
            what = "groundedness and latency only, no reference yet for the rest"
            description = f"the gate's evaluation of version {version} ({len(rows)} answerable questions): {what}"
            return Reference("evaluation", description, values, runs=(run.info.run_id,))
    return None


def _evaluated_rows(client: "AssistantClient", run_id: str, version: str) -> "list[QuestionResult]":
    """Answered, answerable questions of the gate's report; none if the run holds no evaluation of the version."""
    from tasks_lib.gate.measurement import Measurement

    if EVALUATION_FILE not in {artifact.path for artifact in client.list_artifacts(run_id)}:
        return []
    with TemporaryDirectory() as folder:
        text = Path(client.download_artifacts(run_id, EVALUATION_FILE, folder)).read_text(encoding="utf-8")
    report = json.loads(text)
    sides = [Measurement.model_validate(report[side]) for side in ("candidate", "production") if report.get(side)]
    measured = next((side for side in sides if str(side.version) == version), None)
    return [row for row in measured.rows if row.kind == "answerable" and row.error is None] if measured else []
