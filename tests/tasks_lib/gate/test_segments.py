"""Segments of the evaluation set: which question lies in which, and which are proven worse."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks_lib.assistant.contract.answer import Message
from tasks_lib.config.gate import GateConfig
from tasks_lib.dataset.examples import TURN, Example, Reference
from tasks_lib.gate.decide import decide
from tasks_lib.gate.evaluate import summarise
from tasks_lib.gate.gate_page import gate_page
from tasks_lib.gate.gate_report import GateRun, gate_report
from tasks_lib.gate.measurement import Measurement
from tasks_lib.gate.pairs import Pairs
from tasks_lib.gate.segments import segment_losses, segments_of
from tasks_lib.gate.sequence import one_look
from tests.tasks_lib.gate.test_decide import measured

GATE = GateConfig(resamples=1000, guard_metrics={}, margin=0.2)


def example(question: str, document: str = "", name: str = "one", *history: str) -> Example:
    place = (Reference(document=document, start=0, end=4, content="text", source="s3://x"),) if document else ()
    roles, said = ("user", "assistant"), [*history, question]
    turns = tuple(Message(role=roles[n % 2], content=text) for n, text in enumerate(said))
    return Example(id=name, messages=turns, answer="a", references=place)


def divided(right: list[bool], folders: list[str], version: int = 1) -> Measurement:
    found = measured(right, version)
    rows = [row.model_copy(update={"segments": {"folder": f}}) for row, f in zip(found.rows, folders, strict=True)]
    return found.model_copy(update={"rows": rows})


def test_an_example_lies_in_a_segment_of_each_key_that_it_has() -> None:
    one = example("How many days of annual leave do employees get?", "staff/leave.md")
    keys = ("kind", "language", "folder", "turn", "references.0.source", "answer", "no.such.key")
    assert segments_of(one, keys) == {
        "kind": "answerable",
        "language": "en",
        "folder": "staff",
        "turn": "1",
        "references.0.source": "s3://x",
        "answer": "a",
    }
    assert segments_of(example("Wie viele Tage Urlaub haben die Angestellten im Jahr?"), keys)["language"] == "de"
    told = example("Urlaub?").model_copy(update={"language": "de"})
    assert segments_of(told, keys)["language"] == "de"
    assert "language" not in segments_of(example("Urlaub?"), keys)
    assert segments_of(example("x?", "top.md"), ("folder",)) == {"folder": "."}
    assert segments_of(example("And then?", "", "talk", "First?", "Yes."), ("turn",)) == {"turn": "2"}
    assert segments_of(example("And then?", "", f"talk{TURN}3"), ("turn",)) == {"turn": "3"}


def test_a_segment_that_collapses_rejects_a_version_that_is_as_good_on_the_whole() -> None:
    folders = ["rare"] * 30 + ["common"] * 270
    production = divided([True] * 30 + [True] * 200 + [False] * 70, folders)
    candidate = divided([True] * 8 + [False] * 22 + [True] * 222 + [False] * 48, folders, 2)
    decision = decide(candidate, production, GATE)
    assert decision.decision == "reject"
    assert decision.comparison is not None
    [loss] = decision.comparison.segments
    assert (loss.key, loss.value, loss.questions, decision.comparison.segments_tested) == ("folder", "rare", 30, 2)
    assert decision.comparison.primary.difference == 0
    assert "where folder is 'rare' it is proven worse" in decision.reasons[0]
    assert re.findall(r"\((gate\.[a-z_]+)\)", decision.reasons[0]) == ["gate.segment_margin"]
    run = GateRun("rag-assistant", decision, candidate, production)
    assert "where folder is &#39;rare&#39;" in gate_page(run)
    assert "where folder is 'rare'" in gate_report(run)


def test_a_tolerated_loss_or_too_few_questions_prove_nothing() -> None:
    folders = ["rare"] * 30 + ["tiny"] * 5 + ["common"] * 265
    production = divided([True] * 300, folders)
    little = divided([False] * 3 + [True] * 27 + [False] * 5 + [True] * 265, folders, 2)
    losses, tested = segment_losses(little, production, GATE, one_look(GATE))
    assert (losses, tested) == ([], 2)
    whole = divided([True] * 300, ["all"] * 300)
    assert segment_losses(whole, whole, GATE, one_look(GATE)) == ([], 0)


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 1000))
def test_equal_versions_are_seldom_accused_however_many_segments_there_are(seed: int) -> None:
    rng = np.random.default_rng(seed)
    folders = [str(n) for n in rng.integers(20, size=400)]
    production = rng.random(400) < 0.85
    candidate = np.where(rng.random(400) < 0.3, rng.random(400) < 0.85, production)
    losses, tested = segment_losses(
        divided(candidate.tolist(), folders, 2), divided(production.tolist(), folders), GATE, one_look(GATE)
    )
    assert tested >= 15
    assert losses == []


def clustered(right: list[list[bool]], separator: str) -> Measurement:
    """Several answers to each question, or turns of each conversation."""
    flat = measured([each for answers in right for each in answers])
    asked = ((n, turn) for n, answers in enumerate(right) for turn in range(len(answers)))
    names = [f"{n}{separator}{turn if separator else ''}" for n, turn in asked]
    rows = [row.model_copy(update={"example_id": name}) for row, name in zip(flat.rows, names, strict=True)]
    return flat.model_copy(update={"rows": rows, "metrics": summarise(rows)})


@pytest.mark.parametrize("separator", ["", TURN])
def test_repeated_answers_and_turns_of_a_conversation_are_one_question(separator: str) -> None:
    rng = np.random.default_rng(2)
    shared = rng.random(60) < 0.8
    answers = [[bool(value)] * 5 for value in shared]
    production = clustered([[True] * 5 for _ in shared], separator)
    candidate = clustered(answers, separator)
    pairs = Pairs.of(candidate, production, "right_or_refused")
    assert len(pairs.values) == 60
    once = decide(measured(shared.tolist(), 2), measured([True] * 60), GATE).comparison
    both = decide(candidate, production, GATE).comparison
    assert once is not None
    assert both is not None
    assert (both.primary.lower, both.primary.upper) == (once.primary.lower, once.primary.upper)


def test_answers_that_differ_each_time_count_by_their_mean() -> None:
    candidate = clustered([[True, True, False, False]] * 40, "")
    pairs = Pairs.of(candidate, clustered([[True] * 4] * 40, ""), "right_or_refused")
    assert pairs.differences == [-0.5] * 40
