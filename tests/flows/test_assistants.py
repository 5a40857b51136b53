"""Several assistants in one home: none takes another's place, and what one needs is not dropped."""

import json
import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from blocks.local import LocalPlatform
from flows.cli import run
from flows.indexes import drop_index, list_indexes
from flows.status import status
from tasks_lib.assistant.stores.lancedb.index import LanceDBIndex
from tasks_lib.config.ingest import IngestConfig
from tasks_lib.config.settings import Settings
from tasks_lib.dataset.datasets import load, save
from tasks_lib.errors import IndexUnavailableError, InputError, LlmopsError
from tasks_lib.home import EXPERIMENT, Home
from tasks_lib.ingestion.tasks import record
from tasks_lib.registry import moves
from tasks_lib.registry.agreement import require_known, require_production, require_production_collection
from tasks_lib.registry.tracking import connect, last_ingests, last_runs, run_of
from tests.tasks_lib.registry import fakes

DOCS, STAFF = "docs", "staff"


@pytest.fixture
def platform(tracked_home: Callable[[Path], Home], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LocalPlatform:
    home = tracked_home(tmp_path / "home")
    monkeypatch.setenv("LLMOPS_HOME", str(home.root))
    return LocalPlatform(home)


def in_production(platform: LocalPlatform, folder: Path, name: str) -> int:
    """A version of `name` that reads the collection `documents`."""
    version = fakes.register_fake(platform, folder / name, fakes.GOOD, model=name)
    connect(platform, name).set_registered_model_alias(name, "production", str(version))
    return version


def ingested(platform: LocalPlatform, collection: str) -> str:
    from flows.ingest import synchronise

    settings = Settings(collection=collection, ingest=IngestConfig(include=("leave/annual-leave.md",)))
    return synchronise(platform, settings).index


def test_what_is_recorded_for_one_is_not_seen_by_another(platform: LocalPlatform) -> None:
    docs, staff = connect(platform, DOCS), connect(platform, STAFF)
    assert docs.known_experiment_id is None
    save(docs, "questions", fakes.examples(), index="docs__x", index_version="1", origin="import")
    with run_of(staff, "monitor", {"llmops.verdict": "healthy"}):
        pass
    assert docs.experiment_id != staff.experiment_id
    assert load(docs, "questions").version == 1
    with pytest.raises(InputError, match="no dataset 'questions'"):
        load(staff, "questions")
    assert (last_runs(docs, "monitor"), len(last_runs(staff, "monitor"))) == ([], 1)
    assert docs.assistants() == [DOCS, STAFF]


def test_a_name_that_nothing_was_recorded_for_is_refused_and_leaves_no_trace(platform: LocalPlatform) -> None:
    with run_of(connect(platform, DOCS), "ingest"):
        pass
    with pytest.raises(InputError, match="no assistant 'dosc'; assistants: docs"):
        require_known(connect(platform, "dosc"))
    assert connect(platform, "dosc").get_experiment_by_name("dosc") is None


@pytest.mark.parametrize(
    "verb",
    [
        ["ask", "hi"],
        ["search", "hi"],
        ["monitor"],
        ["status"],
        ["index", "list"],
        ["index", "drop", "x"],
        ["index", "sources"],
        ["rollback"],
        ["tune"],
        ["deploy"],
        ["deploy", "--estimate"],
        ["dataset"],
        ["dataset", "--add-from-traces"],
        ["serve", "--port", "8765"],
        ["serve", "--port", "8765", "--assistant", "nobody-else"],
    ],
    ids=" ".join,
)
@pytest.mark.usefixtures("prefect_harness")
def test_every_verb_refuses_a_name_that_is_nobodys(
    platform: LocalPlatform, verb: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with run_of(connect(platform, DOCS), "ingest"):
        pass
    assert run([*verb, "--assistant", "dosc", "--json"]) == 2
    error = json.loads(capsys.readouterr().out)["error"]
    assert re.match("there is no assistant '(dosc|nobody-else)'; assistants: docs", error["message"])
    assert connect(platform, DOCS).assistants() == [DOCS]


@pytest.mark.parametrize(
    "verb",
    ["ask hi", "search hi", "monitor", "status", "index list", "index drop x", "rollback", "tune", "deploy", "dataset"],
)
@pytest.mark.usefixtures("prefect_harness")
def test_every_verb_refuses_a_collection_that_production_does_not_read(
    platform: LocalPlatform, tmp_path: Path, verb: str, capsys: pytest.CaptureFixture[str]
) -> None:
    in_production(platform, tmp_path, DOCS)
    assert run([*verb.split(), "--assistant", DOCS, "--set", "collection=pdfs", "--json"]) == 2
    error = json.loads(capsys.readouterr().out)["error"]
    assert "production of 'docs' (version 1) reads the collection 'documents'" in error["message"]
    assert "names 'pdfs'" in error["message"]


def test_an_ingest_that_changes_nothing_begins_an_assistant_on_documents_of_another(platform: LocalPlatform) -> None:
    from flows.ingest import synchronise

    ingested(platform, DOCS)
    shared = Settings(assistant=STAFF, collection=DOCS, ingest=IngestConfig(include=("leave/annual-leave.md",)))
    result = synchronise(platform, shared)
    assert not result.changed
    record.fn(result, platform, STAFF)
    require_known(connect(platform, STAFF))
    record.fn(result, platform, STAFF)
    assert len(last_runs(connect(platform, STAFF), "ingest", limit=5)) == 1  # begun already, and nothing changed


def test_an_assistant_that_was_alone_in_a_home_keeps_its_experiment(platform: LocalPlatform, tmp_path: Path) -> None:
    shared = connect(platform, EXPERIMENT)
    with run_of(shared, "deploy"):
        pass
    client = connect(platform, "old-name")
    client.create_registered_model("old-name")
    run = last_runs(shared, "deploy")[0]
    client.create_model_version("old-name", str(tmp_path), run.info.run_id, tags={"index": "x"})
    assert connect(platform, "old-name").experiment_id == shared.experiment_id
    assert connect(platform, "new-name").known_experiment_id is None


def test_a_collection_that_contradicts_production_is_refused_with_both_names(
    platform: LocalPlatform, tmp_path: Path
) -> None:
    in_production(platform, tmp_path, DOCS)
    given = Settings(assistant=DOCS, collection="pdfs")
    for check in (require_production, require_production_collection):
        with pytest.raises(InputError, match="'documents'.*'pdfs'"):
            check(platform, given)
    with pytest.raises(InputError, match="'documents'.*'docs'"):
        require_production_collection(platform, Settings(assistant=DOCS))  # a candidate would read another one
    require_production(platform, Settings(assistant=DOCS))
    moved = Settings.model_validate({"assistant": DOCS, "collection": "pdfs", "gate": {"move_collection": True}})
    require_production_collection(platform, moved)


def test_an_index_is_kept_while_any_assistant_needs_it(platform: LocalPlatform, tmp_path: Path) -> None:
    index = ingested(platform, "documents")
    for name in (DOCS, STAFF):
        in_production(platform, tmp_path, name)
    (row,) = list_indexes(Settings(), "local").indexes
    assert {f"production of {name} (version 1)" for name in (DOCS, STAFF)} <= set(row.needed_by)
    with pytest.raises(InputError, match="production of docs .* production of staff"):
        drop_index(index, Settings(), "local")
    asked: list[str] = []
    with pytest.raises(InputError, match="nobody said yes"):
        drop_index(index, Settings(), "local", force=True, consent=lambda text: bool(asked.append(text)))
    assert "production of staff" in asked[0]
    assert platform.indexes() == [index]
    assert drop_index(index, Settings(), "local", force=True, consent=lambda _: True).dropped == index
    assert platform.indexes() == []


def test_a_question_set_needs_the_index_it_was_made_from(platform: LocalPlatform) -> None:
    index = ingested(platform, DOCS)
    save(connect(platform, DOCS), "questions", fakes.examples(), index=index, index_version="1", origin="import")
    with pytest.raises(InputError, match="evaluation set questions:1 of docs"):
        drop_index(index, Settings(), "local")


def test_an_index_is_not_dropped_under_a_run_that_writes_to_it(platform: LocalPlatform) -> None:
    index = ingested(platform, DOCS)
    with platform.open_index(index).writing(0), pytest.raises(IndexUnavailableError):
        drop_index(index, Settings(), "local")
    assert platform.indexes() == [index]


def test_what_comes_to_need_an_index_while_a_person_is_asked_was_not_agreed_to(
    platform: LocalPlatform, tmp_path: Path
) -> None:
    index = ingested(platform, "documents")
    in_production(platform, tmp_path, DOCS)

    def promoted_meanwhile(_: str) -> bool:
        return bool(in_production(platform, tmp_path, STAFF))

    with pytest.raises(InputError, match="meanwhile .*: candidate of staff .*production of staff") as refused:
        drop_index(index, Settings(), "local", force=True, consent=promoted_meanwhile)
    assert "of docs" not in refused.value.message
    assert platform.indexes() == [index]


def test_what_comes_to_need_an_index_before_the_writers_are_kept_away_keeps_it(
    platform: LocalPlatform, monkeypatch: pytest.MonkeyPatch
) -> None:
    index = ingested(platform, DOCS)
    writing = LanceDBIndex.writing

    def writing_after_a_dataset(opened: LanceDBIndex, seconds: float) -> AbstractContextManager[None]:
        save(connect(platform, DOCS), "questions", fakes.examples(), index=index, index_version="1", origin="import")
        return writing(opened, seconds)

    monkeypatch.setattr(LanceDBIndex, "writing", writing_after_a_dataset)
    with pytest.raises(InputError, match="meanwhile .*evaluation set questions:1 of docs"):
        drop_index(index, Settings(), "local")
    assert platform.indexes() == [index]


def test_no_alias_moves_to_a_version_while_its_index_is_dropped(
    platform: LocalPlatform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index = ingested(platform, "documents")
    for name in (DOCS, STAFF):
        in_production(platform, tmp_path, name)
    drop = LanceDBIndex.drop
    refused: list[str] = []

    def drop_while_others_would_move(opened: LanceDBIndex) -> None:
        for name in (DOCS, STAFF):
            with pytest.raises(LlmopsError, match="moving the aliases") as error, moves.alias_lock(name):
                pass
            refused.append(error.value.message)
        drop(opened)

    monkeypatch.setattr(moves, "LOCK_SECONDS", 0.0)
    monkeypatch.setattr(LanceDBIndex, "drop", drop_while_others_would_move)
    drop_index(index, Settings(), "local", force=True, consent=lambda _: True)
    assert [name in text for name, text in zip((DOCS, STAFF), refused, strict=True)] == [True, True]


def test_status_without_a_name_lists_all_and_with_one_tells_of_it(platform: LocalPlatform, tmp_path: Path) -> None:
    ingested(platform, "documents")
    for name in (DOCS, STAFF):
        in_production(platform, tmp_path, name)
    with run_of(connect(platform, DOCS), "deploy", {"llmops.decision": "promote"}):
        pass
    rows = status(Settings()).assistants
    assert [(row.assistant, row.production, row.last_gate) for row in rows] == [(DOCS, 1, "promote"), (STAFF, 1, None)]
    found = status(Settings(assistant=STAFF))
    assert (found.assistant, found.assistants, found.last_gate) == (STAFF, [], None)
    with pytest.raises(InputError, match="no assistant 'nobody'"):
        status(Settings(assistant="nobody"))


def test_an_ingest_into_shared_documents_is_seen_by_all_that_read_them(platform: LocalPlatform) -> None:
    with run_of(connect(platform, DOCS), "ingest", {"llmops.index": "shared__x"}):
        pass
    assert len(last_ingests(connect(platform, STAFF), "shared__x")) == 1
