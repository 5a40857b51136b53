"""The endpoint on Lambda, as its adapter asks it."""

import hashlib
import importlib.util
from collections.abc import Callable
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from blocks.local import LocalPlatform
from tasks_lib.home import Home
from tasks_lib.registry.tracking import connect
from tests.serving.conftest import question, register

APP = Path(__file__).parents[2] / "infra" / "lambda" / "app.py"


def key(name: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {name}"}


@pytest.mark.slow
def test_a_function_serves_several_assistants_of_which_one_may_be_missing(
    tracked_home: Callable[[Path], Home], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    platform = LocalPlatform(tracked_home(tmp_path / "home"))
    for name in ("docs", "hr"):
        version = register(platform, tmp_path, name, name)
        connect(platform, "rag-assistant").set_registered_model_alias(name, "production", str(version))
    digests = {name: hashlib.sha256(name.encode()).hexdigest() for name in ("all", "clerk")}
    for variable, value in {
        "LLMOPS_HOME": str(platform.home.root),
        "LLMOPS_PLATFORM": "local",
        "LLMOPS_MODEL": "docs, hr, later",
        "LLMOPS_API_KEYS": f"all={digests['all']} clerk={digests['clerk']}:hr",
    }.items():
        monkeypatch.setenv(variable, value)
    spec = importlib.util.spec_from_file_location("lambda_app", APP)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    with TestClient(module.app) as client:

        def ask(who: str, assistant: str | None = None) -> tuple[int, str]:
            body = {**question(), **({"assistant": assistant} if assistant else {})}
            said = client.post("/predict", json=body, headers=key(who))
            return said.status_code, said.json().get("response") or said.json()["detail"]

        assert ask("all", "docs") == (200, "docs says: 27 days. Ask again.")
        assert ask("clerk") == (200, "hr says: 27 days. Ask again.")
        assert ask("clerk", "docs") == (404, "The assistant 'docs' does not exist; there is 'hr'.")
        assert ask("all")[0] == 400
        assert ask("all", "later") == (503, "no version of 'later' is ready")
