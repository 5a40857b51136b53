"""Secrets of blocks reach no file below the home, and nothing that is printed."""

import base64
import json
import os
import secrets
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from prefect.settings import PREFECT_API_URL, PREFECT_SERVER_DATABASE_CONNECTION_URL
from pydantic import ValidationError

from blocks.base import PlatformBlock
from blocks.collection import BLOCKS
from blocks.tracking import MLflowTracking
from tasks_lib.home import Home
from tasks_lib.quiet import QUIET
from tests.stubs.bedrock_api import BedrockStub
from tests.stubs.leaks import leaks
from tests.stubs.openai_api import OpenAIStub
from tests.stubs.planted_run import REFUSED
from tests.stubs.server import Request, Responder

ROOT = Path(__file__).resolve().parents[2]


def test_leaks_are_found_in_whatever_form(tmp_path: Path) -> None:
    secret = "a-planted-secret-of-length"
    encoded = base64.b64encode(b"user:" + secret.encode()).decode()
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "file.bin").write_bytes(b"\0\xff" + secret.encode())
    (tmp_path / "clean.txt").write_text("nothing")
    assert leaks(tmp_path, [secret, "another-secret"], [f"Basic {encoded}", "nothing"]) == [
        "printed text 0: secret 0",
        "deep/file.bin: secret 0",
    ]


class MoodyBedrock(BedrockStub):
    """Refuses one question, repeating the session token."""

    echo_key = True

    def answer(self, request: Request, word: str, out: Responder) -> None:
        super().answer(request, "expired" if REFUSED in json.dumps(request.body) else word, out)


@pytest.mark.deployed
@pytest.mark.flow
@pytest.mark.timeout(600)
def test_ten_planted_secrets_are_found_nowhere_after_the_loop_and_its_failures(
    prefect_harness: None, tracked_home: Callable[[Path], Home], tmp_path: Path
) -> None:
    planted = [f"planted/{number}+{secrets.token_urlsafe(18)}" for number in range(10)]
    home, folder = tracked_home(tmp_path / "home").root, tmp_path / "documents"
    folder.mkdir()
    with (
        MoodyBedrock() as bedrock,
        OpenAIStub() as openai,
        OpenAIStub(*["wrong-key"] * 50) as denied,
        OpenAIStub("", *["wrong-key"] * 50) as later,
    ):
        addresses = {"bedrock": bedrock.url, "openai": openai.url, "denied": denied.url, "later": later.url}
        done = subprocess.run(
            [sys.executable, "-P", str(ROOT / "tests" / "stubs" / "planted_run.py")],
            input=json.dumps({"secrets": planted, "folder": str(folder), **addresses}),
            capture_output=True,
            text=True,
            cwd=ROOT,
            timeout=580,
            check=False,
            env={
                **{name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "MLFLOW_"))},
                **QUIET,
                "LLMOPS_HOME": str(home),
                "PREFECT_HOME": str(home / "prefect"),
                "PREFECT_API_URL": PREFECT_API_URL.value() or "",
                "PREFECT_LOGGING_LEVEL": "DEBUG",
                "PREFECT_RESULTS_PERSIST_BY_DEFAULT": "true",
                "MLFLOW_LOGGING_LEVEL": "DEBUG",
                "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0",
                "AWS_MAX_ATTEMPTS": "1",
            },
        )
    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads(done.stdout.splitlines()[-1])
    deployed, answer = found["deploy"], found["ask"]
    assert (deployed["decision"], deployed["production_version"]) == ("promote", 1), deployed["reasons"]
    assert "27 days" in answer["response"]
    assert answer["sources"][0]["document"] == "leave.md"
    assert answer["usage"]["input_tokens"] > 0
    assert found["error"].endswith("***")
    assert "the version raised" in found["refused"][0]
    assert "***" in found["refused"][0]
    assert found["monitor"]["traces"] == 3
    assert {request.headers.get("X-Amz-Security-Token") for request in bedrock.requests} == {planted[1]}
    for stub in (openai, denied, later):
        assert {request.headers.get("Authorization") for request in stub.requests} == {f"Bearer {planted[3]}"}
    assert "***" in done.stderr + done.stdout
    assert leaks(home, planted, [done.stdout, done.stderr]) == []
    database = Path((PREFECT_SERVER_DATABASE_CONNECTION_URL.value() or "").partition(":///")[2])
    assert b"llmops-bedrock-models" in database.read_bytes()
    assert leaks(database.parent, planted, []) == []


def test_an_address_with_a_password_is_refused_without_repeating_it() -> None:
    with pytest.raises(ValidationError) as failed:
        MLflowTracking(uri="http://user:very-secret@mlflow:5000")
    assert "very-secret" not in str(failed.value)
    assert "fields for secrets" in str(failed.value)


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.__name__)
def test_fields_that_sound_secret_are_secret(block: type[PlatformBlock]) -> None:
    secret = {path.partition(".")[0] for path in block.model_json_schema()["secret_fields"]}
    sensitive = {"api_key", "token", "password", "headers", "storage_options"} & set(block.model_fields)
    assert sensitive <= secret
