"""The reserved platform `local`."""

import pickle
import subprocess
import sys

import pytest

from blocks.local import LocalPlatform, sample_handbook
from tasks_lib.assistant.contract.platform import Platform
from tasks_lib.config.rag import LlmConfig, RagConfig
from tasks_lib.errors import ConfigurationError
from tasks_lib.ingestion.sources.open import open_source


def test_local_is_a_platform_that_survives_a_process_boundary(platform: LocalPlatform) -> None:
    assert isinstance(platform, Platform)
    assert pickle.loads(pickle.dumps(platform)) == platform


def test_tracking_is_one_sqlite_file_with_its_artifacts_below_the_home(platform: LocalPlatform) -> None:
    from mlflow import MlflowClient

    uri = platform.tracking_uri()
    assert uri == platform.tracking_uri() == f"sqlite:///{platform.home.mlflow_database}"
    experiment = MlflowClient(uri).get_experiment_by_name("rag-assistant")
    assert experiment is not None
    assert experiment.artifact_location.startswith(platform.home.root.as_uri())


def test_models_that_need_a_server_are_refused_by_name(platform: LocalPlatform) -> None:
    assert platform.chat_generator(LlmConfig()) is None
    with pytest.raises(ConfigurationError, match="bedrock/nova"):
        platform.chat_generator(LlmConfig(model="bedrock/nova"))
    with pytest.raises(ConfigurationError, match="bedrock/titan"):
        platform.embedder("bedrock/titan")


def test_index_before_any_ingest_is_empty(platform: LocalPlatform) -> None:
    index = platform.index(RagConfig())
    assert (index.exists(), index.version(), platform.indexes()) == (False, None, [])


def test_default_source_is_the_sample_handbook(platform: LocalPlatform) -> None:
    handbook = sample_handbook()
    files = {file.path for file in open_source(platform.documents(None)).files()}
    assert files == {str(file.relative_to(handbook)) for file in handbook.rglob("*") if file.is_file()}


def test_resolving_local_never_imports_prefect() -> None:
    program = (
        "import sys; from blocks.resolve import resolve_platform; resolve_platform(); print('prefect' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
