"""Each provider on a stub of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from blocks import tracking
from tests.stubs.bedrock_api import BedrockStub
from tests.stubs.openai_api import OpenAIStub
from tests.stubs.services import SERVICES, Service


@pytest.fixture(params=SERVICES)
def service(request: pytest.FixtureRequest) -> Iterator[Service]:
    """Each provider in turn."""
    found = SERVICES[request.param]()
    with found.stub:
        yield found


@pytest.fixture
def bedrock() -> Iterator[BedrockStub]:
    with BedrockStub() as stub:
        yield stub


@pytest.fixture
def openai() -> Iterator[OpenAIStub]:
    with OpenAIStub() as stub:
        yield stub


@pytest.fixture(scope="module")
def aws() -> Iterator[str]:
    """Address of a server that speaks for S3, STS and Secrets Manager."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(autouse=True)
def _no_credentials_around(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Whatever this machine is signed in to must not matter."""
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "OLLAMA_HOST", "WEAVIATE_URL", "MLFLOW_TRACKING_URI"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name, raising=False)
    for name in (tracking.TOKEN, tracking.USERNAME, tracking.PASSWORD):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "aws-config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "aws-credentials"))
    yield
    tracking.restore_variables()
