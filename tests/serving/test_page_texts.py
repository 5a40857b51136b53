"""The chat page's texts in every language."""

import json
import re
from collections.abc import Iterable
from typing import get_args

import pytest

from serving.page_routes import FILES
from serving.shapes import Reason
from tasks_lib.assistant.contract.answer import Answer, GuardrailDecision
from tasks_lib.assistant.phrases import REFUSALS
from tasks_lib.text.languages import language_of

TEXTS: dict[str, dict[str, str]] = json.loads((FILES / "texts.json").read_text("utf-8"))
ENGLISH = TEXTS["en"]
_NAMED = re.compile(r"""say\("([\w.]+)"|data-(?:text|label|placeholder)="([\w.]+)"|texts\["([\w.]+)"\]""")
_BUILT = re.compile(r"say\(`([\w.]+\.)\$\{")
_PLACEHOLDER = re.compile(r"\{\w+\}")


def _found(expression: re.Pattern[str]) -> set[str]:
    files: Iterable[str] = (file.read_text("utf-8") for file in FILES.iterdir() if file.suffix in {".js", ".html"})
    return {key for text in files for match in expression.finditer(text) for key in match.groups() if key}


@pytest.mark.parametrize("language", TEXTS)
def test_each_language_says_all_that_english_says(language: str) -> None:
    texts = TEXTS[language]
    assert list(texts) == list(ENGLISH)
    placeholders = {key: sorted(_PLACEHOLDER.findall(text)) for key, text in texts.items()}
    assert placeholders == {key: sorted(_PLACEHOLDER.findall(text)) for key, text in ENGLISH.items()}
    assert all(text.strip() == text and text for text in texts.values())


@pytest.mark.parametrize("language", TEXTS)
def test_the_texts_are_in_the_language_that_they_are_said_to_be_in(language: str) -> None:
    said = " ".join(text for text in TEXTS[language].values() if text.endswith((".", "。")))
    assert language_of(_PLACEHOLDER.sub("", said)) == language


def test_whoever_reads_the_page_in_a_language_is_refused_in_it() -> None:
    assert set(TEXTS) <= set(REFUSALS)


def test_each_text_that_the_page_asks_for_is_there_and_no_other() -> None:
    named, built = _found(_NAMED), _found(_BUILT)
    assert named <= set(ENGLISH)
    assert all(any(key.startswith(begin) for key in ENGLISH) for begin in built)
    assert [key for key in ENGLISH if key not in named and not key.startswith(tuple(built))] == []


def test_what_the_endpoint_tells_in_words_of_its_own_has_a_text() -> None:
    reasons = [f"refused.{reason}" for reason in get_args(Answer.model_fields["refusal_reason"].annotation) if reason]
    decided = [f"guard.{name}" for name in get_args(GuardrailDecision.model_fields["direction"].annotation)]
    actions = set(get_args(GuardrailDecision.model_fields["action"].annotation)) - {"allow"}
    wanted = {
        *reasons,
        *decided,
        *(f"guard.{name}" for name in actions),
        *(f"reason.{name}" for name in get_args(Reason)),
    }
    assert wanted <= set(ENGLISH)
