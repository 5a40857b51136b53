"""`llmops forget`: no byte of it is left, whatever wrote it, also if the run was killed at any step."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from blocks.local import LocalPlatform
from flows.cli import run
from flows.erasure import allow_again, erase
from flows.ingest import synchronise
from tasks_lib.dataset.datasets import every_version, load
from tasks_lib.errors import IndexUnavailableError, InputError, LlmopsError
from tasks_lib.forgetting import steps
from tasks_lib.home import Home
from tasks_lib.registry.audit import read_audit
from tasks_lib.registry.tracking import connect
from tests.stubs.written_home import NAME, PATH, SECRETS, settings_of

ROOT = Path(__file__).parents[2]


@pytest.fixture
def home(template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    shutil.copytree(template / "home", tmp_path / "home")
    shutil.copytree(template / "documents", template.parent / "documents", dirs_exist_ok=True)
    monkeypatch.setenv("LLMOPS_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("LLMOPS_USER", "ann")
    monkeypatch.setattr(steps, "GRACE_SECONDS", 0.0)
    LocalPlatform(Home(tmp_path / "home")).tracking_uri()
    return Home(tmp_path / "home")


@pytest.fixture
def documents(template: Path) -> Path:
    return template / "documents"


def holding(home: Home, *words: str) -> dict[str, list[str]]:
    """Word → files of the home that have it in their bytes or in their name."""
    files = [path for path in home.root.rglob("*") if path.is_file()]
    found = {
        word: [
            str(path.relative_to(home.root))
            for path in files
            if word.encode() in path.read_bytes().lower() or word in str(path.relative_to(home.root)).lower()
        ]
        for word in words
    }
    return {word: paths for word, paths in found.items() if paths}


def in_states(home: Home, documents: Path) -> str:
    """Everything that can be read in any version of the index: LanceDB writes texts packed."""
    index = LocalPlatform(home).index(settings_of(documents).rag)
    table = index.store.connection.table()
    assert table is not None
    names = list(table.schema.names)
    versions = [str(entry["version"]) for entry in table.list_versions()]
    told = [str(index.at(version).store.scan(None, names).to_pylist()) for version in versions]
    return " ".join(told).lower()


def forget(kind: str, what: str, documents: Path, **options: object) -> object:
    return erase(kind, what, settings_of(documents), **options)  # type: ignore[arg-type]


def test_the_template_holds_it_wherever_it_is_looked_for(home: Home, documents: Path) -> None:
    places = {path.split("/")[0] for paths in holding(home, *SECRETS).values() for path in paths}
    assert places >= {
        "lancedb",
        "mlflow",
        "prefect",
        "reports",
        "evidently",
        "up.log",
        "unfinished",
        "cache",
        "audit.jsonl",
    }
    assert "quarkstein" in in_states(home, documents)


def test_of_a_forgotten_document_no_byte_is_left(home: Home, documents: Path) -> None:
    receipt = forget("document", PATH, documents)
    assert holding(home, *SECRETS) == {}
    assert not [secret for secret in SECRETS if secret in in_states(home, documents)]
    assert receipt.done
    assert {each.place for each in receipt.removed} >= {
        "index",
        "traces",
        "evaluation sets",
        "files of the home",
        "databases",
        "caches",
        "audit",
    }
    assert {each.place for each in receipt.remains} >= {"source", "backups"}
    assert "zebra" not in receipt.model_dump_json()
    index = LocalPlatform(home).index(settings_of(documents).rag)
    assert index.states().quarantine == []
    assert index.at(str(index.states().released)).count() == 2
    assert [index.at(state).count() for state in index.states().earlier]


def test_what_is_not_of_it_stays(home: Home, documents: Path) -> None:
    forget("document", PATH, documents)
    assert set(holding(home, "archimedes", "annual leave")) == {"archimedes", "annual leave"}
    client = connect(LocalPlatform(home), "rag-assistant")
    traces = client.search_traces(locations=[client.experiment_id])
    assert sorted(trace.data.request.count("Archimedes") for trace in traces) == [0, 1]
    dataset = load(client, "questions")
    assert (dataset.version, [example.id for example in dataset.examples]) == (3, ["b", "c"])
    assert [[each.id for each in version.examples] for version in every_version(client)] == [
        ["b", "c"],
        ["b", "c"],
        ["b"],
    ]
    assert load(client, "questions:1").examples[0].id == "b"
    assert json.loads((home.root / "unfinished/dataset.jsonl").read_text())["key"] == "k"


def test_it_is_not_ingested_again_until_a_person_lets_it_in(home: Home, documents: Path) -> None:
    forget("document", PATH, documents)
    settings = settings_of(documents)
    result = synchronise(LocalPlatform(home), settings)
    assert (result.forgotten, result.added) == (1, 0)
    assert holding(home, *SECRETS) == {}
    with pytest.raises(InputError, match="no index holds"):
        forget("document", PATH, documents)
    allow_again(PATH, str(documents), None)
    assert synchronise(LocalPlatform(home), settings).added == 1
    assert [line.what for line in read_audit(home)] == ["held", "forgot", "let in"]


def test_a_persons_name_is_blacked_out_and_told_nowhere(
    home: Home, documents: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    line = ["forget", "text", NAME.upper(), "--set", f"ingest.source={documents}", "--json"]
    assert run([*line, "--dry-run"]) == 0
    assert "quarkstein" in in_states(home, documents)
    assert run(line) == 2
    assert "nobody is there to say yes" in json.loads(capsys.readouterr().out.splitlines()[-1])["error"]["message"]
    assert run([*line, "--yes"]) == 0
    shown = capsys.readouterr()
    assert "quarkstein" not in (shown.out + shown.err).lower()
    assert holding(home, "quarkstein", "wilhelmina") == {}
    assert "quarkstein" not in in_states(home, documents)
    index = LocalPlatform(home).index(settings_of(documents).rag)
    (chunk,) = index.read(index.info().sources[0], [PATH])
    assert "meets in room QX7731 every Thursday" in (chunk.content or "")
    assert synchronise(LocalPlatform(home), settings_of(documents)).unchanged == 3
    assert read_audit(home)[-1].told["about"].startswith("text ")


def test_of_a_trace_only_it_goes_and_of_a_user_all(home: Home, documents: Path) -> None:
    client = connect(LocalPlatform(home), "rag-assistant")
    asked = next(
        trace for trace in client.search_traces(locations=[client.experiment_id]) if "Archimedes" in trace.data.request
    )
    forget("trace", asked.info.trace_id, documents)
    assert holding(home, "archimedes", asked.info.trace_id) == {}
    assert len(client.search_traces(locations=[client.experiment_id])) == 2
    receipt = forget("user", "bo", documents)
    assert next(each.count for each in receipt.removed if each.place == "traces") == 2
    assert client.search_traces(locations=[client.experiment_id]) == []
    for kind, what in (("trace", asked.info.trace_id), ("user", "bo"), ("document", "nowhere.md"), ("text", "x")):
        with pytest.raises(InputError):
            forget(kind, what, documents)


def test_two_at_once_and_one_during_an_ingest_wait_or_say_so(home: Home, documents: Path) -> None:
    index = LocalPlatform(home).index(settings_of(documents).rag)
    settings = settings_of(documents).model_copy(
        update={"ingest": settings_of(documents).ingest.model_copy(update={"lock_timeout_seconds": 0.0})}
    )
    busy = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(home.indexes), index.name, str(home.locks)], stdout=subprocess.PIPE
    )
    try:
        assert busy.stdout is not None
        assert busy.stdout.readline()
        with pytest.raises(IndexUnavailableError, match="being written"):
            erase("document", PATH, settings)
    finally:
        busy.kill()
        busy.wait()
    assert erase("document", PATH, settings).resumed
    assert holding(home, *SECRETS) == {}
    from filelock import FileLock

    with FileLock(home.locks / "forget.lock"), pytest.raises(LlmopsError, match="being forgotten now"):
        erase("text", "somebody", settings)


HOLD = """
import sys, time
from pathlib import Path
from tasks_lib.assistant.stores.locking import WriterLock
folder, name, locks = sys.argv[1:]
with WriterLock(str(Path(folder).resolve()), name, Path(locks)).held(5):
    print("held", flush=True)
    time.sleep(120)
