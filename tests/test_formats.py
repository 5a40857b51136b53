"""A folder with one real file of each format is ingested, and a question is answered from each of them."""

from importlib.util import find_spec
from pathlib import Path, PurePosixPath

import pytest

from blocks.local import LocalPlatform
from flows.ingest import IngestResult, synchronise
from tasks_lib.assistant.answering.assistant import Assistant
from tasks_lib.assistant.contract.answer import Message
from tasks_lib.assistant.pipeline import build_assistant
from tasks_lib.config.settings import IngestConfig, Settings
from tasks_lib.home import Home
from tasks_lib.ingestion.converters.convert import FORMATS
from tests.stubs.one_of_each import samples

NEEDED = {".doc": "olefile", ".ppt": "olefile", ".msg": "olefile", ".xls": "xlrd"}
FILES = samples()
pytestmark = pytest.mark.slow


def is_readable(name: str) -> bool:
    package = NEEDED.get(PurePosixPath(name).suffix)
    return package is None or find_spec(package) is not None


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


def test_each_is_ingested_or_says_which_package_it_needs(ingested: IngestResult) -> None:
    reasons = {failure.path: failure.reason for failure in ingested.failed}
    assert reasons.keys() == {name for name in FILES if not is_readable(name)}
    assert all(f"pip install {NEEDED[PurePosixPath(path).suffix]}" in reason for path, reason in reasons.items())
    assert ingested.added == len(FILES) - len(reasons)
    assert ingested.skipped == []


@pytest.mark.parametrize("name", FILES)
def test_a_question_is_answered_from_it(name: str, assistant: Assistant) -> None:
    if not is_readable(name):
        pytest.skip(f"{NEEDED[PurePosixPath(name).suffix]} is not installed")
    sample = FILES[name]
    answer = assistant.answer([Message(role="user", content=sample.question)])
    assert not answer.refused
    assert sample.answer in answer.response
    assert answer.source_documents[0].document == name
