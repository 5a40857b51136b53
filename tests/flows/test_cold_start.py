"""What `ask` imports before it has answered: a count of modules, as seconds depend on the machine."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from blocks.local import LocalPlatform
from tasks_lib.registry import version_worker
from tasks_lib.registry.embedded import read_live
from tests.stubs.command import ROOT
from tests.stubs.gated import LEAVE, MODEL, Gated

pytestmark = pytest.mark.slow

COMMAND = """
import json, sys
from flows import cli
from flows.command import ask

show = ask.print_result

def shown(*arguments, **named):
    show(*arguments, **named)
    sys.stdout.write(json.dumps(sorted(sys.modules)) + "\\n")
    sys.stdout.flush()

ask.print_result = shown
code = cli.run(sys.argv[1:])
sys.stdout.write(json.dumps(sorted(sys.modules)) + "\\n")
sys.exit(code)
"""
COMMAND_MODULES, VERSION_MODULES = 750, 2800
"""As many were counted, and a tenth."""
NEVER = {"evidently", "guardrails", "litellm", "plotly", "prefect", "starlette", "thinc"}
"""Starlette comes with FastAPI, thinc with spaCy: the names of these two are there, and nothing of them is imported."""
OF_VERSION = {"haystack", "lancedb", "mlflow", "numpy", "onnxruntime", "pandas", "presidio_analyzer", "sqlalchemy"}


@pytest.fixture(scope="module")
def environment(in_production: Gated) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "MLFLOW_"))}
    return kept | {"LLMOPS_HOME": str(in_production.platform.home.root), "PYTHONPATH": str(ROOT)}


@pytest.fixture(scope="module")
def asked(environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """What the command printed, the modules that it had imported by then, and those at its end."""
    done = subprocess.run(
        [sys.executable, "-c", COMMAND, "ask", LEAVE, "--json"],
        capture_output=True,
        text=True,
        env=environment,
        cwd=tmp_path_factory.mktemp("working"),
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_the_command_answers_without_the_packages_that_its_version_needs(asked: list[str]) -> None:
    answer, modules = json.loads(asked[0]), json.loads(asked[1])
    assert "27" in answer["response"]
    assert not (NEVER | OF_VERSION | {"fastapi", "spacy"}) & set(modules)
    assert len(modules) < COMMAND_MODULES


def test_the_trace_is_stored_when_the_command_ends(asked: list[str], in_production: Gated) -> None:
    from tasks_lib.registry.tracking import connect

    trace = connect(in_production.platform, MODEL).get_trace(json.loads(asked[0])["trace_id"])
    assert trace.info.tags["llmops.source"] == "production"
    assert trace.info.trace_metadata["mlflow.traceInputs"]
    assert len(trace.data.spans) > 5
    assert not OF_VERSION & set(json.loads(asked[2])), "waiting for it imports nothing"


@pytest.fixture(scope="module")
def loaded(in_production: Gated, environment: dict[str, str]) -> set[str]:
    """Modules that the process of a version has imported when it is ready."""
    platform: LocalPlatform = in_production.platform
    live = read_live(platform.tracking_uri(), MODEL, "production")
    assert live is not None
    command = [sys.executable, "-X", "importtime", "-P", version_worker.__file__, "--model-uri", live.uri]
    command += ["--tracking-uri", platform.tracking_uri(), "--experiment", str(live.experiment_id)]
    command += ["--folder", str(live.folder)]
    errors = in_production.platform.home.root / "importtime.txt"
    with (
        errors.open("w") as to,
        subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=to, text=True, env=environment
        ) as process,
    ):
        assert process.stdout is not None
        ready = json.loads(process.stdout.readline())
        process.kill()
    assert ready["ready"], ready
    lines = Path(errors).read_text().splitlines()
    return {line.rpartition("|")[2].strip() for line in lines if line.startswith("import time:")}


def test_a_version_is_ready_without_what_it_does_not_use(loaded: set[str]) -> None:
    roots = {name.partition(".")[0] for name in loaded}
    assert roots >= {"haystack", "lancedb", "mlflow", "presidio_analyzer"}
    assert not NEVER & roots
    assert "lance_namespace_urllib3_client.api_client" not in loaded
    assert len(loaded) < VERSION_MODULES


def test_a_version_is_ready_before_mlflow_opens_its_store(loaded: set[str]) -> None:
    assert not {"alembic", "sqlalchemy.orm", "mlflow.store.tracking.sqlalchemy_store"} & loaded
