"""`tune` and `deploy` say the same of a set that can decide nothing."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from blocks.local import LocalPlatform
from flows.cli import run
from flows.ingest import synchronise
from tasks_lib.config.settings import IngestConfig, Settings
from tasks_lib.dataset.datasets import save
from tasks_lib.home import Home
from tasks_lib.registry.tracking import connect, last_runs
from tests.tasks_lib.registry import fakes

pytestmark = pytest.mark.flow


@pytest.mark.usefixtures("prefect_harness")
def test_tune_is_undecided_as_deploy_is_where_the_set_has_too_few_questions(
    tracked_home: Callable[[Path], Home],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    home = tracked_home(tmp_path / "home")
    monkeypatch.setenv("LLMOPS_HOME", str(home.root))
    client = connect(LocalPlatform(home), "rag-assistant")
    index = synchronise(LocalPlatform(home), Settings(ingest=IngestConfig(include=("leave/annual-leave.md",)))).index
    save(client, "few", fakes.examples()[:3], index=index, index_version="1", origin="import")
    tuned, deployed = {}, {}
    for verb, told in (("tune", tuned), ("deploy", deployed)):
        assert run([verb, "--json"]) == 4
        told.update(json.loads(capsys.readouterr().out))

    assert (tuned["trials"], tuned["best"], tuned["deploy"]["decision"]) == ([], {}, "undecided")
    assert tuned["deploy"]["reasons"] == deployed["reasons"]
    assert "has 3 questions; the gate needs 20" in deployed["reasons"][0]
    assert last_runs(client, "tune")[0].data.tags["llmops.decision"] == "undecided"
    assert client.search_model_versions("name = 'rag-assistant'") == []
    assert run(["tune"]) == 4
    said = capsys.readouterr().out
    assert "Gate rag-assistant: undecided" in said
    assert "--first" in said
