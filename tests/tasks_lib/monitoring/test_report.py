"""The report: readable, self-contained, and safe against what users write."""

import re
from base64 import b64decode
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tasks_lib.config.monitor import MonitorConfig
from tasks_lib.monitoring.analyse import Analysis, analyse, spoken_languages
from tasks_lib.monitoring.publish import drift_payload, metric_rows
from tasks_lib.monitoring.reference import Reference
from tasks_lib.monitoring.report.evidently_report import evidently_snapshot, save
from tasks_lib.monitoring.report.page import headline_of, page
from tasks_lib.monitoring.report.panels import Panels, panels
from tasks_lib.monitoring.report.summary import plain, summary
from tasks_lib.monitoring.report.tables import prometheus_text
from tasks_lib.monitoring.traces import TraceRecord, Traffic
from tasks_lib.monitoring.window import PastWindow, Window
from tests.tasks_lib.monitoring.conftest import MONDAY, WordEmbedder, score

CONFIG = MonitorConfig()
ATTACK = "<script>alert('leave')</script> [click](http://evil.example) **now**?"


def records(count: int, *, good: float, seed: int) -> list[TraceRecord]:
    rng = np.random.default_rng(seed)
    made = []
    for number in range(count):
        passage = f"Everybody gets {rng.integers(20, 30)} days of leave, says rule {rng.integers(1, 999)}."
        answer = passage if rng.random() < good else "A bicycle costs 900 euros in the shop."
        at = MONDAY + timedelta(hours=number)
        made.append(
            TraceRecord(
                f"tr-{seed}-{number}",
                at,
                question=f"How much leave {rng.integers(9)}? {ATTACK}",
                response=answer,
                passages=(passage,),
                refused=bool(rng.random() < 0.15),
                refusal_reason="evidence",
                top_score=float(rng.random()),
                latency_seconds=float(rng.lognormal(-2, 0.3)),
                version="3",
                index="documents",
            )
        )
    return made


@pytest.fixture(scope="module")
def analysis() -> Analysis:
    """A window in which answers stopped following from the passages."""
    before = score(records(120, good=0.95, seed=1), WordEmbedder())
    now = records(80, good=0.4, seed=2)
    reference = Reference("windows", "120 traces of the last 2 healthy windows", before.columns, before.vectors)
    window = Window(MONDAY, MONDAY + timedelta(days=7), explicit=True, late_since=MONDAY)
    return analyse(window, Traffic(now, {"no root span": 2}), score(now, WordEmbedder()), reference, CONFIG)


@pytest.fixture(scope="module")
def shown(analysis: Analysis) -> Panels:
    moments = {"since": MONDAY - timedelta(days=7), "until": MONDAY}
    earlier = PastWindow(
        "r",
        **moments,
        verdict="healthy",
        closed=True,
        covers=True,
        version="3",
        index="documents",
        metrics={"groundedness": 0.95},
    )
    return panels(analysis.result, [earlier], CONFIG, analysis.scores.columns, analysis.reference.columns)


@pytest.fixture(scope="module")
def html(analysis: Analysis, shown: Panels) -> str:
    return page(analysis.result, shown, CONFIG, evidently=True)


def test_the_verdict_names_what_dropped_with_its_size(analysis: Analysis) -> None:
    assert analysis.result.verdict == "drifted"
    assert "groundedness" in analysis.result.drifted
    assert any(
        reason.startswith("Groundedness fell from") and "Cohen's d -" in reason for reason in analysis.result.reasons
    )
    assert any("2 traces could not be read" in reason for reason in analysis.result.reasons)


def test_the_page_shows_verdict_sizes_and_worst_answers(html: str) -> None:
    assert "Something got worse" in html
    assert "Groundedness fell from" in html
    assert "A bicycle costs 900 euros" in html
    assert "no root span" in html
    assert html.count("<svg") > 4


def test_the_page_states_the_sample_and_what_came_late_or_could_not_be_scored(
    analysis: Analysis, shown: Panels
) -> None:
    known = {"sampled": 10, "late": 3, "scorer_failures": {"toxicity": 2}, "assessed": 5}
    html = page(analysis.result.model_copy(update=known), shown, MonitorConfig(seed=7), evidently=False)
    assert "a sample of 10 traces, seed 7" in html
    assert "3 traces began before the window" in html
    assert "Toxicity: failed on 2 traces" in html
    assert "5 traces carry their scores" in html
    assert "evidently.html" not in html


