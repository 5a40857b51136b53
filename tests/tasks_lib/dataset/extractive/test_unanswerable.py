"""Questions about something that no document mentions."""

from typing import Any

from haystack import Document

from tasks_lib.dataset.extractive.facts import facts
from tasks_lib.dataset.extractive.prose import sentences_of
from tasks_lib.dataset.extractive.unanswerable import transplanted


class MentionsNothing:
    """An index that holds none of the names that are tried."""

    def mentions(self, phrase: str) -> bool:
        return not phrase


def made_of(sentence: str) -> list[str]:
    meta = {"source": "s", "document": "d.md", "start": 0, "end": len(sentence), "title": None, "heading": None}
    found = [fact for text in sentences_of([Document(content=sentence, meta=meta)]) for fact in facts(text)]
    coverage: Any = MentionsNothing()
    return list(transplanted([(fact, fact.question) for fact in found], coverage, seed=0))


def test_a_group_or_a_name_is_exchanged() -> None:
    questions = made_of("Employees receive 27 days of annual leave in Denmark.")
    assert questions
    assert not any("Denmark" in question and "employees" in question for question in questions)


def test_a_word_that_is_part_of_a_term_is_not_taken_for_a_name() -> None:
    sentence = "A promotion requires at least 12 months in the current role and a last rating of Fair wind or higher."
    assert not any("wind" in question and "Fair wind" not in question for question in made_of(sentence))
