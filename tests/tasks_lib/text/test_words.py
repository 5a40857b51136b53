"""Words, numbers, stems and stop words."""

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks_lib.errors import ConfigurationError
from tasks_lib.text.words import content_stems, is_negated, numbers, stem, stop_words, words


def test_numbers_have_one_spelling() -> None:
    assert numbers("1,250 euros and 3.50, twenty-seven days by 31.12.") == {"1250", "3.5", "27", "31.12"}
    assert numbers("1.250 at 10:00, 3,5 and 007, from 0 up") == {"1250", "10", "3.5", "7", "0"}
    assert words("Employees' leave") == ["employees", "leave"]


def test_numbers_that_are_spelled_out_can_be_left_aside() -> None:
    assert numbers("one of 14 days", spelled_out=False) == {"14"}
    assert numbers("one of 14 days") == {"1", "14"}


def test_negations_are_seen() -> None:
    assert is_negated("Leave cannot be sold")
    assert is_negated("They don't accrue")
    assert is_negated("They don’t accrue")
    assert not is_negated("Leave can be sold")


def test_content_is_what_is_no_stop_word_and_forms_of_a_word_are_one() -> None:
    assert content_stems("The policies of the company") == content_stems("a company's policy")
    assert content_stems("Which of these is it?") == frozenset()


def test_negations_and_amounts_carry_meaning() -> None:
    assert content_stems("not within three days") == {"not", "3", "day"}
    assert content_stems("the first half") == {"first", "half"}


@pytest.mark.parametrize(
    ("language", "function_word", "form", "other_form"),
    [
        ("de", "nicht", "Wohnungen", "Wohnung"),
        ("es", "también", "vacaciones", "vacación"),
        ("fr", "vous", "congés", "congé"),
    ],
)
def test_other_languages_have_lists_and_stemmers(language: str, function_word: str, form: str, other_form: str) -> None:
    assert function_word in stop_words(language)
    assert stem(form.lower(), language) == stem(other_form.lower(), language)
    assert content_stems(f"{function_word} {form}", language) == {stem(form.lower(), language)}


@pytest.mark.parametrize("language", ["xx-unknown", ""])
def test_an_unknown_language_is_named(language: str) -> None:
    with pytest.raises(ConfigurationError, match="stop words"):
        stop_words(language)
    with pytest.raises(ConfigurationError, match="stemmer"):
        stem("word", language)


def test_the_lists_are_read_without_importing_spacy() -> None:
    code = "import sys; from tasks_lib.text.words import stop_words; stop_words(); print('spacy' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "False"


ZEROS = {"ascii": "0", "arabic": "٠", "persian": "۰", "devanagari": "०", "bengali": "০", "thai": "๐", "fullwidth": "０"}  # noqa: RUF001
GROUPS = {",": ".", ".": ",", "\u00a0": ",", "\u202f": ",", "’": ".", "'": ".", "٬": "٫"}  # noqa: RUF001
"""What parts thousands → what parts the fraction then."""


@given(
    whole=st.integers(1_000, 999_999_999),
    cents=st.integers(0, 99),
    script=st.sampled_from(list(ZEROS)),
    group=st.sampled_from(list(GROUPS)),
)
def test_a_number_is_the_same_in_the_digits_and_separators_of_every_script(
    whole: int, cents: int, script: str, group: str
) -> None:
    written = f"{whole:,}".replace(",", group) + (f"{GROUPS[group]}{cents:02d}" if cents else "")
    shown = written.translate({ord("0") + digit: chr(ord(ZEROS[script]) + digit) for digit in range(10)})
    expected = f"{whole}.{cents:02d}".rstrip("0").rstrip(".") if cents else str(whole)
    assert numbers(f"x {shown} y") == {expected}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("12,34,567 रुपये", {"1234567"}),
        ("on 3 400 people came", {"3", "400"}),
        ("the '27 and '28 vintages", {"27", "28"}),
        ("5'6", {"5", "6"}),
        ("有２７天", {"27"}),
    ],
)
def test_what_parts_two_numbers_joins_none(text: str, found: set[str]) -> None:
    assert numbers(text) == found
