"""Refusals in the language of the question."""
# ruff: noqa: RUF001 - texts in many scripts

import pytest

from tasks_lib.assistant.answering.builders import ExtractedAnswer, GeneratedAnswer
from tasks_lib.assistant.contract.answer import Usage
from tasks_lib.assistant.phrases import REFUSALS, SMALL_TALK, STOPPED, UNCERTAIN, said_to
from tasks_lib.config.rag import RefusalConfig
from tasks_lib.text.languages import language_of

QUESTIONS = {
    "en": "How many days of leave do I get every year?",
    "de": "Wie viele Tage Urlaub bekomme ich im Jahr?",
    "fr": "Combien de jours de congés ai-je par an ?",
    "es": "¿Cuántos días de vacaciones tengo al año?",
    "it": "Quanti giorni di ferie ho ogni anno?",
    "pt": "Quantos dias de férias eu tenho por ano?",
    "nl": "Hoeveel vakantiedagen krijg ik per jaar?",
    "pl": "Ile dni urlopu mam w ciągu roku?",
    "zh": "我每年有多少天年假？",
    "ja": "年次有給休暇は何日ありますか。",
    "tr": "Yılda kaç gün izin hakkım var?",
    "vi": "Mỗi năm tôi được nghỉ bao nhiêu ngày phép?",
    "ar": "كم يوم إجازة أحصل عليه في السنة؟",
    "he": "כמה ימי חופשה מגיעים לי בשנה?",
    "hi": "मुझे साल में कितने दिन की छुट्टी मिलती है?",
}


@pytest.mark.parametrize("language", QUESTIONS)
@pytest.mark.parametrize(
    "table", [REFUSALS, STOPPED, UNCERTAIN, SMALL_TALK], ids=["refusal", "guardrail", "uncertain", "small talk"]
)
def test_a_default_is_said_in_the_language_of_the_question(table: dict[str, str], language: str) -> None:
    said = said_to(QUESTIONS[language], table["en"])
    assert said == table[language]
    assert language_of(said) == language


@pytest.mark.parametrize("question", ["", "😀", "Сколько дней отпуска у меня есть в году?", "Acme?"])
def test_elsewhere_it_is_said_in_english(question: str) -> None:
    assert said_to(question, RefusalConfig().text) == RefusalConfig().text


def test_a_text_of_the_configuration_is_left_alone() -> None:
    assert said_to(QUESTIONS["de"], "Ask the office.") == "Ask the office."


def test_both_builders_refuse_so() -> None:
    text = RefusalConfig().text
    extracted = ExtractedAnswer(model="local/extractive", refusal=text, threshold=0.5)
    generated = GeneratedAnswer(model="openai/m", refusal=text)
    question = QUESTIONS["de"]
    answers = [
        extracted.run("Something", 0.1, [], Usage(), question=question)["answer"],
        generated.run([], Usage(), question=question)["answer"],
    ]
    assert [(answer.refused, answer.response) for answer in answers] == [(True, REFUSALS["de"])] * 2
