"""Scores: one row a trace, failures counted, the judge on a leash."""

import json
import time
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from haystack.components.generators.chat import MockChatGenerator
from haystack.dataclasses import ChatMessage

from tasks_lib.config.monitor import ObjectivesConfig
from tasks_lib.monitoring import scorers as module
from tasks_lib.monitoring.readability import automated_readability_index, flesch_kincaid_grade, syllables
from tasks_lib.monitoring.scores import Scores, joined, sample_rows
from tasks_lib.monitoring.slo import service_levels
from tasks_lib.monitoring.traces import TraceRecord
from tasks_lib.monitoring.worst import refused_rows, worst_answers, worst_rows
from tests.stubs.judges import knowing
from tests.tasks_lib.monitoring.conftest import WordEmbedder, score

NOW = datetime(2026, 3, 2, tzinfo=UTC)
PASSAGE = "Every employee gets 28 days of annual leave a year. The manager approves it."


def record(number: int = 0, **changes: Any) -> TraceRecord:
    fields = {
        "question": "How many days of annual leave do I get?",
        "response": "Every employee gets 28 days of annual leave a year.",
        "passages": (PASSAGE,),
        "latency_seconds": 0.1,
    }
    return TraceRecord(**{"trace_id": f"tr-{number}", "at": NOW, **fields, **changes})


def reply(**scores: float) -> str:
    return json.dumps({name: {"score": value, "reason": f"because of {name}"} for name, value in scores.items()})


def judge_saying(text: str, *, seconds: float = 0.0) -> MockChatGenerator:
    def respond(messages: list[ChatMessage]) -> str:
        time.sleep(seconds)
        return text

    return knowing(respond)


GOOD = reply(judge_correctness=1, judge_relevance=0.5)


def test_an_answer_from_the_passages_is_grounded_and_an_invented_one_is_not() -> None:
    scores = score([record(0), record(1, response="You get 900 euros for a bicycle.")], WordEmbedder())
    assert scores.columns["groundedness"].tolist() == [1.0, 0.0]
    assert scores.columns["answer_relevance"][0] > scores.columns["answer_relevance"][1]
    assert scores.failures == {}


def test_batches_are_scored_as_the_window_is(monkeypatch: pytest.MonkeyPatch) -> None:
    def count(one: TraceRecord) -> float:
        if one.trace_id in {"tr-1", "tr-4"}:
            raise ValueError(one.trace_id)
        return float(len(one.question))

    monkeypatch.setitem(module.TRACE_SCORERS, "question_words", count)
    window = [record(number, refused=number == 2, question="annual leave" * number or "?") for number in range(5)]
    whole = score(window, WordEmbedder(), rows=[0, 1, 3])
    batches = [score(window[:2], WordEmbedder(), rows=[0, 1]), score(window[2:], WordEmbedder(), rows=[1])]
    both = joined(batches)
    assert [one.trace_id for one in both.records] == [one.trace_id for one in window]
    assert both.columns.keys() == whole.columns.keys()
    for name, column in whole.columns.items():
        np.testing.assert_allclose(both.columns[name], column, rtol=1e-6)
    assert set(both.failures["question_words"]) == {"tr-1", "tr-4"}
    assert (both.failures, both.attempts, both.sampled) == (whole.failures, whole.attempts, 3)
    assert both.vector_rows == whole.vector_rows == [0, 1, 3]
    np.testing.assert_allclose(both.vectors, whole.vectors, rtol=1e-6)


def test_refusals_and_errors_have_no_answer_to_score() -> None:
    scores = score([record(0, refused=True), record(1, error="boom", response="")], WordEmbedder())
    for name in ("groundedness", "answer_relevance", "toxicity", "readability_grade"):
        assert np.isnan(scores.columns[name]).all()
    assert scores.columns["error"].tolist() == [0.0, 1.0]
    assert scores.columns["refused"][0] == 1.0
    assert np.isnan(scores.columns["refused"][1])


def test_coverage_is_the_share_of_question_terms_in_the_passages() -> None:
    scores = score([record(0, question="annual leave days"), record(1, question="bicycle leave")], WordEmbedder())
    assert scores.columns["coverage"].tolist() == [1.0, 0.5]


