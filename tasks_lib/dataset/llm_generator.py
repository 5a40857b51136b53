"""Questions by a language model, as JSON that is checked."""

import re
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from typing import Any, Self

from haystack import Document, component, default_from_dict, default_to_dict
from haystack.components.generators.chat.types import ChatGenerator
from haystack.core.serialization import component_to_dict

from tasks_lib.assistant.contract.answer import Message
from tasks_lib.dataset import prompts
from tasks_lib.dataset.examples import CandidateQuestion, Reference, example_of, reference_of
from tasks_lib.dataset.prompts import Draft, ask, copied
from tasks_lib.errors import BudgetError

NOT_PARSED, MODEL_FAILED = "not_parsed", "model_failed"
"""Reasons for drafts that never became a candidate."""


@component
class LLMQuestionGenerator:
    """Asks a language model for one question of each kind about each group of passages.

    :param generator: The language model.
    :param concurrency: Calls in flight.
    """

    def __init__(self, *, generator: ChatGenerator, concurrency: int = 4) -> None:
        self.generator = generator
        self.concurrency = concurrency

    def to_dict(self) -> dict[str, Any]:
        """Serialise the component with its generator."""
        generator = component_to_dict(self.generator, "generator")
        return default_to_dict(self, generator=generator, concurrency=self.concurrency)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self:
        """Rebuild the component."""
        return default_from_dict(cls, data)

    @component.output_types(candidates=list[CandidateQuestion], rejected=dict[str, int], error=str)
    def run(self, kinds: list[str], passages: list[list[Document]]) -> dict[str, Any]:
        """Ask, once for each kind and group.

        :param kinds: Of :data:`~tasks_lib.dataset.prompts.TASKS`.
        :param passages: Chunks with metadata `source`, `document` and `start`; two neighbours for `across_passages`.
        :returns: `candidates`, `rejected` (calls that made none, by reason) and `error` (of the first of them).
        """
        jobs = list(product(kinds, passages))
        with ThreadPoolExecutor(self.concurrency) as threads:
            drafts = list(threads.map(lambda job: self._draft(*job), jobs))
        failures = [draft for draft in drafts if isinstance(draft, Exception)]
        return {
            "candidates": [
                _candidate(kind, chunks, draft)
                for (kind, chunks), draft in zip(jobs, drafts, strict=True)
                if isinstance(draft, Draft)
            ],
            "rejected": dict(Counter(NOT_PARSED if isinstance(f, ValueError) else MODEL_FAILED for f in failures)),
            "error": str(failures[0]) if failures else "",
        }

    def _draft(self, kind: str, passages: Sequence[Document]) -> Draft | Exception:
        task = prompts.TASKS[kind]
        try:
            return ask(self.generator, task.messages([chunk.content or "" for chunk in passages]), task.schema, Draft)
        except BudgetError:  # no other draft may be paid for either
            raise
        except Exception as error:  # noqa: BLE001  providers raise their own errors; one bad call must not end the run
            return error


def _candidate(kind: str, passages: Sequence[Document], draft: Draft) -> CandidateQuestion:
    contents = tuple(chunk.content or "" for chunk in passages)
    if kind == "unanswerable":
        candidate = CandidateQuestion(example_of(kind, draft.question), contents)
    else:
        history: list[Message] = []
        if kind == "follow_up":
            history = [
                Message(role="user", content=draft.first_question),
                Message(role="assistant", content=draft.first_answer),
            ]
        references = [_locate(quote, passages) for quote in draft.quotes]
        all_located = [reference for reference in references if reference] if None not in references else []
        candidate = CandidateQuestion(example_of(kind, draft.question, draft.answer, all_located, history), contents)
    return candidate.dropped("copied_from_the_example") if copied(draft.question, contents) else candidate


def _locate(quote: str, passages: Sequence[Document]) -> Reference | None:
    """Where the quote stands, white space and case aside."""
    if not quote.strip():
        return None
    pattern = re.compile(r"\s+".join(map(re.escape, quote.split())), re.IGNORECASE)
    for chunk in passages:
        match = pattern.search(chunk.content or "")
        if match:
            start = int(chunk.meta["start"])
            return reference_of(chunk, start + match.start(), start + match.end(), match.group())
    return None
