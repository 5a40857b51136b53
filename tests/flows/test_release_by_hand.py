"""`llmops release` where something is missing or wrong: what it says, and how it ends."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from flows import release as releasing
from flows.cli import run
from flows.ingest import ingest
from flows.release import release
from flows.status import status
from tasks_lib.config.settings import Settings
from tasks_lib.dataset import proposals
from tasks_lib.dataset.datasets import load, save
from tasks_lib.registry.tracking import connect
from tests.stubs.gated import BAD, MODEL, Gated

pytestmark = pytest.mark.flow
Command = Callable[..., tuple[int, dict[str, Any]]]


@pytest.fixture
def changed(in_process: Gated) -> Gated:
    """A wrong document that was ingested, and not measured yet."""
    in_process.write("leave.md", BAD)
    in_process.ingest()
    return in_process


@pytest.fixture
def command(gated: Gated, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Command:
    """The command with the keys of the assistant: how it ends, and what it prints as JSON."""
    file = tmp_path / "llmops.yaml"
    file.write_text(json.dumps(gated.settings.model_dump(mode="json", exclude_unset=True)), encoding="utf-8")

    def command(*words: str) -> tuple[int, dict[str, Any]]:
        capsys.readouterr()
        code = run([*words, "--config", str(file), "--json"])
        return code, json.loads(capsys.readouterr().out)

    return command


@pytest.fixture
def unpublished(in_process: Gated) -> Iterator[None]:
    """Nothing is in production."""
    client = connect(in_process.platform, MODEL)
    version = client.get_model_version_by_alias(MODEL, "production").version
    client.delete_registered_model_alias(MODEL, "production")
    yield
    client.set_registered_model_alias(MODEL, "production", version)


def test_without_production_no_answer_can_get_worse(changed: Gated, unpublished: None, command: Command) -> None:
    code, said = command("release")
    assert (code, said["decision"], said["released_state"]) == (0, "released", changed.index.version())
    assert "nothing of 'rag-assistant' is in production" in said["reasons"][0]
    assert changed.asked == []


@pytest.mark.parametrize(
    ("made_for", "wanted"),
    [
        (None, "there are no questions to measure the change by: there is no dataset 'absent'"),
        ("staff__minilm__x", "was made for the collection 'staff'"),
    ],
)
def test_without_questions_about_these_documents_a_person_decides(
    changed: Gated, command: Command, made_for: str | None, wanted: str
) -> None:
    name = "absent"
    if made_for:
        name, client = "others", connect(changed.platform, MODEL)
        save(client, name, load(client, "q").examples, index=made_for, index_version="1", origin="import")
    before = changed.index.states().released

    code, said = command("release", "--set", f"gate.dataset={name}")
    assert (code, said["decision"], said["released_state"]) == (4, "undecided", before)
    assert wanted in said["reasons"][0]
    assert "27 days" in changed.answer()
    code, said = command("release", "--all", "--set", f"gate.dataset={name}")
    assert (code, said["released_state"]) == (0, changed.index.version())


def test_an_index_that_is_dropped_in_between_is_said_and_the_next_ingest_is_its_first(
    changed: Gated, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    judged = releasing._judged

    def dropping(*arguments: Any) -> Any:
        decision = judged(*arguments)
        changed.index.drop()
        return decision

    with monkeypatch.context() as patch:
        patch.setattr(releasing, "_judged", dropping)
        code, said = command("release")
    assert (code, said["error"]["hint"]) == (2, "Ingest again.")
    assert "was dropped meanwhile" in said["error"]["message"]
    code, said = command("release")
    assert (code, said["error"]["hint"]) == (2, "Run `llmops ingest` first.")
    code, said = command("rollback", "--documents")
    assert code == 2
    assert "has no state to go back to" in said["error"]["message"]
    again = ingest(changed.settings)
    assert (again.decision, again.released_state) == ("released", again.index_version)


def test_a_state_that_was_cleaned_away_is_said_with_the_way_out(changed: Gated, command: Command) -> None:
    index = changed.index
    code, said = command("rollback", "--documents", "--to", "999")
    assert code == 2
    assert "has no state to go back to" in said["error"]["message"]
    index.save_states(index.states().model_copy(update={"released": "998"}))
    code, said = command("release")
    assert code == 1
    assert "998" in said["error"]["message"]
    assert said["error"]["hint"]


def test_what_was_released_is_asked_about_by_the_next_change(in_process: Gated, command: Command) -> None:
    """Of a set of its own: proposed, seen by the next gate, taken in."""
    gated, client = in_process, connect(in_process.platform, MODEL)
    first = load(client, "q")
    save(client, "grows", first.examples, index=first.index, index_version=first.index_version, origin="import")
    settings = Settings.model_validate(
        {
            **gated.settings.model_dump(mode="json", exclude_unset=True),
            "gate": {"minimum_questions": 2, "dataset": "grows"},
            "release": {"proposed_questions": 2},
        }
    )
    canteen = "# Canteen\n\nThe canteen was renovated by Hansen Brothers in 2019. Lunch costs 8 euros.\n"
    gated.write("canteen.md", canteen)
    added = ingest(settings)
    assert added.decision == "released"
    assert any(f"--only proposed={added.released_state}" in reason for reason in added.reasons)
    newest = load(client, "grows")
    assert newest.examples == first.examples
    assert 0 < len(newest.proposed) <= 2

    code, shown = command("dataset", "--show", "--only", "proposed=*", "--set", "gate.dataset=grows")
    assert (code, shown["shown"], shown["examples"]) == (0, len(newest.proposed), 2)
    gated.asked.clear()
    gated.write("canteen.md", canteen.replace("2019", "2007").replace("Hansen Brothers", "Olsen").replace("8", "95"))
    wrong = ingest(settings)
    assert wrong.decision == "held"
    assert {each.id for each in newest.proposed} <= set(gated.asked)
    assert load(client, "grows") == newest

    code, taken = command("dataset", "--proposed", "take", "--set", "gate.dataset=grows")
    assert (code, taken["taken"], taken["examples"]) == (0, len(newest.proposed), 2 + len(newest.proposed))
    code, refused = command("dataset", "--proposed", "drop", "--set", "gate.dataset=grows")
    assert (code, refused["error"]["message"][:23]) == (2, "no question is proposed")


def test_status_tells_of_proposed_questions(in_process: Gated) -> None:
    assert status(in_process.settings).proposed_questions == 0
    settings = in_process.settings.model_copy(
        update={"release": in_process.settings.release.model_copy(update={"proposed_questions": 2})}
    )
    in_process.write("canteen.md", "# Canteen\n\nThe canteen was renovated by Hansen Brothers in 2019.\n")
    assert ingest(settings).decision == "released"
    assert status(settings).proposed_questions > 0
    (in_process.folder / "canteen.md").unlink()
    in_process.ingest()
    gone = release(in_process.settings, action="release all")
    assert any("left out, since their evidence is gone" in reason for reason in gone.reasons)
    assert status(settings).proposed_questions == 0


def test_questions_that_cannot_be_made_undo_no_release(in_process: Gated, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(*_: Any, **__: Any) -> Any:
        raise ValueError("no memory")

    monkeypatch.setattr(proposals, "propose", failing)
    settings = in_process.settings.model_copy(
        update={"release": in_process.settings.release.model_copy(update={"proposed_questions": 2})}
    )
    in_process.write("canteen.md", "# Canteen\n\nThe canteen was renovated by Hansen Brothers in 2019.\n")
    added = ingest(settings)
    assert (added.decision, added.released_state) == ("released", added.index_version)
    assert added.warnings == []
