"""What is loaded ahead is loaded once, and its failure is told to whoever needs it."""

from threading import Barrier, Thread
from typing import Any

import pytest
from py3langid.langid import LanguageIdentifier

from tasks_lib.assistant.embedders import minilm
from tasks_lib.assistant.loading_ahead import load_ahead
from tasks_lib.config.rag import MINILM
from tasks_lib.text import languages


@pytest.fixture
def loads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """One entry for each time that the classifier of languages is loaded."""
    made: list[str] = []
    load = LanguageIdentifier.from_model_file

    def loading(file: Any, **named: Any) -> LanguageIdentifier:
        made.append(str(file))
        return load(file, **named)

    monkeypatch.setattr(LanguageIdentifier, "from_model_file", loading)
    languages._cached_identifier.cache_clear()
    languages.language_of.cache_clear()
    return made


def test_models_are_loaded_before_they_are_used(loads: list[str]) -> None:
    minilm._cached_encoder.cache_clear()
    for thread in load_ahead(MINILM):
        thread.join()
    assert len(loads) == 1
    assert minilm._cached_encoder.cache_info().currsize == 1


def test_who_needs_the_classifier_meanwhile_waits_for_it(loads: list[str]) -> None:
    together, found = Barrier(4), []

    def ask(number: int) -> None:
        together.wait()
        found.append(languages.language_of(f"Employees receive {number} days of annual leave."))

    threads = [Thread(target=ask, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == ["en"] * 4
    assert len(loads) == 1


def test_a_failure_is_told_to_whoever_needs_it(monkeypatch: pytest.MonkeyPatch, loads: list[str]) -> None:
    def gone(file: Any, **named: Any) -> LanguageIdentifier:
        raise OSError("no such model")

    monkeypatch.setattr(LanguageIdentifier, "from_model_file", gone)
    for thread in load_ahead("bedrock/an-embedder"):
        thread.join()
    with pytest.raises(OSError, match="no such model"):
        languages.language_of("Employees receive 27 days of annual leave.")
    assert loads == []
