"""`dataset.budget`: what would exceed it is told before the first call, and no call is made that could."""

from collections.abc import Callable
from typing import Any

import pytest
from haystack.components.generators.chat.mock import MockChatGenerator
from haystack.dataclasses import ChatMessage
from pydantic import ValidationError

from tasks_lib.assistant.providers.usage import ModelPrice
from tasks_lib.config.settings import Settings
from tasks_lib.dataset.estimate import QuestionsEstimate, estimate, require_affordable
from tasks_lib.dataset.journal import Journal
from tasks_lib.dataset.pipeline import journal_path, questions_pipeline
from tasks_lib.dataset.prompts import ANSWERABLE
from tasks_lib.dataset.purse import tariff_of
from tasks_lib.dataset.questions import generate
from tasks_lib.errors import BudgetError
from tests.tasks_lib.dataset.generating import MODEL, LibraryPlatform
from tests.tasks_lib.dataset.test_llm_generator import FACTS, good, model

PRICE = ModelPrice(input=1_000_000, output=1_000_000)
SIZE = {"size": 2, "unanswerable_share": 0, "off_topic_share": 0, "concurrency": 1}

pytestmark = pytest.mark.usefixtures("home")


class Counting:
    """A model that counts its calls, each of which costs a unit."""

    price: ModelPrice | None = PRICE
    longest_reply = 100

    def __init__(self, inner: MockChatGenerator) -> None:
        self.inner = inner
        self.calls = 0

    def run(self, messages: list[ChatMessage], **parameters: Any) -> dict[str, list[ChatMessage]]:
        self.calls += 1
        text = self.inner.run(messages)["replies"][0].text or ""
        return {"replies": [ChatMessage.from_assistant(text, meta={"usage": {"cost": 50.0}})]}


class WithoutPrice(Counting):
    price = None


@pytest.fixture
def documents(library: Any) -> Any:
    for path, text in FACTS.items():
        library.put(path, f"# {path.removesuffix('.md').title()}\n\n{text}\n")
    return library


def settings(**given: Any) -> Settings:
    return Settings.model_validate({"llm": {"model": MODEL}, "dataset": {**SIZE, **given}})


def estimated(documents: Any, **given: Any) -> QuestionsEstimate:
    place = LibraryPlatform(library=documents, generator=Counting(model(good)))
    return estimate(place, settings(budget=0, **given))


def test_what_would_exceed_the_budget_is_refused_with_the_estimate_and_nothing_is_called(documents: Any) -> None:
    asked = Counting(model(good))
    place = LibraryPlatform(library=documents, generator=asked)
    expected = estimate(place, settings(budget=0))
    assert (expected.drafts, expected.verdicts) == (
        2,
        2 + 2,
    )  # an answer is planted in each passage, to test the critic
    for budget in (0, expected.cost * 0.99):
        with pytest.raises(BudgetError, match=f"at least {expected.cost:.4g}, more than dataset.budget={budget:g} "):
            require_affordable(place, settings(budget=budget))
    for enough in (expected.cost, expected.cost * 2, None):
        require_affordable(place, settings(budget=enough))
    assert asked.calls == 0


def test_more_questions_and_longer_passages_cost_more(documents: Any) -> None:
    few, many = estimated(documents), estimated(documents, size=20)
    assert many.cost > few.cost
    documents.put("long.md", "# Rules\n\n" + "Employees must keep all of the receipts of a business trip. " * 8)
    assert estimated(documents).cost > few.cost


def test_what_is_kept_or_was_paid_for_costs_nothing(documents: Any) -> None:
    place = LibraryPlatform(library=documents, generator=Counting(model(good)))
    free = settings(name="free")
    pipeline = questions_pipeline(place, free)
    made = generate(pipeline, documents.index, documents.embedder, free.dataset, model=MODEL)
    require_affordable(place, settings(name="free", budget=0), made.examples)
    again = estimate(place, settings(name="free", budget=0))
    assert again.paid == len(Journal(journal_path(free))) > 0
    assert again.cost < estimate(place, settings(name="new", budget=0)).cost


@pytest.mark.parametrize(
    ("writer", "critic", "named"),
    [(WithoutPrice, None, "llm.model 'test/model'"), (Counting, WithoutPrice, "the judge, who is the critic,")],
)
def test_a_budget_is_not_held_by_what_has_no_price(
    documents: Any, writer: Callable[..., Counting], critic: Callable[..., Counting] | None, named: str
) -> None:
    judge = critic(model(good)) if critic else None
    place = LibraryPlatform(library=documents, generator=writer(model(good)), critic=judge)
    with pytest.raises(BudgetError, match=f"dataset.budget=5: {named} has no price"):
        require_affordable(place, settings(budget=5))


def test_questions_without_a_model_are_within_a_budget_of_zero(documents: Any) -> None:
    place = LibraryPlatform(library=documents)
    require_affordable(place, Settings.model_validate({"dataset": {**SIZE, "budget": 0}}))
    with pytest.raises(BudgetError, match="the pipeline 'own.yaml' makes them"):
        require_affordable(place, Settings.model_validate({"dataset": {"budget": 0, "pipeline": "own.yaml"}}))
    with pytest.raises(ValidationError):
        settings(budget=-1)


def test_a_run_ends_before_a_call_that_could_exceed_the_budget_and_keeps_what_was_paid_for(documents: Any) -> None:
    """The estimate takes no draft for dropped, so a run may cost more."""
    asked = Counting(model(good))
    place = LibraryPlatform(library=documents, generator=asked)
    tariff, passages = tariff_of(asked), [chunk.content or "" for chunk in documents.index.sample(10, 0)]
    assert tariff is not None
    budget = 2 * 50 + min(tariff.at_most(ANSWERABLE.messages([text])) for text in passages) - 1
    chosen = settings(budget=budget)
    pipeline = questions_pipeline(place, chosen)
    with pytest.raises(BudgetError, match=f"ends after a cost of 100: another call could exceed .*={budget:g}"):
        generate(pipeline, documents.index, documents.embedder, chosen.dataset, model=MODEL)
    assert asked.calls == 2  # the planted answers
    assert len(Journal(journal_path(chosen))) == asked.calls