def test_the_page_needs_nothing_from_elsewhere_and_runs_nothing(html: str) -> None:
    assert "<script" not in html
    assert "&lt;script&gt;" in html
    assert "src=" not in html
    assert "http://evil.example" in html
    assert 'href="http' not in html


def test_markdown_shows_what_users_wrote_as_text(analysis: Analysis, shown: Panels) -> None:
    text = summary(analysis.result, shown)
    assert "<script>" not in text
    assert "[click](" not in text
    assert "http://" not in text
    assert plain("a | b\n# c") == "a \\| b \\# c"
    assert {"metric", "before", "now", "size"} <= set(metric_rows(analysis.result)[0])


def test_markdown_holds_gauges_lines_over_windows_and_the_distributions_of_what_changed(
    analysis: Analysis, shown: Panels
) -> None:
    text = summary(analysis.result, shown)
    assert {"groundedness"} <= set(shown.changes) <= {change["metric"] for change in analysis.result.changes}
    assert [panel.title for panel in shown.trends] == ["Groundedness"]
    drawn = re.findall(r"!\[([^]]+)\]\(data:image/svg\+xml;base64,([^)]+)\)", text)
    assert {"Groundedness", "Refusals", "Latency"} <= {title for title, _ in drawn}
    assert len(drawn) == len(shown.changes) + len(shown.gauges) + len(shown.trends)
    assert all(b64decode(picture).startswith(b"<svg xmlns=") for _, picture in drawn)


def test_the_event_carries_the_metric_and_its_size(analysis: Analysis) -> None:
    payload = drift_payload(analysis.result, "rag-assistant")
    assert payload["metric"] == analysis.result.drifted[0]
    assert abs(payload["size"]) >= CONFIG.minimum_effect
    assert set(payload["metrics"]) == set(analysis.result.drifted)


def test_prometheus_can_read_the_figures(analysis: Analysis) -> None:
    families = {family.name: family for family in text_string_to_metric_families(prometheus_text(analysis.result))}
    values = {s.labels["metric"]: s.value for s in families["llmops_monitor_value"].samples}
    assert values["groundedness"] == pytest.approx(analysis.result.metrics["groundedness"])
    assert families["llmops_monitor_traces"].samples[0].value == 82


def test_evidently_comes_to_the_same_p_values(analysis: Analysis, tmp_path: Path) -> None:
    arguments = (
        analysis.scores.columns,
        analysis.reference.columns,
        analysis.changes,
        CONFIG,
        {"made": str(datetime.now(UTC))},
    )
    snapshot = evidently_snapshot(*arguments)
    assert snapshot is not None
    save(snapshot, tmp_path)
    assert 'src="http' not in (tmp_path / "evidently.html").read_text(encoding="utf-8")
    assert (tmp_path / "evidently.json").stat().st_size > 1000
    figures = snapshot.dict()
    theirs = {
        m["config"]["column"]: m["value"] for m in figures["metrics"] if m["metric_name"].startswith("ValueDrift")
    }
    ours = {change.metric: change for change in analysis.changes if change.p_value is not None and change.test != "mmd"}
    assert {change.test for change in ours.values()} >= {"ks", "mann_whitney"}
    assert theirs == pytest.approx({name: change.p_value for name, change in ours.items()}, abs=1e-9)
    failed = {test["metric_config"]["params"]["column"] for test in figures["tests"] if test["status"].value == "FAIL"}
    significant = {name for name, change in ours.items() if (change.p_adjusted or 1) < CONFIG.alpha}
    assert failed == significant


def test_evidently_measures_distances_where_much_traffic_makes_every_difference_significant(analysis: Analysis) -> None:
    name = "groundedness"
    sides = (analysis.scores.columns, analysis.reference.columns)
    now, before = ({name: np.tile(side[name], 20)} for side in sides)
    changes = [change for change in analysis.changes if change.metric == name]
    snapshot = evidently_snapshot(now, before, changes, CONFIG, {})
    assert snapshot is not None
    drift = next(m["config"] for m in snapshot.dict()["metrics"] if m["metric_name"].startswith("ValueDrift"))
    assert (drift["method"], drift["threshold"]) == ("wasserstein", CONFIG.minimum_effect)


def test_evidently_sums_up_a_window_without_reference(analysis: Analysis) -> None:
    assert evidently_snapshot(analysis.scores.columns, {}, [], CONFIG, {}) is not None
    empty = {name: column[:0] for name, column in analysis.scores.columns.items()}
    assert evidently_snapshot(empty, {}, [], CONFIG, {}) is None


