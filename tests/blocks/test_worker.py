"""Blocks in a flow run that a real worker executes, in a process of its own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from prefect import flow
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import WorkPoolCreate
from prefect.deployments import run_deployment
from prefect.settings import PREFECT_API_URL
from prefect_aws import AwsCredentials

from blocks.bedrock import BedrockModels
from blocks.llmops_platform import LLMOpsPlatform
from blocks.ollama import OllamaModels
from blocks.openai import OpenAICompatibleModels
from tasks_lib.home import Home
from tests.stubs.bedrock_api import BedrockStub
from tests.stubs.ollama_api import OllamaStub
from tests.stubs.openai_api import OpenAIStub

ROOT = Path(__file__).resolve().parents[2]
POOL = "blocks-in-a-worker"


@pytest.mark.deployed
@pytest.mark.flow
def test_a_worker_asks_each_provider_by_the_names_of_blocks_only(
    prefect_harness: None, home: Home, bedrock: BedrockStub, openai: OpenAIStub
) -> None:
    credentials = AwsCredentials(aws_access_key_id="AKIA", aws_secret_access_key="x" * 20, region_name="eu-central-1")
    with OllamaStub() as ollama, get_client(sync_client=True) as client:
        BedrockModels(credentials=credentials, endpoint_url=bedrock.url).save("worked")
        OpenAICompatibleModels(base_url=openai.url, api_key="key").save("worked")
        OllamaModels(url=ollama.url).save("worked")
        kinds = ("bedrock-models", "openai-compatible-models", "ollama-models")
        LLMOpsPlatform(providers=[f"llmops-{kind}/worked" for kind in kinds]).save("worked")
        client.create_work_pool(WorkPoolCreate(name=POOL, type="process"))
        source = flow.from_source(source=str(ROOT), entrypoint="tests/stubs/platform_flow.py:ask_platform")
        source.deploy(name="worked", work_pool_name=POOL, print_next_steps=False, ignore_warnings=True)
        models = ["bedrock/claude-stub", "openai/stub-chat", "ollama/stub-chat"]
        run = run_deployment("ask-platform/worked", parameters={"platform": "worked", "models": models}, timeout=0)
        done = subprocess.run(
            [
                sys.executable,
                "-m",
                "prefect",
                "worker",
                "start",
                "--pool",
                POOL,
                "--run-once",
                "--no-create-pool-if-not-found",
            ],
            env={**os.environ, "PREFECT_API_URL": PREFECT_API_URL.value() or "", "PREFECT_HOME": str(home.prefect)},
            capture_output=True,
            text=True,
            timeout=200,
            stdin=subprocess.DEVNULL,
            check=False,
        )
        state = client.read_flow_run(run.id).state
    answers = ((state.message if state else None) or "").splitlines()
    assert [answer.split(" ")[:4] for answer in answers] == [["Leave", "is", "27", "days."]] * 3, done.stderr
