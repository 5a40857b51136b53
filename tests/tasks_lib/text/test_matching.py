"""Whether two texts say the same."""

import pytest

from tasks_lib.text.matching import contains_answer, token_f1
from tasks_lib.text.sentences import sentences
from tasks_lib.text.words import is_negated, numbers, words


def test_numbers_have_one_spelling() -> None:
    assert numbers("1,250 euros and 3.50, twenty-seven days by 31.12.") == {"1250", "3.5", "27", "31.12"}
    assert words("Employees' leave") == ["employees", "leave"]


@pytest.mark.parametrize(
    ("gold", "response"),
    [
        ("27 days", "Full-time employees receive 27 days of annual leave."),
        ("four extra days", "You may buy up to 4 extra days a year."),
        ("€1,250", "The limit is 1250 euros."),
        ("the People team", "That is decided by the people team."),
    ],
)
def test_a_response_contains_the_answer_in_other_words(gold: str, response: str) -> None:
    assert contains_answer(gold, response)


@pytest.mark.parametrize(
    ("gold", "response"),
    [
        ("27 days", "Full-time employees receive 25 days of annual leave."),
        ("within three working days", "The manager answers within five working days."),
        ("the People team", "The manager decides."),
    ],
)
def test_a_wrong_number_or_other_words_are_no_answer(gold: str, response: str) -> None:
    assert not contains_answer(gold, response)


def test_token_f1_is_that_of_squad() -> None:
    assert token_f1("The 27 days!", "27 days") == 1
    assert token_f1("27 days of leave", "27 days") == pytest.approx(2 * (2 / 4) * 1 / (2 / 4 + 1))
    assert token_f1("nothing", "27 days") == 0


def test_sentences_lose_citations_and_keep_decimals() -> None:
    assert sentences("It costs 3.50 euros [1]. Ask the host! [2, 3]\nDone.") == [
        "It costs 3.50 euros .",
        "Ask the host!",
        "Done.",
    ]


def test_negations_are_seen() -> None:
    assert is_negated("Leave cannot be sold")
    assert is_negated("They don't accrue")
    assert not is_negated("Leave can be sold")
