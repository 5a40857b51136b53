"""The wall: what a version carries, and what its fingerprint sees."""

import hashlib
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from mlflow.artifacts import download_artifacts

from blocks.local import LocalPlatform
from flows.deploy import CODE_PATHS, MODEL_SCRIPT
from flows.ingest import synchronise
from tasks_lib.config.ingest import IngestConfig
from tasks_lib.config.rag import RagConfig
from tasks_lib.config.settings import Settings
from tasks_lib.home import Home
from tasks_lib.registry import fingerprint as fingerprints
from tasks_lib.registry.carried import carried_files, staged
from tasks_lib.registry.fingerprint import fingerprint
from tasks_lib.registry.register import CandidateVersion, register
from tasks_lib.registry.tracking import connect, run_of

ROOT = Path(__file__).resolve().parents[3]
OPERATIONS = ("backup", "ingestion", "dataset", "documents_gate", "forgetting", "gate", "registry", "monitoring")
QUESTION = "How many days of annual leave do full-time employees receive?"


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of every file of the repository."""
    listed = ["git", "-C", str(ROOT), "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    done = subprocess.run(listed, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip("this is no git checkout")
    copy = tmp_path_factory.mktemp("checkout")
    for name in filter(None, done.stdout.split("\0")):
        if (ROOT / name).is_file():  # a file that was deleted is listed until that is committed
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, copy / name)
    return copy


def rooms(folder: Path) -> list[Path]:
    return [folder / "tasks_lib", folder / "blocks"]


def is_carried(name: str) -> bool:
    """Said once more, by hand: all of `blocks`, and of `tasks_lib` the assistant and the ground."""
    room, _, rest = name.partition("/")
    if room == "tasks_lib":
        return rest.partition("/")[0] not in {*OPERATIONS, "untraversed.py"}
    return room == "blocks"


def test_the_fingerprint_changes_with_every_carried_file_and_with_no_other(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    digests = cache(lambda path: hashlib.sha256(path.read_bytes()).hexdigest())
    touched: set[Path] = set()
    monkeypatch.setattr(fingerprints, "_digest", lambda path: f"{digests(path)}{' touched' * (path in touched)}")
    rag = RagConfig()
    before = fingerprint(rag, rooms(checkout))
    files = sorted(path for path in checkout.rglob("*") if path.is_file())
    assert len(files) > 500
    wrong = []
    for path in files:
        touched.add(path)
        name = path.relative_to(checkout).as_posix()
        if (fingerprint(rag, rooms(checkout)) != before) != is_carried(name):
            wrong.append(name)
        touched.clear()
    assert wrong == []


def test_a_new_file_changes_the_fingerprint_where_it_is_carried(checkout: Path) -> None:
    rag = RagConfig()

    def changes(name: str) -> bool:
        before = fingerprint(rag, rooms(checkout))
        path = checkout / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
        after = fingerprint(rag, rooms(checkout))
        path.unlink()
        return after != before

    carried = ["tasks_lib/assistant/guardrails/data/weights.bin", "tasks_lib/config/new.py", "blocks/new.py"]
    others = [
        "tasks_lib/monitoring/report/colours.css",
        "tasks_lib/assistant/.cache",
        "tasks_lib/assistant/__pycache__/pipeline.cpython-311.pyc",
        "blocks/examples/handbook/new.md",
        "flows/new.py",
    ]
    assert [name for name in carried if not changes(name)] == []
    assert [name for name in others if changes(name)] == []


def test_a_changed_byte_of_a_data_file_makes_another_candidate(checkout: Path) -> None:
    weights = checkout / "tasks_lib/assistant/guardrails/data/injection.json"
    before = fingerprint(RagConfig(), rooms(checkout))
    text = weights.read_text()
    weights.write_text(text + " ")
    assert fingerprint(RagConfig(), rooms(checkout)) != before
    weights.write_text(text)
    assert fingerprint(RagConfig(), rooms(checkout)) == before


def test_what_is_staged_is_what_is_carried_and_is_gone_afterwards() -> None:
    with staged(CODE_PATHS) as folders:
        copies = {
            f"{folder.name}/{path.relative_to(folder).as_posix()}": path.read_bytes()
            for folder in folders
            for path in folder.rglob("*")
            if path.is_file()
        }
    assert copies == {name: path.read_bytes() for name, path in carried_files(CODE_PATHS).items()}
    assert not any(folder.exists() for folder in folders)


@pytest.fixture(scope="module")
def leave(tracked_home: Callable[[Path], Home], tmp_path_factory: pytest.TempPathFactory) -> LocalPlatform:
    """The local platform with the handbook's page on leave."""
    platform = LocalPlatform(tracked_home(tmp_path_factory.mktemp("carried") / "home"))
    synchronise(platform, Settings(ingest=IngestConfig(include=("leave/annual-leave.md",))))
    return platform


ALONE = """
import importlib.util, json, sys
from pathlib import Path
sys.path[:] = [entry for entry in sys.path if not (Path(entry) / "tasks_lib").is_dir()]
import mlflow
import pandas as pd

mlflow.set_tracking_uri(sys.argv[1])
model = mlflow.pyfunc.load_model(sys.argv[2])
request = {"messages": [{"role": "user", "content": sys.argv[3]}]}
(answer,) = model.predict([request])
*pieces, last = model.predict_stream(pd.DataFrame([[request]]))
rooms = [f"tasks_lib.{room}" for room in ("ingestion", "dataset", "gate", "registry", "monitoring")]
print(json.dumps({
    "answer": answer.response,
    "streamed": "".join(piece["piece"] for piece in pieces),
    "uncarried": [room for room in rooms if importlib.util.find_spec(room)],
    "beside": [room for room in ("flows", "serving") if getattr(importlib.util.find_spec(room), "origin", None)],
    "foreign": [
        name for name, module in sys.modules.items()
        if name.partition(".")[0] in {"tasks_lib", "blocks"} and not module.__file__.startswith(sys.argv[2])
    ],
}))
"""


@pytest.mark.slow
def test_a_version_answers_and_streams_where_nothing_else_of_ours_can_be_imported(
    leave: LocalPlatform, tmp_path: Path
) -> None:
    rag = RagConfig()
    tags = dict.fromkeys(("fingerprint", "index", "index_version", "dataset"), "x")
    candidate = CandidateVersion("alone", rag, str(leave.index(rag).version()), MODEL_SCRIPT, CODE_PATHS, tags)
    client = connect(leave, "rag-assistant")
    with run_of(client, "deploy", {}):
        number = register(client, candidate, "candidate")
    version = Path(download_artifacts(f"models:/alone/{number}", dst_path=str(tmp_path / "version")))
    carried = {
        path.relative_to(version / "code").as_posix() for path in (version / "code").rglob("*") if path.is_file()
    }
    assert carried == set(carried_files(CODE_PATHS))
    told = _run_alone(leave, version, tmp_path)
    assert "27 days" in told["answer"]
    assert told["streamed"] == told["answer"]
    assert told["uncarried"] == told["beside"] == told["foreign"] == []


def _run_alone(platform: LocalPlatform, version: Path, folder: Path) -> dict[str, Any]:
    command = [sys.executable, "-P", "-c", ALONE, platform.tracking_uri(), str(version), QUESTION]
    environment = {"PATH": "/usr/bin:/bin", "LLMOPS_HOME": str(platform.home.root), "LLMOPS_PLATFORM": "local"}
    done = subprocess.run(
        command, capture_output=True, text=True, cwd=folder, env=environment, timeout=200, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told
