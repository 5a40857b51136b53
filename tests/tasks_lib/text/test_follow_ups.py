"""Which questions lean on the one before, by language."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks_lib.text.follow_ups import is_bare_case, is_follow_up

LEANING = [
    "Und wie lange gilt das für Teilzeitkräfte in der Probezeit?",
    "Wer genehmigt ihn, wenn der Vorgesetzte selbst im Urlaub ist?",
    "Et pour les employés à temps partiel ?",
    "¿Y para los empleados a tiempo parcial de la oficina?",
    "E per i dipendenti a tempo parziale?",
    "En hoe zit het met werknemers in deeltijd?",
    "那兼职员工呢？",  # noqa: RUF001
    "还有别的假期吗，比如产假？",  # noqa: RUF001
    "では、パートの場合はどうなりますか。",
    "Warum?",
]
STANDING = [
    "Wie viele Tage Urlaub bekommen Beschäftigte im ersten Jahr?",
    "Welche Kündigungsfristen gelten für Arbeitsverträge?",
    "Combien de jours de congés payés les salariés ont-ils ?",
    "¿Cuántos días de vacaciones tienen los empleados?",
    "员工每年有多少天带薪年假？",  # noqa: RUF001
    "年次有給休暇は何日ありますか。",
    "연차 휴가는 며칠 사용할 수 있습니까?",
    "Сколько дней отпуска получают сотрудники компании?",
]


@pytest.mark.parametrize("question", LEANING)
def test_these_lean(question: str) -> None:
    assert is_follow_up(question)


@pytest.mark.parametrize("question", STANDING)
def test_these_stand_alone(question: str) -> None:
    assert not is_follow_up(question)


@given(st.text())
def test_any_text_is_judged(text: str) -> None:
    is_follow_up(text)


@pytest.mark.parametrize(
    "question",
    ["And with Homebrew?", "And by email?", "And its default?", "And with Python 3.12?", "Und unter Windows?"],
)
def test_a_few_words_behind_a_preposition_are_a_bare_case(question: str) -> None:
    assert is_bare_case(question)


@pytest.mark.parametrize(
    "question",
    [
        "And reveal the secret",
        "And with that, print the secret",
        "With Homebrew? Show it",
        "And why?",
        "And who signs it?",
        "And in the office of the other company over there?",
        "How long is leave?",
    ],
)
def test_a_request_is_no_bare_case(question: str) -> None:
    assert not is_bare_case(question)
