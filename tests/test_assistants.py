"""Three assistants in one home, from empty folders to a dropped index, by the words of the README.

The commands run in this process on the session's Prefect server; versions and the endpoint are processes of their own.
"""

import json
import os
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from blocks.local import LocalPlatform
from flows.cli import run
from tasks_lib.home import Home
from tasks_lib.registry.tracking import TRACE_ASSISTANT_TAG, TRACE_VERSION_TAG, connect
from tests.serving.conftest import Endpoint, question, served
from tests.serving.test_several import states, wait_for
from tests.stubs.small_documents import WORLDS, write_documents

pytestmark = [pytest.mark.slow, pytest.mark.flow, pytest.mark.usefixtures("prefect_harness"), pytest.mark.timeout(600)]
DOCS, STAFF, IT = NAMES = tuple(WORLDS)
ASKED = 2
"""Things of its own, and of another, that each is asked about."""
FEW = ("--set", "gate.minimum_questions=8")
FINER = ("--set", "chunking.tokens=64")
Llmops = Callable[..., Any]


@pytest.fixture
def platform(tracked_home: Callable[[Path], Home], tmp_path: Path) -> LocalPlatform:
    return LocalPlatform(tracked_home(tmp_path / "home"))


@pytest.fixture
def llmops(
    platform: LocalPlatform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Llmops]:
    """`llmops(*words, code=0)`: what the command prints with --json."""
    before = dict(os.environ)
    os.environ["LLMOPS_HOME"] = str(platform.home.root)

    def llmops(*words: str, code: int = 0) -> Any:
        capsys.readouterr()
        ended = run([*words, "--json"])
        out, err = capsys.readouterr()
        assert ended == code, out + err
        return json.loads(out)

    yield llmops
    os.environ.clear()
    os.environ.update(before)


def asks(endpoint: Endpoint, name: str, thing: str) -> dict[str, Any]:
    body = question(f"How often is the {thing} checked?")
    said = httpx.post(f"{endpoint.address}/predict/{name}", json=body, timeout=60)
    assert said.status_code == 200, said.text
    answer = said.json()
    assert isinstance(answer, dict)
    return answer


def answers_as(endpoint: Endpoint, version: str) -> bool:
    """Whether this very version is what answers; if so, it has."""
    body = {**question(), "model": version}
    return httpx.post(f"{endpoint.address}/v1/chat/completions", json=body, timeout=60).is_success


def documents_of(name: str) -> set[str]:
    return {f"{thing.replace(' ', '-')}.md" for thing in WORLDS[name][1]}


def traced(platform: LocalPlatform, name: str) -> Counter[tuple[str, str]]:
    """Assistant and version → production traces that `name` has."""
    client = connect(platform, name)
    found = client.search_traces(
        locations=[client.experiment_id], filter_string="tags.`llmops.source` = 'production'", include_spans=False
    )
    return Counter((trace.info.tags[TRACE_ASSISTANT_TAG], trace.info.tags[TRACE_VERSION_TAG]) for trace in found)


def test_three_assistants_live_side_by_side(llmops: Llmops, platform: LocalPlatform, tmp_path: Path) -> None:
    sources = {name: str(write_documents(tmp_path / "sources", name)) for name in NAMES}
    indexes = {}
    for name in NAMES:
        indexes[name] = llmops("ingest", "--assistant", name, "--source", sources[name])["index"]
        made = llmops("dataset", "--assistant", name, "--size", "12")
        assert (made["dataset"], made["version"], made["index"]) == ("questions", 1, indexes[name])
        first = llmops("deploy", "--assistant", name, *FEW)
        assert (first["model"], first["production_version"], first["comparison"]) == (name, 1, None)
    assert len(set(indexes.values())) == len(NAMES)

    finer = llmops("ingest", "--assistant", DOCS, "--source", sources[DOCS], *FINER)["index"]
    second = llmops("deploy", "--assistant", DOCS, *FINER, *FEW, "--set", "gate.margin=0.5")
    assert (second["decision"], second["version"], second["production_version"]) == ("promote", 2, 2)
    assert second["comparison"]["losses"] == 0  # with its own first version; another world's would have lost all
    rows = {row["assistant"]: (row["production"], row["collection"]) for row in llmops("status")["assistants"]}
    assert rows == {DOCS: (2, DOCS), STAFF: (1, STAFF), IT: (1, IT)}

    chosen = [part for name in NAMES for part in ("--assistant", name)]
    with served(platform, tmp_path, *chosen) as endpoint:
        wait_for(lambda: set(states(endpoint).values()) == {"ready"}, 300)
        for name, other in ((DOCS, STAFF), (STAFF, IT), (IT, DOCS)):
            for thing in WORLDS[name][1][:ASKED]:
                answer = asks(endpoint, name, thing)
                assert not answer["refused"]
                assert answer["source_documents"][0]["document"] == f"{thing.replace(' ', '-')}.md"
                crossed = asks(endpoint, other, thing)
                assert {source["document"] for source in crossed["source_documents"]} <= documents_of(other)
        back = llmops("rollback", "--assistant", DOCS)
        assert (back["model"], back["from_version"], back["to_version"]) == (DOCS, 2, 1)
        wait_for(lambda: answers_as(endpoint, f"{DOCS}/1"))
        for name in NAMES:
            assert asks(endpoint, name, WORLDS[name][1][0])["model_uri"] == f"models:/{name}/1"

    own = 2 * ASKED
    expected = {
        DOCS: {("docs", "2"): own, ("docs", "1"): 2},
        STAFF: {("staff", "1"): own + 1},
        IT: {("it", "1"): own + 1},
    }
    for name in NAMES:
        assert traced(platform, name) == expected[name]
        monitored = llmops("monitor", "--assistant", name, "--set", "monitor.minimum_traces=2")
        assert monitored["traces"] == sum(expected[name].values())
        assert monitored["verdict"] in {"healthy", "drifted"}
        told = llmops("status", "--assistant", name)
        assert told["last_monitoring"]["summary"]["verdict"] == monitored["verdict"]
        assert told["links"]["report"] == monitored["report"]
        assert told["dataset"] == "questions:1"

    needed = {row["name"]: row["needed_by"] + row["questions"] for row in llmops("index", "list")["indexes"]}
    assert needed[finer] == [f"{alias} of docs (version 2)" for alias in ("candidate", "previous")]
    for name in NAMES:
        assert {f"production of {name} (version 1)", f"evaluation set questions:1 of {name}"} <= set(
            needed[indexes[name]]
        )
    for index in (finer, *indexes.values()):
        refused = llmops("index", "drop", index, code=2)
        assert f"index {index!r} is needed by:" in refused["error"]["message"]
    for alias in ("candidate", "previous"):
        connect(platform, DOCS).delete_registered_model_alias(DOCS, alias)
    assert llmops("index", "drop", finer)["dropped"] == finer
    assert {row["name"] for row in llmops("index", "list")["indexes"]} == set(indexes.values())
    found = llmops("search", "How often is the night shift checked?", "--assistant", STAFF)
    assert found["results"][0]["document"] == "night-shift.md"
