"""Which language a text is in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks_lib.text.languages import language_code, language_of

TEXTS = {
    "en": "How many days of annual leave do I get, and who approves them?",
    "de": "Wie viele Tage Urlaub bekomme ich, und wer genehmigt sie?",
    "es": "¿Cuántos días de vacaciones tengo y quién los aprueba para mí?",
    "fr": "Combien de jours de congés ai-je et qui doit les approuver ?",
    "it": "Quanti giorni di ferie ho e chi li deve approvare per me?",
    "ru": "Сколько дней отпуска у меня есть и кто его утверждает?",  # noqa: RUF001
    "uk": "Скільки днів відпустки я маю і хто її затверджує?",  # noqa: RUF001
    "el": "Πόσες ημέρες άδειας δικαιούμαι;",
    "ar": "كم عدد أيام الإجازة التي أحصل عليها ومن يوافق عليها في هذه السنة؟",
    "zh": "我有多少天年假",
    "ja": "年次有給休暇は何日ありますか。",
    "ko": "연차 휴가는 며칠입니까?",
}


@pytest.mark.parametrize("language", TEXTS)
def test_questions_are_told_apart(language: str) -> None:
    assert language_of(TEXTS[language]) == language


@pytest.mark.parametrize("text", ["", "42 + 17?", "Acme", "!!!"])
def test_what_says_too_little_is_not_guessed(text: str) -> None:
    assert language_of(text) is None


@given(st.text())
def test_any_text_is_read(text: str) -> None:
    assert language_of(text) is None or len(language_of(text) or "") == 2


@pytest.mark.parametrize(
    ("said", "code"),
    [("de", "de"), ("pt-BR", "pt"), ("zh_Hant_TW", "zh"), (" EN ", "en"), ("German", None), ("", None), (5, None)],
)
def test_metadata_tells_a_language_by_its_tag(said: object, code: str | None) -> None:
    assert language_code(said) == code


@given(st.one_of(st.none(), st.text(), st.integers(), st.lists(st.text()), st.booleans()))
def test_any_metadata_is_taken(said: object) -> None:
    code = language_code(said)
    assert code is None or (len(code) == 2 and code.islower())