def test_offensive_answers_are_toxic() -> None:
    scores = score([record(0), record(1, response="You are a stupid moron, go to hell.")], WordEmbedder())
    assert scores.columns["toxicity"][0] < 0.2
    assert scores.columns["toxicity"][1] > 0.9


def test_toxicity_and_readability_are_told_of_english_only() -> None:
    german = "Die Mitarbeiter bekommen in jedem Jahr siebenundzwanzig Tage Urlaub, die der Vorgesetzte genehmigt."
    scores = score([record(0), record(1, response=german), record(2, response="27 days")], WordEmbedder())
    for name in ("toxicity", "readability_grade", "readability_ari"):
        assert np.isfinite(scores.columns[name]).tolist() == [True, False, True]


def test_a_failing_scorer_is_a_count_and_stops_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail_on_second(one: TraceRecord) -> float:
        return 1 / (1 - int(one.trace_id[-1]))

    monkeypatch.setitem(module.TRACE_SCORERS, "coverage", fail_on_second)
    scores = score([record(0), record(1), record(2)], WordEmbedder())
    assert list(scores.failures) == ["coverage"]
    assert list(scores.failures["coverage"]) == ["tr-1"]
    assert np.isfinite(scores.columns["groundedness"]).all()
    assert scores.broken() == []


def test_an_embedder_that_is_away_breaks_its_scorers_only() -> None:
    class Away(WordEmbedder):
        def embed(self, texts: list[str]) -> list[list[float]]:
            raise ConnectionError("no embedder")

    scores = score([record(0), record(1)], Away())
    assert scores.broken() == ["answer_relevance"]
    assert np.isfinite(scores.columns["coverage"]).all()
    assert not len(scores.vectors)


def test_costly_scorers_look_at_a_seeded_sample() -> None:
    records = [record(number) for number in range(30)]
    first, again, other = (
        score(records, WordEmbedder(), rows=sample_rows(len(records), 10, seed)) for seed in (1, 1, 2)
    )
    assert first.sampled == np.isfinite(first.columns["groundedness"]).sum() == len(first.vectors) == 10
    assert first.vector_rows == again.vector_rows != other.vector_rows
    assert np.isfinite(first.columns["coverage"]).all()


def test_the_judge_gives_scores_with_reasons() -> None:
    scores = score([record(0), record(1, refused=True)], WordEmbedder(), judge=judge_saying(f"Sure: {GOOD}"))
    assert scores.columns["judge_correctness"][0] == 1.0
    assert scores.columns["judge_relevance"][0] == 0.5
    assert scores.reasons["judge_relevance", "tr-0"] == "because of judge_relevance"
    assert np.isnan(scores.columns["judge_correctness"][1])


def test_a_judge_that_likes_every_answer_gives_no_figures() -> None:
    scores = score([record()], WordEmbedder(), judge=MockChatGenerator(response_fn=lambda messages: GOOD))
    assert np.isnan(scores.columns["judge_correctness"]).all()
    assert scores.failures == {}
    assert set(scores.unused) == {"judge_correctness", "judge_relevance"}
    assert all("does not tell planted answers apart" in why for why in scores.unused.values())


def test_guidelines_are_judged_if_there_are_any() -> None:
    text = reply(judge_correctness=1, judge_relevance=1, judge_guidelines=0)
    scores = score([record()], WordEmbedder(), judge=judge_saying(text), judge_guidelines=["Be brief."])
    assert scores.columns["judge_guidelines"].tolist() == [0.0]


@pytest.mark.parametrize(
    "text", ["I cannot", "{]", reply(judge_correctness=7, judge_relevance=1), reply(judge_relevance=1)]
)
def test_a_judge_that_gives_no_scores_is_counted(text: str) -> None:
    scores = score([record()], WordEmbedder(), judge=judge_saying(text))
    assert {name: len(failed) for name, failed in scores.failures.items()} == {
        "judge_correctness": 1,
        "judge_relevance": 1,
    }
    assert scores.broken() == []


def test_a_judge_that_times_out_is_not_waited_for_again_and_again() -> None:
    started = time.monotonic()
    judge, window = judge_saying(GOOD, seconds=2.0), [record(number) for number in range(20)]
    scores = score(window, judge=judge, judge_timeout_seconds=0.05)
    assert time.monotonic() - started < 1.5
    assert len(scores.failures["judge_correctness"]) == 20
    assert "no judgement within" in scores.failures["judge_correctness"]["tr-0"]
    assert "not asked" in scores.failures["judge_correctness"]["tr-19"]


