"""A real endpoint whose API keys are in a block of a real Prefect server."""

import json
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from prefect.settings import PREFECT_API_URL

from blocks.api_keys import ApiKeys
from blocks.key_stores import key_store
from blocks.llmops_platform import LLMOpsPlatform
from blocks.local import LocalPlatform
from tasks_lib.home import Home
from tasks_lib.registry.tracking import connect
from tests.serving.conftest import question, register, served

pytestmark = [pytest.mark.slow, pytest.mark.flow, pytest.mark.usefixtures("prefect_harness")]
TAKEN_UP_SECONDS = 60


def status_of(address: str, key: str) -> int:
    headers = {"Authorization": f"Bearer {key}"}
    return httpx.post(f"{address}/predict", json=question(), headers=headers, timeout=60).status_code


def becomes(address: str, key: str, status: int) -> bool:
    deadline = time.monotonic() + TAKEN_UP_SECONDS
    while status_of(address, key) != status:
        if time.monotonic() > deadline:
            return False
        time.sleep(0.5)
    return True


def test_an_endpoint_takes_up_keys_of_a_block_without_a_restart(
    tracked_home: Callable[[Path], Home], tmp_path: Path
) -> None:
    platform = LocalPlatform(tracked_home(tmp_path / "home"))
    version = str(register(platform, tmp_path, "first"))
    connect(platform, "rag-assistant").set_registered_model_alias("rag-assistant", "production", version)
    ApiKeys().save("elsewhere", overwrite=True)
    LLMOpsPlatform(keys="llmops-api-keys/elsewhere").save("elsewhere", overwrite=True)
    store = key_store("elsewhere")
    first, _ = store.create("alice", by="ann")
    with served(
        platform, tmp_path, "--platform", "elsewhere", PREFECT_API_URL=str(PREFECT_API_URL.value())
    ) as endpoint:
        address = endpoint.address
        assert status_of(address, first) == 200
        assert httpx.get(f"{address}/health").json()["keys"]["state"] == "read"
        second, _ = store.rotate("alice", by="ann", grace=timedelta())
        assert becomes(address, second, 200)
        assert status_of(address, first) == 401
        store.revoke("alice", by="ann")
        assert becomes(address, second, 401)
        assert not platform.home.api_keys.exists()
        lines = endpoint.log.read_text().splitlines()
    assert all(isinstance(json.loads(line), dict) for line in lines), lines
