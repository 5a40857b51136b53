"""The scoring pipeline: what it scores, what a configuration adds to it, and what its YAML gives."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from haystack import component
from haystack.components.generators.chat import MockChatGenerator
from haystack.dataclasses import ChatMessage

from tasks_lib.config.monitor import MonitorConfig
from tasks_lib.config.settings import Settings
from tasks_lib.errors import ConfigurationError
from tasks_lib.haystack_yaml import pipeline_yaml
from tasks_lib.monitoring.assess import _feedback
from tasks_lib.monitoring.drift import compare, decide
from tasks_lib.monitoring.pipeline import scoring_pipeline
from tasks_lib.monitoring.report.tables import table
from tasks_lib.monitoring.scores import joined
from tasks_lib.monitoring.traces import TraceRecord
from tests.tasks_lib.monitoring.conftest import QuickPlatform, WordEmbedder, score
from tests.tasks_lib.monitoring.test_scores import record

FAITHFUL = {
    "type": "haystack.components.evaluators.FaithfulnessEvaluator",
    "init_parameters": {"chat_generator": "judge", "progress_bar": False, "raise_on_failure": False},
}
LENGTH = {"type": f"{__name__}.Length", "lower_is_better": True}
EXACT = {"type": "haystack.components.evaluators.AnswerExactMatchEvaluator"}


@component
class Length:
    """Characters of an answer."""

    @component.output_types(individual_scores=list[float])
    def run(self, predicted_answers: list[str]) -> dict[str, list[float]]:
        return {"individual_scores": [float(len(answer)) for answer in predicted_answers]}


def statements(messages: list[ChatMessage]) -> str:
    return json.dumps({"statements": ["it is so", "and so"], "statement_scores": [1, 0]})


def configured(**scorers: Any) -> Settings:
    return Settings.model_validate({"monitor": {"scorers": scorers}, "pipelines": {"allowed_modules": [__name__]}})


def scored(records: list[TraceRecord], settings: Settings, judge: Any = None, rows: list[int] | None = None) -> Any:
    from tasks_lib.monitoring.scores import score as score_by

    return score_by(scoring_pipeline(QuickPlatform(generator=judge), settings), records, rows)


def test_evaluators_score_the_sampled_answers() -> None:
    window = [record(0), record(1, refused=True), record(2, error="boom"), record(3), record(4, response="Yes.")]
    judge = MockChatGenerator(response_fn=statements)
    scores = scored(window, configured(length=LENGTH, faithful=FAITHFUL), judge, rows=[0, 1, 2, 4])
    assert np.nan_to_num(scores.columns["length"], nan=-1).tolist() == [51.0, -1.0, -1.0, -1.0, 4.0]
    assert np.nan_to_num(scores.columns["faithful"], nan=-1).tolist() == [0.5, -1.0, -1.0, -1.0, 0.5]
    assert (scores.attempts["length"], "length" in scores.failures) == (2, False)
    assert table(scores)["length"][0] == 51.0
    assert {entry.name for entry in _feedback(scores, 0)} >= {"length", "faithful", "groundedness"}


def test_nothing_that_needs_ground_truth_has_a_score() -> None:
    scores = scored([record(0)], configured(exact_match=EXACT))
    assert np.isnan(scores.columns["exact_match"]).all()
    assert scores.broken() == []


def test_a_scorer_of_the_configuration_drifts_in_its_direction() -> None:
    short, long = ([record(n, response="word " * (size + n % 7)) for n in range(40)] for size in (3, 30))
    settings = configured(length=LENGTH)
    now, before = scored(long, settings), scored(short, settings)
    changes = decide(compare(now.columns, before.columns, now.lower_is_better), MonitorConfig())
    assert next(change.status for change in changes if change.metric == "length") == "drifted"
    back = decide(compare(before.columns, now.columns, before.lower_is_better), MonitorConfig())
    assert next(change.status for change in back if change.metric == "length") == "improved"
    assert joined([now, before]).lower_is_better == {"length"}


def test_what_the_pipelines_yaml_says_scores_the_same(tmp_path: Path) -> None:
    window = [record(0), record(1, refused=True), record(2, response="You get 900 euros for a bicycle.")]
    file = tmp_path / "scoring.yaml"
    file.write_text(pipeline_yaml(scoring_pipeline(QuickPlatform(), configured(length=LENGTH))))
    settings = Settings.model_validate(
        {"monitor": {"pipeline": str(file)}, "pipelines": {"allowed_modules": ["tests.*", __name__]}}
    )
    again, built = scored(window, settings), scored(window, configured(length=LENGTH))
    assert pipeline_yaml(scoring_pipeline(QuickPlatform(), settings)) == file.read_text()
    for name, column in built.columns.items():
        np.testing.assert_array_equal(again.columns[name], column)
    assert again.lower_is_better == {"length"}
    np.testing.assert_array_equal(again.vectors, built.vectors)


def test_an_empty_window_is_scored() -> None:
    scores = score([], WordEmbedder())
    assert scores.columns["groundedness"].size == 0
    assert not len(scores.vectors)


@pytest.mark.parametrize(
    ("monitor", "words"),
    [
        ({"scorers": {"coverage": EXACT}}, "monitor.scorers.coverage bears the name"),
        ({"scorers": {"version": EXACT}}, "monitor.scorers.version bears the name"),
        ({"scorers": {"x": {"type": "acme_rag.Scorer"}}}, "monitor.scorers.x names the component.*not allowed"),
        ({"scorers": {"x": FAITHFUL}}, "monitor.scorers.x asks for the judge"),
        ({"pipeline": "missing.yaml"}, "monitor.pipeline names the file 'missing.yaml', which cannot be read"),
    ],
)
def test_what_cannot_be_a_scorer_is_named_with_its_key(monitor: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        scoring_pipeline(QuickPlatform(), Settings.model_validate({"monitor": monitor}))
