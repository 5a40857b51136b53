"""What a follow-up asks for, behind the question that it leans on."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks_lib.assistant.answering.asked import asked, asked_anew

YEARS = st.integers(1900, 2099)
PLACES = st.sampled_from(["Lisbon", "Leeds", "Aarhus", "Norway", "Peru"])


def anew(earlier: str, focus: str) -> frozenset[str]:
    return asked_anew(f"{earlier} {focus}", focus).anchors


@given(YEARS, YEARS, PLACES, st.sampled_from(["And in {}?", "What about {}?", "How was it in {}?"]))
def test_a_number_stands_for_the_one_before_and_the_name_stays(first: int, then: int, place: str, form: str) -> None:
    assert anew(f"How high was the rent of {place} in {first}?", form.format(then)) >= {place.lower(), str(then)}
    assert (str(first) in anew(f"How high was the rent of {place} in {first}?", form.format(then))) == (first == then)


@given(PLACES, PLACES, YEARS)
def test_a_name_stands_for_the_one_before_where_nothing_else_is_asked(first: str, then: str, year: int) -> None:
    earlier = f"What was the per diem of {first} in {year}?"
    assert anew(earlier, f"And for {then}?") == {then.lower(), str(year)}
    assert first.lower() in anew(earlier, f"And who approves the one for {then}?")


@pytest.mark.parametrize(
    ("earlier", "focus", "form", "kind"),
    [
        ("How do I install it on Linux?", "And on Windows?", "steps", ""),
        ("How do I install it on Linux?", "What is a package?", "definition", ""),
        ("How many days do employees get?", "And interns?", "", "number"),
        ("How many days do employees get?", "Who decides?", "", "name"),
        ("Which command lists users?", "And for projects?", "command", ""),
    ],
)
def test_another_case_is_asked_for_in_the_form_of_the_first(earlier: str, focus: str, form: str, kind: str) -> None:
    new = asked_anew(f"{earlier} {focus}", focus)
    assert (new.form, new.kind) == (form, kind)


def test_the_question_is_both() -> None:
    new = asked_anew("How long is leave? And in Spain?", "And in Spain?")
    assert new.stems == asked("How long is leave? And in Spain?").stems


@pytest.mark.parametrize(
    ("question", "counted"),
    [
        ("How many days of leave do I get?", "days"),
        ("How many more hammers are in Lyon?", "hammers"),
        ("How much is a drill?", ""),
        ("How many are there?", ""),
        ("Wie viele Einwohner hat Fresno?", "Einwohner"),
        ("¿Cuántas personas viven allí?", "personas"),
        ("What does the ladder cost?", ""),
    ],
)
def test_what_is_counted_is_read_from_the_question(question: str, counted: str) -> None:
    assert asked(question).counted == counted