def compared(before: list[TraceRecord], now: list[TraceRecord]) -> Analysis:
    """The window `now` beside the reference `before`."""
    earlier = score(before, WordEmbedder())
    reference = Reference("windows", "the week before", earlier.columns, earlier.vectors)
    window = Window(MONDAY, MONDAY + timedelta(days=7), explicit=True, late_since=MONDAY)
    return analyse(window, Traffic(now), score(now, WordEmbedder()), reference, CONFIG)


def asked(seed: int, **changes: Any) -> list[TraceRecord]:
    return [replace(record, **changes) for record in records(80, good=1.0, seed=seed)]


def headline(analysis: Analysis) -> str:
    return headline_of(analysis.result)


def test_answers_that_nobody_judged_are_not_said_to_be_as_good() -> None:
    quiet = compared(asked(1), asked(2))

    assert (quiet.result.verdict, headline(quiet), quiet.result.judged) == ("healthy", "Not judged", 0)
    assert any("none of the" in reason and "was judged" in reason for reason in quiet.result.reasons)


def test_judgements_must_have_been_compared_to_say_still_as_good() -> None:
    rated = compared(asked(1, feedback=1.0), asked(2, feedback=1.0))
    first = compared(asked(1), asked(2, feedback=1.0))

    assert headline(rated) == "Still as good"
    assert rated.result.judged == sum(record.answered for record in rated.scores.records)
    assert headline(first) == "Not judged"
    assert any("nothing to compare that with yet" in reason for reason in first.result.reasons)


def test_fewer_refusals_and_other_words_are_different_not_worse() -> None:
    long = "Notwithstanding considerable organisational complexity, everybody gets numerous days of remunerated leave."
    fewer = compared(asked(1, refused=True), asked(2, refused=False))
    harder = compared(asked(1, refused=False), asked(2, refused=False, response=long, passages=(long,)))
    more = compared(asked(1, refused=False), asked(2, refused=True))

    assert (fewer.result.verdict, harder.result.drifted) == ("healthy", [])
    assert any(reason.startswith("different: Refusals fell from 100.0% to 0.0%") for reason in fewer.result.reasons)
    assert any("different: Flesch-Kincaid grade rose" in reason for reason in harder.result.reasons)
    assert "refused" in more.result.drifted
    html = page(fewer.result, Panels(), CONFIG, evidently=False)
    assert "Something got worse" not in html
    assert '<span class="changed">different</span>' in html


GERMAN = "Wie viele Tage Urlaub gibt es in diesem Jahr und wer muss das genehmigen?"


@pytest.mark.parametrize(("german", "mixed"), [(0, False), (1, False), (30, True), (80, False)])
def test_a_mix_of_languages_is_said(german: int, mixed: bool) -> None:
    now = asked(2)
    now = [replace(record, question=GERMAN) for record in now[:german]] + now[german:]
    found = compared(asked(1), now)

    assert any("several languages" in reason for reason in found.result.reasons) == mixed
    assert found.result.languages.get("de", 0) == german
    assert ("de" in found.result.by_language) == (german > 1)
    for metrics in found.result.by_language.values():
        assert metrics["refused"] == pytest.approx(found.result.metrics["refused"], abs=1)


@pytest.mark.parametrize(("german", "drifted"), [(0, False), (2, False), (40, True)])
def test_another_mix_of_languages_is_drift_and_evidently_shows_it(german: int, drifted: bool) -> None:
    before, now = score(asked(1)), asked(2)
    scored = score([replace(record, question=GERMAN) for record in now[:german]] + now[german:])
    spoken = (spoken_languages(scored.records), spoken_languages(before.records))
    reference = Reference("windows", "before", before.columns, languages=tuple(spoken[1]))
    window = Window(MONDAY, MONDAY + timedelta(days=7), explicit=True, late_since=MONDAY)
    found = analyse(window, Traffic(scored.records), scored, reference, CONFIG)

    (change,) = [row for row in found.result.changes if row["metric"] == "question_languages"]
    assert (change["status"] == "drifted") == drifted
    assert ("question_languages" in found.result.drifted) == drifted
    if not german:
        return
    share = f"{german / len(now):.0%}"
    assert f"de 0% to {share}" in change["note"]
    assert f"de 0% to {share}" in page(found.result, Panels(), CONFIG, evidently=False)
    snapshot = evidently_snapshot(scored.columns, before.columns, found.changes, CONFIG, {}, spoken)
    assert snapshot is not None
    tests = {t["metric_config"]["params"]["column"]: t["status"].value for t in snapshot.dict()["tests"]}
    assert (tests["question_languages"] == "FAIL") == drifted