"""
KILLED = """
import os, signal, sys
from flows.erasure import erase
from tasks_lib.assistant.stores.lancedb.index import LanceDBIndex
from tasks_lib.forgetting import steps
from tests.stubs.written_home import settings_of
from pathlib import Path

at, documents, kind, what = sys.argv[1:]
steps.GRACE_SECONDS = 0.0

def killing(work):
    def killed(*arguments):
        work(*arguments)
        os.kill(os.getpid(), signal.SIGKILL)
    return killed

if at == "states":
    LanceDBIndex.save_states = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
else:
    steps.STEPS[at] = killing(steps.STEPS[at])
erase(kind, what, settings_of(Path(documents)))
"""


@pytest.mark.slow
@pytest.mark.parametrize("at", ["states", *steps.STEPS])
def test_killed_after_any_step_and_run_again_it_ends_the_same(home: Home, documents: Path, at: str) -> None:
    """Each is killed when its work is done, and before that is written down."""
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, at, str(documents), "document", PATH],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert killed.returncode == -9, killed.stderr
    receipt = forget("document", PATH, documents)
    assert receipt.resumed
    assert holding(home, *SECRETS) == {}
    assert not [secret for secret in SECRETS if secret in in_states(home, documents)]
    client = connect(LocalPlatform(home), "rag-assistant")
    assert [example.id for example in load(client, "questions").examples] == ["b", "c"]
    assert [line.what for line in read_audit(home)] == ["held", "forgot"]
    assert not list(home.unfinished.glob("forget-*"))
