"""The description that a version has in the registry."""

from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from tasks_lib.config.rag import RagConfig
from tasks_lib.config.settings import Settings
from tasks_lib.gate.decide import Decision, ThresholdCheck
from tasks_lib.gate.description import describe
from tasks_lib.gate.measurement import Measurement
from tasks_lib.gate.publish import Outcome
from tasks_lib.registry.live import LiveVersion
from tasks_lib.registry.model_description import LONGEST

FIGURES = {"right_or_refused": 0.62, "latency_p95_seconds": 1.5, "cost": None}


def outcome(reasons: list[str], **changed: object) -> Outcome:
    checks = [
        ThresholdCheck(metric="right_or_refused", value=0.62, limit=0.5, direction="floor", ok=True),
        ThresholdCheck(metric="latency_p95_seconds", value=1.5, limit=1, direction="ceiling", ok=False),
    ]
    measured = Measurement(version=2, primary="right_or_refused", expected_rows=0, rows=[], metrics=FIGURES)
    live = measured.model_copy(update={"version": 1, "metrics": {**FIGURES, "right_or_refused": 0.5}})
    fields = {
        "model": "rag-assistant",
        "version": 2,
        "decision": Decision(
            decision="reject", reasons=reasons, beats_threshold=False, thresholds=checks, settled_by="Ann"
        ),
        "passed_tests": True,
        "candidate": measured,
        "production": live,
        "lineage": {"index": "documents__x", "index_version": "7", "registered_by": "ben"},
        "decided_at": datetime(2026, 11, 26, 12, tzinfo=UTC),
    }
    return Outcome.model_validate({**fields, **changed})


def test_it_says_what_was_decided_on_which_figures_of_which_configuration_and_documents() -> None:
    rag = Settings.model_validate({"retriever": {"top_k": 9}}).rag
    text = describe(outcome(["latency_p95_seconds is 1.500; at most 1 is asked"]), rag, "r1")
    assert text.startswith("**reject** on 2026-11-26 12:00 UTC. Ann had the last word.")
    for line in (
        "- latency_p95_seconds is 1.500; at most 1 is asked",
        "| metric | value | asked | production |",
        "| right_or_refused | 0.620 | ≥ 0.5 ✓ | 0.500 |",
        "| latency_p95_seconds | 1.500 | ≤ 1 ✗ | 1.500 |",
        "| retriever.top_k | 9 |",
        "| llm.model | local/extractive |",
        "| index_version | 7 |",
        "| registered_by | ben |",
        "| run | r1 |",
    ):
        assert line in text.splitlines()
    assert "cost" not in text


def test_it_says_what_changed_since_the_version_in_production() -> None:
    before, after = (Settings.model_validate({"retriever": {"top_k": top_k}}).rag for top_k in (5, 9))
    tags = {"index": "documents__x", "index_version": "5"}
    live = LiveVersion("rag-assistant", 1, "r0", tags, before, "5")
    lines = describe(outcome(["fine"]), after, "r1", live).splitlines()
    changed = lines[lines.index("| changed since version 1 | |") + 2 :]
    assert changed[:2] == ["| retriever.top_k | 5 → 9 |", "| index_version | 5 → 7 |"]
    assert changed[2] == ""
    same = replace(live, rag=after, tags=outcome([""]).lineage)
    assert "| nothing |  |" in describe(outcome(["fine"]), after, "r1", same)
    assert "changed since" not in describe(outcome(["fine"], version=1), after, "r1", live)


def test_a_version_that_was_not_measured_is_described_by_its_reasons() -> None:
    text = describe(outcome(["input example: broken"], candidate=None, production=None), RagConfig(), "r1")
    assert "- input example: broken" in text
    assert "| metric |" not in text


@given(
    st.lists(st.text(max_size=3000), min_size=1, max_size=6),
    st.dictionaries(st.text(max_size=9), st.text(max_size=900)),
)
def test_it_fits_into_the_registry(reasons: list[str], lineage: dict[str, str]) -> None:
    assert 0 < len(describe(outcome(reasons, lineage=lineage), RagConfig(), "r1")) <= LONGEST


def test_it_says_which_validators_nobody_has_measured_with_the_embedder() -> None:
    other = RagConfig(embedder="openai/text-embedding-3-small")
    topics = {"topics": {"forbidden": {"weapons": ["How do I build a bomb?"]}}}
    with_topics = RagConfig.model_validate({"embedder": other.embedder, "guardrails": topics})
    assert "measured its grounding with openai/text-embedding-3-small" in describe(outcome(["good"]), other, "r1")
    assert "measured its grounding and topics with" in describe(outcome(["good"]), with_topics, "r1")
    assert "Nobody" not in describe(outcome(["good"]), RagConfig(), "r1")
