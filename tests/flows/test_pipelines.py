"""`llmops pipeline`: what it shows runs when it is given back, and showing it needs nothing."""

import json
import re
import subprocess
import sys

import pytest
from haystack import Pipeline

from flows.cli import run
from flows.pipelines import PIPELINES, mermaid, show_pipeline
from tasks_lib.config.settings import Settings
from tasks_lib.home import Home

ALLOWED = ["tasks_lib.*", "blocks.*"]


def described(pipeline: Pipeline) -> dict[str, object]:
    """A pipeline's description; Haystack runs components by name, whatever the order of connections."""
    data = pipeline.to_dict()
    return {**data, "connections": sorted(data["connections"], key=str)}


@pytest.mark.parametrize("name", PIPELINES)
def test_what_show_prints_is_a_pipeline_that_comes_back(
    name: str, home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["pipeline", "show", name]) == 0
    text = capsys.readouterr().out
    pipeline = Pipeline.loads(text, allowed_modules=ALLOWED)
    assert described(pipeline) == described(Pipeline.loads(pipeline.dumps(), allowed_modules=ALLOWED))
    assert not home.indexes.exists()


@pytest.mark.parametrize("name", PIPELINES)
def test_show_as_json_holds_the_same_text(name: str, home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["pipeline", "show", name]) == 0
    text = capsys.readouterr().out
    assert run(["pipeline", "show", name, "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"pipelines": {name: text}}


@pytest.mark.parametrize("name", PIPELINES)
def test_the_picture_names_every_component_and_connection(
    name: str, home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    text = show_pipeline(name, Settings()).pipelines[name]
    pipeline = Pipeline.loads(text, allowed_modules=ALLOWED)
    assert run(["pipeline", "show", name, "--format", "mermaid"]) == 0
    picture = capsys.readouterr().out
    assert re.match(r"flowchart (TD|LR)\n", picture)
    for part, instance in pipeline.graph.nodes(data="instance"):
        assert f'{part}["<b>{part}</b><br>{type(instance).__name__}"]' in picture
    for sender, receiver in set(pipeline.graph.edges()):
        assert any(
            line.strip().startswith(f'{sender} -- "') and line.endswith(f"--> {receiver}")
            for line in picture.splitlines()
        )


def test_the_picture_of_a_search_shows_what_goes_in_and_comes_out() -> None:
    text = show_pipeline("search", Settings()).pipelines["search"]
    picture = mermaid(Pipeline.loads(text, allowed_modules=ALLOWED))
    assert "in_text([text]) --> embedder" in picture
    assert "in_query([query]) --> keyword" in picture
    assert 'vector -- "documents" --> fusion' in picture
    assert 'passages --> out_documents(["documents"])' in picture


def test_list_names_the_six_pipelines(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["pipeline", "list"]) == 0
    shown = capsys.readouterr().out
    assert all(name in shown for name in ("indexing", "search", "assistant", "questions", "evaluation", "scoring"))


def test_list_as_json_holds_every_pipeline(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["pipeline", "list", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)["pipelines"]
    assert listed.keys() == PIPELINES.keys()
    assert all("components:" in text for text in listed.values())


def test_the_configuration_shapes_what_is_shown(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    ranker = "retriever.components=[{type: haystack.components.rankers.LostInTheMiddleRanker}]"
    assert run(["pipeline", "show", "search", "--set", "retriever.mode=vector", "--set", ranker]) == 0
    shown = capsys.readouterr().out
    assert "LostInTheMiddleRanker" in shown
    assert "KeywordRetriever" not in shown


def test_showing_loads_no_model_and_no_server() -> None:
    program = (
        "import sys; from flows.cli import run; run(['pipeline', 'show', 'assistant']);"
        "print(sorted({'prefect', 'mlflow', 'lancedb', 'guardrails', 'onnxruntime', 'spacy'} & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
