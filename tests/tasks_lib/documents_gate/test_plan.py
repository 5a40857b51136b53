"""What is decided where no question can be asked, on a real registry."""

from collections.abc import Callable
from pathlib import Path

import pytest

from blocks.local import LocalPlatform
from tasks_lib.config.settings import Settings
from tasks_lib.dataset.datasets import save
from tasks_lib.documents_gate.decision import DocumentsDecision
from tasks_lib.documents_gate.plan import Plan, plan_questions
from tasks_lib.home import Home
from tasks_lib.registry.tracking import connect
from tests.tasks_lib.registry import fakes

MODEL = "rag-assistant"
FEW = Settings.model_validate({"gate": {"minimum_questions": 2}})


@pytest.fixture
def platform(tracked_home: Callable[[Path], Home], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LocalPlatform:
    home = tracked_home(tmp_path / "home")
    monkeypatch.setenv("LLMOPS_HOME", str(home.root))
    return LocalPlatform(home)


def in_production(platform: LocalPlatform, folder: Path) -> None:
    version = fakes.register_fake(platform, folder, fakes.GOOD)
    connect(platform, MODEL).set_registered_model_alias(MODEL, "production", str(version))


def asking(platform: LocalPlatform, index: str) -> None:
    save(connect(platform, MODEL), "questions", fakes.examples()[:3], index=index, index_version="1", origin="import")


def decided(platform: LocalPlatform, settings: Settings = FEW) -> DocumentsDecision:
    found = plan_questions(platform, settings)
    assert isinstance(found, DocumentsDecision)
    return found


def test_where_no_answer_can_get_worse_the_change_is_released(platform: LocalPlatform, tmp_path: Path) -> None:
    nothing = decided(platform)
    assert nothing.decision == "released"
    assert "nothing of 'rag-assistant' is in production" in nothing.reasons[0]
    in_production(platform, tmp_path / "version")
    other = decided(platform, FEW.model_copy(update={"collection": "other"}))
    assert other.decision == "released"
    assert f"reads the index {Settings().index_name!r}" in other.reasons[0]


def test_without_questions_that_measure_it_a_person_decides(platform: LocalPlatform, tmp_path: Path) -> None:
    in_production(platform, tmp_path / "version")
    none = decided(platform)
    assert none.decision == "undecided"
    assert "there is no dataset" in none.reasons[0]
    asking(platform, "staff__x__y")
    others = decided(platform)
    assert others.decision == "undecided"
    assert "made for the collection 'staff'" in others.reasons[0]


def test_few_questions_decide_nothing_and_enough_are_asked(platform: LocalPlatform, tmp_path: Path) -> None:
    in_production(platform, tmp_path / "version")
    asking(platform, Settings().index_name)
    few = decided(platform, Settings())
    assert (few.decision, few.questions.of) == ("undecided", 3)
    assert "has 3 questions, and the gate needs 20" in few.reasons[0]
    plan = plan_questions(platform, FEW)
    assert isinstance(plan, Plan)
    assert (len(plan.dataset.examples), plan.live.version) == (3, 1)
