"""A person's word on documents that are held, given in the form of the run that waits for it."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from pathlib import Path
from typing import Any

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterState, FlowRunFilterStateType
from prefect.client.schemas.objects import StateType

from blocks.local import LocalPlatform
from flows import approval
from flows.approval import resume
from flows.ingest import synchronise
from flows.release import release
from tasks_lib.config.ingest import IngestConfig
from tasks_lib.config.release import ReleaseConfig
from tasks_lib.config.settings import Settings
from tasks_lib.documents_gate import release as moves
from tasks_lib.documents_gate.decision import unasked
from tasks_lib.documents_gate.publish import ReleaseResult
from tasks_lib.home import Home
from tests.stubs.ingesting import held as texts

pytestmark = [pytest.mark.flow, pytest.mark.usefixtures("prefect_harness")]
GOOD, BAD = "Leave is 27 days.", "Leave is 3 days."
PAUSED = FlowRunFilter(state=FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.PAUSED])))


class Held:
    """An index whose last change was measured, and held."""

    def __init__(self, platform: LocalPlatform, folder: Path) -> None:
        self.platform, self.folder = platform, folder
        self.settings = Settings(ingest=IngestConfig(source=str(folder)), release=ReleaseConfig(approve=True))
        folder.mkdir()
        self.write("leave.md", GOOD)
        self.ingest()
        self.write("leave.md", BAD)
        self.write("canteen.md", "The canteen serves soup.")
        self.ingest()
        self.hold()

    @property
    def index(self) -> Any:
        return self.platform.open_index(self.settings.index_name)

    def write(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text)

    def ingest(self) -> None:
        synchronise(self.platform, self.settings)

    def hold(self) -> None:
        decision = unasked("held", "leave.md says another number").model_copy(update={"documents": ["leave.md"]})
        moves.hold(self.index, moves.propose(self.index, 7.0), decision)

    def read(self) -> dict[str, str]:
        return texts(self.index.at(self.index.states().released))

    def release(self, *people: Callable[[], None]) -> ReleaseResult:
        """Release while these people do what they do."""
        with ThreadPoolExecutor(len(people) or 1) as pool:
            for person in people:
                pool.submit(copy_context().run, person)
            return release(self.settings)


@pytest.fixture
def held(tracked_home: Callable[[Path], Home], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Held:
    home = tracked_home(tmp_path / "home")
    monkeypatch.setenv("LLMOPS_HOME", str(home.root))
    return Held(LocalPlatform(home), tmp_path / "documents")


def answering(act: Callable[[], None] = lambda: None, **answer: Any) -> Callable[[], None]:
    """A person who waits for the form, does `act`, and fills it in."""

    def person() -> None:
        with get_client(sync_client=True) as client:
            while not (runs := client.read_flow_runs(flow_run_filter=PAUSED)):
                time.sleep(0.2)
            act()
            assert resume(client, runs[0].id, **answer)

    return person


def test_what_a_person_chooses_is_read_and_says_who_chose_it(held: Held) -> None:
    answer = {"decision": "release without", "without": ["leave.md"], "name": "Ann", "comment": "a typo"}
    result = held.release(answering(**answer))
    assert (result.decision, result.quarantined) == ("released", ["leave.md"])
    assert result.reasons == ["released by Ann without leave.md: a typo"]
    assert held.read() == {"leave.md": GOOD, "canteen.md": "The canteen serves soup."}


def test_an_answer_about_documents_that_changed_meanwhile_moves_nothing(held: Held) -> None:
    def changing() -> None:
        held.write("pay.md", "Pay comes on the 1st.")
        held.ingest()

    result = held.release(answering(changing, decision="release all"))
    assert result.decision == "held"
    assert "documents changed meanwhile" in result.reasons[0]
    assert held.read() == {"leave.md": GOOD}


def test_a_document_that_did_not_change_is_said_by_name_and_moves_nothing(held: Held) -> None:
    result = held.release(answering(decision="release without", without=["other.md"]))
    assert (result.decision, result.reasons[0].split(" since ")[0]) == ("held", "document 'other.md' did not change")
    assert held.read() == {"leave.md": GOOD}


def test_without_an_answer_they_stay_held(held: Held, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(approval, "APPROVAL_SECONDS", 3)
    result = held.release()
    assert (result.decision, result.reasons[0]) == ("held", "nobody decided within 24 hours")
    assert held.index.states().held.reasons == ["leave.md says another number"]


def test_who_is_asked_about_a_later_state_need_not_answer_about_the_one_before(held: Held) -> None:
    """One run waits for a person; the documents change and are held again, and the next run asks."""
    told: list[ReleaseResult] = []

    def asking_later() -> None:
        with get_client(sync_client=True) as client:
            while not client.read_flow_runs(flow_run_filter=PAUSED):
                time.sleep(0.2)
        held.write("pay.md", "Pay comes on the 1st.")
        held.ingest()
        held.hold()
        told.append(held.release(answering_the_second))

    def answering_the_second() -> None:
        seen: set[Any] = set()
        with get_client(sync_client=True) as client:
            while len(seen) < 2:
                seen |= {run.id for run in client.read_flow_runs(flow_run_filter=PAUSED)}
                time.sleep(0.2)
            (waiting,) = client.read_flow_runs(flow_run_filter=PAUSED)
            assert resume(client, waiting.id, decision="release all", name="Ann")

    first = held.release(asking_later)
    assert first.decision == "held"
    assert "documents changed meanwhile" in first.reasons[0]
    assert [(each.decision, each.reasons) for each in told] == [("released", ["released by Ann"])]
    assert held.read()["pay.md"] == "Pay comes on the 1st."
