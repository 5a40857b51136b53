"""Every assistant whose production reads the released state is measured, on a real registry."""

from collections.abc import Callable
from pathlib import Path

import pytest

from blocks.local import LocalPlatform
from tasks_lib.config.settings import Settings
from tasks_lib.dataset.datasets import save
from tasks_lib.documents_gate.decision import DocumentsDecision, Questions, unasked
from tasks_lib.documents_gate.plan import Plan
from tasks_lib.documents_gate.readers import combined, readers_of
from tasks_lib.home import Home
from tasks_lib.registry.tracking import connect
from tests.tasks_lib.registry import fakes

OURS, THEIRS = "rag-assistant", "staff"
FEW = Settings.model_validate({"gate": {"minimum_questions": 2}})


@pytest.fixture
def platform(tracked_home: Callable[[Path], Home], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LocalPlatform:
    home = tracked_home(tmp_path / "home")
    monkeypatch.setenv("LLMOPS_HOME", str(home.root))
    return LocalPlatform(home)


@pytest.fixture
def deploy(platform: LocalPlatform, tmp_path: Path) -> Callable[..., None]:
    """Puts a version into production that reads the index of the default settings, and gives it three questions."""

    def deployed(model: str, follow: str = "gated") -> None:
        version = fakes.register_fake(platform, tmp_path / model / follow, fakes.GOOD, model=model, follow=follow)
        client = connect(platform, model)
        client.set_registered_model_alias(model, "production", str(version))
        save(client, "questions", fakes.examples()[:3], index=FEW.index_name, index_version="1", origin="import")

    return deployed


def test_whose_answers_cannot_get_worse_leaves_the_word_to_who_reads_the_same_index(
    platform: LocalPlatform, deploy: Callable[..., None]
) -> None:
    (alone,) = readers_of(platform, FEW)
    assert (alone.settings.assistant, alone.may_get_worse) == (OURS, False)
    deploy(THEIRS)
    (other,) = readers_of(platform, FEW)
    assert other.settings.assistant == THEIRS
    assert isinstance(other.plan, DocumentsDecision)
    assert "has 3 questions, and the gate needs 20" in other.plan.reasons[0]  # by its own keys
    deploy(OURS)
    own, other = readers_of(platform, FEW)
    assert isinstance(own.plan, Plan)
    assert (own.plan.live.model, other.settings.assistant) == (OURS, THEIRS)


@pytest.mark.parametrize("follow", ["latest", "pinned"])
def test_who_does_not_read_the_released_state_is_not_asked(
    platform: LocalPlatform, deploy: Callable[..., None], follow: str
) -> None:
    deploy(THEIRS, follow)
    deploy(OURS, follow)
    (own,) = readers_of(platform, FEW)
    assert isinstance(own.plan, DocumentsDecision)
    assert own.plan.decision == "released"
    assert f"(index.follow: {follow})" in own.plan.reasons[0]


def test_the_worst_of_several_decisions_counts_and_each_reason_says_whose_it_is() -> None:
    good = unasked("released", "nothing got worse", of=5)
    bad = DocumentsDecision(
        decision="held", reasons=["one got worse"], questions=Questions(of=3, asked=2), documents=["leave.md"]
    )
    open_one = unasked("undecided", "no questions")
    assert combined({OURS: good}) == good
    assert combined({OURS: good, "it": open_one}).decision == "undecided"
    both = combined({OURS: good, THEIRS: bad, "it": open_one})
    assert (both.decision, both.documents, both.questions.of, both.questions.asked) == ("held", ["leave.md"], 8, 2)
    assert both.reasons == [f"{OURS}: nothing got worse", f"{THEIRS}: one got worse", "it: no questions"]
