"""The component that offers questions in other words beside the ones that were made."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Self

from haystack import component, default_from_dict, default_to_dict

from tasks_lib.dataset.examples import CandidateQuestion, example_of
from tasks_lib.dataset.rewording.synonyms import reworded

_ANSWERS_ARE_WORDS = frozenset({"sentence", "table_cell", "purpose", "definition"})
"""Ways whose questions are made of prose; names of parameters nobody may spell otherwise, and a heading is the words of
whoever wrote it already."""


@component
class QuestionRewording:
    """Offers each question that copies words of its evidence in other words, too, as an alternative of its group."""

    def to_dict(self) -> dict[str, Any]:
        """Serialise the component."""
        return default_to_dict(self)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self:
        """Rebuild the component."""
        return default_from_dict(cls, data)

    @component.output_types(candidates=list[CandidateQuestion])
    def run(self, candidates: list[CandidateQuestion]) -> dict[str, list[CandidateQuestion]]:
        """The same candidates, each behind the one that says it in other words, if there is one."""
        return {"candidates": [offered for candidate in candidates for offered in _offered(candidate)]}


def _offered(candidate: CandidateQuestion) -> Iterator[CandidateQuestion]:
    example = candidate.example
    if example.kind == "answerable" and example.made_by in _ANSWERS_ARE_WORDS and candidate.group:
        read = " ".join([example.evidence, *candidate.passages])
        question = reworded(example.question, read, candidate.language)
        if question != example.question:
            made = example_of(example.kind, question, example.answer, example.references, made_by=example.made_by)
            yield replace(candidate, example=made, original=example, embedding=None)
    yield candidate
