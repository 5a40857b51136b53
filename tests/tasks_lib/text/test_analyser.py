"""What a keyword index holds of texts in many languages."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks_lib.text.analyser import document_terms, folded, query_terms

MOST = 256


@pytest.mark.parametrize(
    ("language", "stored", "asked"),
    [
        ("en", "running shoes", "run shoe"),
        ("de", "Kündigungsfristen", "Kündigungsfrist"),
        ("de", "Häuser", "Haus"),
        ("es", "vacaciones anuales", "vacación anual"),
        ("fr", "congés payés", "congé payé"),
        ("ru", "отпуска", "отпуск"),
        ("tr", "kitaplar", "kitap"),
        ("ar", "الإجازة", "الاجازة"),
        ("xx", "Äpfel", "APFEL"),
    ],
)
def test_inflection_accents_and_case_make_no_difference(language: str, stored: str, asked: str) -> None:
    assert document_terms(stored, language) == document_terms(asked, language)


@pytest.mark.parametrize("text", ["我有多少天年假", "年次有給休暇", "연차휴가", "วันลาพักร้อน", "မြန်မာစာ"])
def test_without_spaces_pairs_of_characters_are_terms(text: str) -> None:
    terms = document_terms(text).split()
    assert len(terms) > 2
    assert set(query_terms(text[:4], MOST).split()) & set(terms)


def test_scripts_in_one_word_are_taken_apart() -> None:
    assert document_terms("使用Python编程", "zh").split() == ["使用", "python", "编程"]


@pytest.mark.parametrize(("written", "plain"), [("٢٥", "25"), ("\uff12\uff15", "25"), ("२५", "25"), ("25", "25")])
def test_digits_of_every_script_are_the_same_number(written: str, plain: str) -> None:
    assert document_terms(written) == plain


def test_vowels_of_indian_scripts_are_not_accents() -> None:
    assert folded("मिलते") == "मिलते"
    assert folded("mañana") == "manana"


def test_a_word_in_an_unknown_language_is_looked_up_with_the_stems_of_each() -> None:
    for language in ("en", "de", "nl", "sv"):
        assert set(document_terms("planten", language).split()) <= set(query_terms("planten", MOST).split())


def test_stop_words_are_those_of_the_language() -> None:
    assert document_terms("die Frist und das Ende", "de") == document_terms("Frist Ende", "de")
    assert "die" in document_terms("to die or to live", "en").split()


@given(st.text())
def test_any_text_is_analysed_and_its_unicode_form_makes_no_difference(text: str) -> None:
    terms = document_terms(text, "de")
    assert terms == " ".join(terms.split())
    for form in ("NFC", "NFD", "NFKC"):
        assert document_terms(unicodedata.normalize(form, text), "de") == terms
    query_terms(text, MOST)


@given(st.integers(4, 300))
def test_a_long_query_is_cut(words: int) -> None:
    assert len(query_terms("word " * words, 10).split()) == min(words, 10)
