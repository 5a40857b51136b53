"""A folder with one real file of each format is ingested, and a question is answered from each of them."""

from pathlib import Path, PurePosixPath

import pytest

from blocks.local import LocalPlatform
from flows.ingest import IngestResult, synchronise
from tasks_lib.assistant.answering.assistant import Assistant
from tasks_lib.assistant.contract.answer import Message
from tasks_lib.assistant.pipeline import build_assistant
from tasks_lib.config.ingest import IngestConfig
from tasks_lib.config.settings import Settings
from tasks_lib.home import Home
from tasks_lib.ingestion.converters.convert import FORMATS
from tests.stubs.one_of_each import samples

FILES = samples()
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("formats")
    for name, sample in FILES.items():
        (folder / name).write_bytes(sample.data)
    return folder


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> LocalPlatform:
    return LocalPlatform(Home(tmp_path_factory.mktemp("home")).ensure())


@pytest.fixture(scope="module")
def ingested(folder: Path, platform: LocalPlatform) -> IngestResult:
    return synchronise(platform, Settings(ingest=IngestConfig(source=str(folder))))


@pytest.fixture(scope="module")
def assistant(ingested: IngestResult, platform: LocalPlatform) -> Assistant:
    return build_assistant(Settings().rag, platform)


def test_there_is_a_file_of_each_format() -> None:
    suffixes = {PurePosixPath(name).suffix for name in FILES}
    assert {FORMATS[suffix] for suffix in suffixes} == set(FORMATS.values())
    assert {".odt", ".ods", ".odp", ".csv", ".tsv"} <= suffixes


def test_each_is_ingested(ingested: IngestResult) -> None:
    assert ingested.failed == []
    assert ingested.added == len(FILES)
    assert ingested.skipped == []


@pytest.mark.parametrize("name", FILES)
def test_a_question_is_answered_from_it(name: str, assistant: Assistant) -> None:
    sample = FILES[name]
    answer = assistant.answer([Message(role="user", content=sample.question)])
    assert not answer.refused
    assert sample.answer in answer.response
    assert answer.source_documents[0].document == name
