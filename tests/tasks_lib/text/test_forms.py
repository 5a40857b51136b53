"""What looks the same is compared as the same, and what means something else stays."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks_lib.text.forms import composed, encodable, other_forms, plain_forms, searchable

FORMS = ("NFC", "NFD", "NFKC", "NFKD")
TEXTS = st.text(st.characters(codec="utf-8"), max_size=40)


@given(TEXTS)
def test_all_forms_of_a_text_are_searched_for_as_one(text: str) -> None:
    assert {searchable(unicodedata.normalize(form, text)) for form in FORMS} == {searchable(text)}


@given(TEXTS)
def test_plain_forms_are_stable_composed_and_say_the_same(text: str) -> None:
    plain = plain_forms(text)
    assert plain_forms(plain) == plain == composed(plain)
    assert searchable(plain) == searchable(text)


@given(st.text(st.characters() | st.characters(categories=["Cs"]), max_size=20))
def test_halves_of_characters_are_joined_or_shown_and_all_else_stays(text: str) -> None:
    whole = encodable(text)
    assert whole.encode().decode() == whole
    assert encodable(whole) == whole
    assert whole == text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    assert encodable([{text: [text, 1, None]}]) == [{whole: [whole, 1, None]}]


@given(TEXTS)
def test_words_of_either_form_are_in_the_text_or_beside_it(text: str) -> None:
    words = set(searchable(text).split())
    held = set(composed(text).split()) | set(other_forms(composed(text)).split())
    assert {word for word in words if word.isalnum() and word.isascii()} <= {
        part for text in held for part in (text, *_letters(text))
    }


def _letters(text: str) -> list[str]:
    return "".join(character if character.isalnum() else " " for character in text).split()


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        ("o\ufb03ce \ufb01les", "office files"),
        ("\uff30\uff24\uff26 \uff11\uff12", "PDF 12"),
        ("u\u0308ber", "\u00fcber"),
        ("\ufef4", "\u064a"),
        ("27\u00a0days", "27 days"),
        ("30 m\u00b2, 10\u2076, CO\u2082, 1\u00bd, \u2460", "30 m\u00b2, 10\u2076, CO\u2082, 1\u00bd, \u2460"),
        ("\u00b4", "\u00b4"),
    ],
)
def test_layout_goes_and_meaning_stays(written: str, plain: str) -> None:
    assert plain_forms(written) == plain
