"""The distributions behind the verdict, as an Evidently report: a summary, and drift with explicit tests per metric."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tasks_lib.config.monitor import MonitorConfig
from tasks_lib.monitoring.drift import Change, Values, finite, fisher_p_value, rank_p_value
from tasks_lib.monitoring.languages import Languages, languages_p_value
from tasks_lib.monitoring.metrics import CATALOGUE, QUESTION_LANGUAGES, metric_of
from tasks_lib.monitoring.report.artifacts import SNAPSHOT_FILE

if TYPE_CHECKING:
    import pandas as pd
    from evidently.core.report import Snapshot

LARGE = 1000
"""From this many values on a distance tells more than a p-value."""
YES, NO = "yes", "no"
_OURS: dict[str, tuple[str, Callable[..., float]]] = {
    "fisher_exact": ("Fisher's exact test", fisher_p_value),
    "mann_whitney": ("Mann-Whitney U test", rank_p_value),
}
_OF_CATEGORIES = {"chi_square": "Chi-square test", "chi_square_drawn": "Chi-square test, tables drawn"}


def evidently_snapshot(
    columns: Mapping[str, Values],
    reference: Mapping[str, Values],
    changes: Sequence[Change],
    config: MonitorConfig,
    metadata: dict[str, Any],
    languages: tuple[Languages, Languages] = ((), ()),
) -> "Snapshot | None":
    """Run the report over every column that holds values; `None` if there is none.

    Drift is tested for the compared metrics only, with the corrected significance level of each.

    :param languages: Of the questions of this window, and of the reference's.
    """
    known = {*columns, QUESTION_LANGUAGES.name}
    compared = [change for change in changes if change.metric in known and change.p_value is not None]
    # Evidently cannot draw a column that is empty on one side: what has no reference is summed up only without any
    shown = [change.metric for change in compared] or [name for name in columns if len(finite(columns[name]))]
    if not shown:
        return None
    from evidently import Report
    from evidently.presets import DataSummaryPreset

    metrics = [*(_drift(change, columns, reference, config) for change in compared), DataSummaryPreset(columns=shown)]
    before = _dataset(reference, shown, languages[1]) if compared else None
    return Report(metrics, metadata=metadata).run(_dataset(columns, shown, languages[0]), before)


def save(snapshot: "Snapshot", folder: Path) -> None:
    """Write `evidently.html`, self-contained, `evidently.json`, and the snapshot itself."""
    snapshot.save_html(str(folder / "evidently.html"))
    (folder / "evidently.json").write_text(snapshot.json(), encoding="utf-8")
    (folder / SNAPSHOT_FILE).write_text(snapshot.dumps(), encoding="utf-8")


def add_to_workspace(report: Path, workspace: Path, name: str, run_id: str, assistant: str) -> None:
    """Add the report in the folder `report` to the assistant's project, once for a run.

    :param workspace: Folder that `evidently ui --workspace` opens.
    """
    from evidently.core.report import Snapshot
    from evidently.ui.workspace import Workspace

    snapshot = Snapshot.load(report / SNAPSHOT_FILE)
    opened = Workspace.create(str(workspace))
    projects = [one for one in opened.search_project(assistant) if one.name == assistant]
    project = projects[0] if projects else opened.create_project(assistant)
    there = [opened.get_run(project.id, run) for run in opened.list_runs(project.id)]
    if run_id not in {run.metadata.get("run") for run in there if run}:
        opened.add_run(project.id, snapshot, name=name)


def _drift(
    change: Change, columns: Mapping[str, Values], reference: Mapping[str, Values], config: MonitorConfig
) -> Any:
    from evidently.metrics import ValueDrift
    from evidently.tests import gt, lt

    level = significance(change, config)
    if change.metric == QUESTION_LANGUAGES.name:
        test = _of_categories(change.test, config.seed)
        return ValueDrift(column=change.metric, method=test, threshold=level, tests=[gt(level)])
    sizes = (len(finite(columns[change.metric])), len(finite(reference[change.metric])))
    if metric_of(change.metric).kind == "number" and max(sizes) > LARGE:
        limit = config.minimum_effect
        return ValueDrift(column=change.metric, method="wasserstein", threshold=limit, tests=[lt(limit)])
    return ValueDrift(column=change.metric, method=_registered(change.test), threshold=level, tests=[gt(level)])


def significance(change: Change, config: MonitorConfig) -> float:
    """The level for this metric's own p-value that Holm's correction amounts to."""
    if not change.p_value or not change.p_adjusted:
        return config.alpha / len(CATALOGUE)
    return config.alpha * change.p_value / change.p_adjusted


def _of_categories(test: str, seed: int) -> str:
    """Evidently's name of our test of categories: its own takes the reference's shares for known."""
    return _made_known(test, _OF_CATEGORIES[test], lambda before, now: _languages_p_value(now, before, seed))


def _languages_p_value(now: "pd.Series", before: "pd.Series", seed: int) -> float:
    p_value, _ = languages_p_value(list(now.dropna()), list(before.dropna()), seed=seed)
    return 1.0 if p_value is None else p_value


def _registered(test: str) -> str:
    """Evidently's name of our test: its own for Kolmogorov-Smirnov and z, ours made known to it for the others.

    Evidently's Fisher test takes samples of equal length only, and its rank test is one-sided.
    """
    if test not in _OURS:
        return test
    title, p_value_of = _OURS[test]
    return _made_known(test, title, lambda before, now: p_value_of(_numbers(now), _numbers(before)))


def _made_known(test: str, title: str, p_value_of: "Callable[[pd.Series, pd.Series], float]") -> str:
    from evidently.legacy.calculations.stattests.registry import StatTest, register_stattest
    from evidently.legacy.core import ColumnType

    def run(before: Any, now: Any, kind: ColumnType, threshold: float) -> tuple[float, bool]:  # noqa: ARG001
        p_value = p_value_of(before, now)
        return p_value, p_value < threshold

    name = f"llmops_{test}"
    register_stattest(StatTest(name, title, [ColumnType.Categorical, ColumnType.Numerical], 0.05), run)
    return name


def _numbers(cells: "pd.Series") -> Values:
    from pandas.api.types import is_numeric_dtype

    numbers = cells if is_numeric_dtype(cells) else cells.map({YES: 1.0, NO: 0.0})
    return np.asarray(numbers, dtype=np.float64)


def _dataset(columns: Mapping[str, Values], names: Sequence[str], languages: Languages) -> Any:
    import pandas as pd
    from evidently import DataDefinition, Dataset

    numbers = [name for name in names if name in columns and metric_of(name).kind == "number"]
    categories = [name for name in names if name not in numbers]
    definition = DataDefinition(numerical_columns=numbers, categorical_columns=categories)
    spoken = {QUESTION_LANGUAGES.name: list(languages)}
    frame = pd.DataFrame({name: spoken[name] if name in spoken else _cells(name, columns[name]) for name in names})
    return Dataset.from_pandas(frame, data_definition=definition)


def _cells(name: str, values: Values) -> Any:
    """Numbers as they are; shares as words, which Evidently takes for categories."""
    known = np.where(np.isfinite(values), values, np.nan)
    if metric_of(name).kind == "number":
        return known
    return [None if np.isnan(value) else YES if value else NO for value in known]
