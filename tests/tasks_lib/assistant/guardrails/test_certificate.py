"""The language certificate: what is measured, and what is done about a text in another language."""
# ruff: noqa: RUF001 - texts in many scripts

import logging

import pytest

from tasks_lib.assistant.contract.answer import Message
from tasks_lib.assistant.embedders.minilm import MiniLM
from tasks_lib.assistant.guardrails.build import build_guardrails
from tasks_lib.assistant.guardrails.certificate import UNCHECKED, LanguageDetector, certificate
from tasks_lib.assistant.guardrails.detection import CheckContext
from tasks_lib.assistant.guardrails.guardrails import Guardrails
from tasks_lib.config.guardrails import GuardrailsConfig

RUSSIAN_LIKE = "Колико дана одмора имам у години и ко ми то одобрава у овој фирми?"
GREEK = "Πόσες ημέρες άδειας έχω τον χρόνο και ποιος τις εγκρίνει;"


def asked(text: str) -> list[Message]:
    return [Message(role="user", content=text)]


def found(config: GuardrailsConfig, text: str) -> list[str]:
    context = CheckContext("input", float("inf"), messages=asked(text))
    return [finding.kind for finding in LanguageDetector(config).find(text, context)]


@pytest.fixture(scope="module")
def strict(embedder: MiniLM) -> Guardrails:
    return build_guardrails(GuardrailsConfig(unknown_language="refuse"), embedder)


def test_every_figure_of_the_certificate_is_a_share_of_some_texts() -> None:
    figures = [row for own in certificate().validators.values() for row in own.values()]
    assert {"injection", "personal_data", "secrets", "grounding", "topics"} == set(certificate().validators)
    assert all(0 <= row.recall <= 1 and 0 <= row.false_alarms <= 1 and row.texts and row.harmless for row in figures)


@pytest.mark.parametrize("text", ["How many days of leave do I get?", "Wie viele Tage Urlaub habe ich im Jahr?"])
def test_a_measured_language_is_checked(text: str) -> None:
    assert found(GuardrailsConfig(), text) == []


@pytest.mark.parametrize("text", [GREEK, RUSSIAN_LIKE, "Je, nina siku ngapi za likizo kwa mwaka katika kampuni hii?"])
def test_a_language_that_nobody_measured_is_unchecked(text: str) -> None:
    assert found(GuardrailsConfig(), text) == [UNCHECKED]


@pytest.mark.parametrize("text", ["leave", "Urlaub", "🎉👍", "2024", "VPN?"])
def test_a_word_or_an_emoji_is_in_no_language(text: str) -> None:
    assert found(GuardrailsConfig(), text) == []


def test_without_validators_that_read_words_no_language_is_unchecked() -> None:
    config = GuardrailsConfig.model_validate({"injection": {"enabled": False}, "personal_data": {"enabled": False}})
    assert found(config, GREEK) == []


def test_an_unchecked_language_is_answered_logged_and_told(
    guardrails: Guardrails, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        result = guardrails.check_input(asked(GREEK))
    assert result.action == "allow"
    assert [d.kinds for d in result.decisions if d.validator == "language"] == [[UNCHECKED]]
    assert UNCHECKED in caplog.text
    assert "ημέρες" not in caplog.text


def test_an_unchecked_language_is_refused_where_that_is_asked_for(strict: Guardrails) -> None:
    assert strict.check_input(asked(GREEK)).action == "refuse"
    assert strict.check_input(asked("How many days of leave do I get?")).action == "allow"


def test_the_newest_question_alone_tells_the_language(strict: Guardrails) -> None:
    conversation = [
        *asked(GREEK),
        Message(role="assistant", content="25"),
        *asked("Who approves the leave of my team?"),
    ]
    assert strict.check_input(conversation).action == "allow"