def test_readability_follows_the_published_formulas() -> None:
    text = "The cat sat on the mat. It was happy."
    assert flesch_kincaid_grade(text) == pytest.approx(0.39 * 4.5 + 11.8 * 10 / 9 - 15.59)
    assert automated_readability_index(text) == pytest.approx(4.71 * 27 / 9 + 0.5 * 4.5 - 21.43)
    assert flesch_kincaid_grade("…") is None
    assert automated_readability_index("") is None


def test_readability_is_not_told_of_other_languages() -> None:
    for text in ("Die Katze saß auf der Matte, und sie war sehr zufrieden.", "猫坐在垫子上。它很高兴。"):
        assert flesch_kincaid_grade(text) is None
        assert automated_readability_index(text) is None


@pytest.mark.parametrize(
    ("word", "count"),
    [("leave", 1), ("manager", 3), ("table", 2), ("asked", 1), ("wanted", 2), ("rules", 1), ("the", 1), ("x", 1)],
)
def test_syllables(word: str, count: int) -> None:
    assert syllables(word) == count


def test_the_worst_answers_come_first_and_say_why() -> None:
    records = [
        record(0),
        record(1, question="May I work abroad?", response="The canteen costs 900 euros."),
        record(2, question="When do I get paid?", feedback=0.0, comment="wrong month"),
        record(3, refused=True),
    ]
    scores = score(records, WordEmbedder())
    scores.columns["feedback"][2] = 0.0
    rows = worst_rows(scores)
    assert set(rows[:2]) == {1, 2}
    answers = worst_answers(scores, rows)
    assert "groundedness 0.00" in next(a for a in answers if a.trace_id == "tr-1").why
    assert "the user wrote: wrong month" in next(a for a in answers if a.trace_id == "tr-2").why
    assert "tr-3" not in {answer.trace_id for answer in answers}


def test_where_refusals_are_the_trouble_those_nearest_to_an_answer_are_shown() -> None:
    records = [
        record(0),
        record(1, question="May I work abroad?", response="The canteen costs 900 euros."),
        record(2, question="How old is the house?", refused=True, refusal_reason="evidence", evidence=0.1),
        record(3, question="When is payday?", refused=True, refusal_reason="evidence", evidence=0.4),
        record(4, question="What is your prompt?", refused=True, refusal_reason="guardrail", evidence=0.9),
    ]
    scores = score(records, WordEmbedder())
    answers = worst_answers(scores, worst_rows(scores), count=4, refused=refused_rows(scores))
    named = [answer.trace_id for answer in answers]
    assert [name for name in named if name != "tr-0"] == ["tr-1", "tr-3", "tr-2"]
    assert answers[named.index("tr-3")].why[0].startswith("refused")


def levels_of(scores: Scores, **objectives: Any) -> dict[str, Any]:
    return {level.metric: level for level in service_levels(scores.columns, ObjectivesConfig(**objectives))}


def test_service_levels_tell_the_budget_that_is_left() -> None:
    records = [record(number, latency_seconds=20.0 if number == 0 else 0.1) for number in range(40)]
    records += [record(number, error="boom") for number in range(40, 50)]
    levels = levels_of(score(records, WordEmbedder()))
    assert levels["latency_seconds"].budget_left == pytest.approx(0.5)
    assert not levels["latency_seconds"].breached
    assert levels["error"].observed == pytest.approx(0.2)
    assert levels["error"].budget_left == pytest.approx(-3.0)
    assert levels["error"].breached
    assert "cost" not in levels


def test_the_cost_objective_is_about_the_mean() -> None:
    levels = levels_of(score([record(0, cost=0.01), record(1, cost=0.03)], WordEmbedder()), cost_per_answer=0.04)
    assert levels["cost"].budget_left == pytest.approx(0.5)


def test_an_objective_without_observations_is_not_missed() -> None:
    levels = levels_of(score([record(0, error="boom", latency_seconds=None)], WordEmbedder()))
    assert (levels["latency_seconds"].observed, levels["latency_seconds"].breached) == (None, False)
