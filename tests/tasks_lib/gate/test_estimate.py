"""What a deployment would take, from one answer of the model that is asked for."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import mlflow
import pytest
from pydantic import ValidationError

from blocks.lancedb import LanceDBStore
from blocks.platform import ResolvedPlatform
from flows.ingest import synchronise
from tasks_lib.assistant.contract.answer import Message
from tasks_lib.config.settings import Settings
from tasks_lib.dataset.datasets import save
from tasks_lib.dataset.examples import Example, Reference
from tasks_lib.errors import BudgetError, ConfigurationError, ModelUnavailableError
from tasks_lib.gate import estimate as estimating
from tasks_lib.gate.estimate import PROBES, Estimate, estimate, require_affordable, require_within
from tasks_lib.gate.plan import plan_deployment
from tasks_lib.home import Home
from tasks_lib.registry.tracking import connect, run_of
from tests.stubs.openai_api import OpenAIStub
from tests.stubs.server import Request, Responder
from tests.stubs.services import openai_models
from tests.tasks_lib.registry import fakes

FACT = "Employees receive 27 days of annual leave."
ASKED = "How many days of annual leave do employees receive?"
MODEL = {"llm": {"model": "openai/stub-chat"}}
PRICES = {"stub-chat": {"input": 1_000_000, "output": 1_000_000}}


class Clock:
    """Stands still, but for what an answer of the model is said to take."""

    def __init__(self) -> None:
        self.now = 0.0

    def perf_counter(self) -> float:
        return self.now


class Slow(OpenAIStub):
    """Takes `seconds` of `clock` for every answer."""

    def __init__(self, clock: Clock, seconds: float) -> None:
        super().__init__()
        self.clock, self.seconds = clock, seconds

    def answer(self, request: Request, word: str, out: Responder) -> None:
        self.clock.now += self.seconds
        super().answer(request, word, out)


@pytest.fixture(scope="module")
def home(tracked_home: Callable[[Path], Home], tmp_path_factory: pytest.TempPathFactory) -> Home:
    """One document and two questions about it; the last gate measured a model that is very slow and very dear."""
    folder = tmp_path_factory.mktemp("estimate")
    made = tracked_home(folder / "home")
    (folder / "documents").mkdir()
    (folder / "documents" / "leave.md").write_text(f"# Leave\n\n{FACT}\n")
    place = ResolvedPlatform("stub", (), LanceDBStore(), home=made)
    settings = Settings.model_validate({"ingest": {"source": str(folder / "documents")}})
    synchronise(place, settings)
    client = connect(place, "rag-assistant")
    reference = Reference(document="leave.md", start=9, end=9 + len(FACT), content=FACT)
    message = (Message(role="user", content=ASKED),)
    asked = Example(id="leave", messages=message, answer=FACT, references=(reference,))
    refused = Example(id="eggs", kind="off_topic", messages=(Message(role="user", content="How do I boil an egg?"),))
    save(client, "q", [refused, asked], index=settings.index_name, index_version="1", origin="import")
    with run_of(client, "deploy"):
        mlflow.log_metrics({"latency_p50_seconds": 3600.0, "cost": 99.0})
    return made


def estimated(home: Home, tmp_path: Path, stub: OpenAIStub | None, given: dict[str, Any], **fields: Any) -> Estimate:
    providers = (openai_models(stub, max_attempts=1, **fields),) if stub else ()
    place = ResolvedPlatform("stub", providers, LanceDBStore(), home=home)
    settings = Settings.model_validate({"gate": {"minimum_questions": 2, "concurrency": 2}} | given)
    plan = plan_deployment(place, settings, tmp_path / "assistant.py", [fakes.write_room(tmp_path, "x")])
    return estimate(place, plan, settings.gate)


def test_one_answer_of_the_model_that_is_asked_for_is_timed(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = {}
    for seconds in (0.5, 3.0):
        clock = Clock()
        monkeypatch.setattr(estimating, "time", clock)
        with Slow(clock, seconds) as stub:
            found[seconds] = estimated(home, tmp_path / str(seconds), stub, MODEL)
            prompts = [body["messages"][-1]["content"] for body in stub.bodies("chat")]
        assert len(prompts) == 1
        assert ASKED in prompts[0]
        assert found[seconds].seconds_per_answer == seconds
        assert found[seconds].basis == f"one answer of 'openai/stub-chat' took {seconds:.2f} s"
    assert found[0.5].minutes < found[3.0].minutes
    assert found[3.0].calls == found[3.0].language_model_calls == 2 + PROBES


def test_it_says_what_it_took_for_granted(home: Home, tmp_path: Path) -> None:
    with OpenAIStub() as stub:
        found = estimated(home, tmp_path, stub, MODEL)
    assert found.assumptions == [
        f"every answer takes as long as the one to {ASKED!r}, 2 at a time",
        "the provider's block has no price for 'openai/stub-chat', so the cost is unknown",
    ]
    assert found.cost is None


def test_the_cost_is_that_of_the_answer_by_the_prices_of_the_block(home: Home, tmp_path: Path) -> None:
    with OpenAIStub() as stub:
        found = estimated(home, tmp_path, stub, MODEL, prices=PRICES)
    assert found.cost is not None
    assert found.cost % found.language_model_calls == 0
    assert 0 < found.cost / found.language_model_calls < 1000


def test_extracted_answers_cost_nothing_and_are_timed_as_well(home: Home, tmp_path: Path) -> None:
    found = estimated(home, tmp_path, None, {})
    assert (found.cost, found.language_model_calls, found.calls) == (0.0, 0, 2 + PROBES)
    assert found.basis.startswith("one answer of 'local/extractive' took ")


@pytest.mark.parametrize("share", [0, 0.99, 1, 2])
def test_a_deployment_is_begun_only_if_it_costs_at_most_its_budget(home: Home, tmp_path: Path, share: float) -> None:
    with OpenAIStub() as stub:
        found = estimated(home, tmp_path, stub, MODEL, prices=PRICES)
    assert found.cost is not None
    if share >= 1:
        require_within(found.cost * share, found)
        return
    with pytest.raises(BudgetError, match=f"cost {found.cost:g}, more than gate.budget={found.cost * share:g} "):
        require_within(found.cost * share, found)


def test_a_budget_is_not_held_by_what_has_no_price(home: Home, tmp_path: Path) -> None:
    with OpenAIStub() as stub:
        unpriced = estimated(home, tmp_path / "unpriced", stub, MODEL)
        unreached = estimated(
            home,
            tmp_path / "unreached",
            stub,
            MODEL | {"guardrails": {"length": {"input_characters": 10}}},
            prices=PRICES,
        )
        judged = estimated(home, tmp_path / "judged", stub, MODEL, prices=PRICES).model_copy(update={"judge_calls": 4})
    for found in (unpriced, unreached):
        with pytest.raises(BudgetError, match="the answers have no price"):
            require_within(1e9, found)
    with pytest.raises(BudgetError, match="a judge is asked 4 times"):
        require_within(1e9, judged)


def test_extracted_answers_are_within_a_budget_of_zero(home: Home, tmp_path: Path) -> None:
    require_within(0, estimated(home, tmp_path, None, {}))


def test_a_budget_below_zero_is_none() -> None:
    with pytest.raises(ValidationError, match="greater than or equal to 0"):
        Settings.model_validate({"gate": {"budget": -0.01}})


@pytest.mark.parametrize("budget", [0, None])
def test_the_model_is_asked_what_it_costs_only_where_there_is_a_budget(
    home: Home, tmp_path: Path, budget: float | None
) -> None:
    with OpenAIStub() as stub:
        place = ResolvedPlatform("stub", (openai_models(stub, prices=PRICES),), LanceDBStore(), home=home)
        settings = Settings.model_validate({"gate": {"minimum_questions": 2, "budget": budget}} | MODEL)
        plan = plan_deployment(place, settings, tmp_path / "assistant.py", [fakes.write_room(tmp_path, "x")])
        if budget is None:
            require_affordable(place, plan, settings.gate)
        else:
            with pytest.raises(BudgetError, match="more than gate.budget=0"):
                require_affordable(place, plan, settings.gate)
        assert len(stub.bodies("chat")) == (budget is not None)


def test_a_model_that_is_never_reached_is_said(home: Home, tmp_path: Path) -> None:
    with OpenAIStub() as stub:
        found = estimated(home, tmp_path, stub, MODEL | {"guardrails": {"length": {"input_characters": 10}}})
        assert not stub.requests
    assert any("was not reached" in assumption for assumption in found.assumptions)


def test_a_model_that_cannot_be_called_is_told(home: Home, tmp_path: Path) -> None:
    with OpenAIStub("wrong-key") as stub, pytest.raises(ConfigurationError, match="HTTP 401"):
        estimated(home, tmp_path / "key", stub, MODEL)
    with pytest.raises(ModelUnavailableError, match="cannot be reached"):
        estimated(home, tmp_path / "down", stub, MODEL)
