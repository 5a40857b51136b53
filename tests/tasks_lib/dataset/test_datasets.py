"""Versions of evaluation sets in a real MLflow."""

import json
import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

import pytest
from mlflow.exceptions import MlflowException
from sqlalchemy.exc import SQLAlchemyError

from blocks.local import LocalPlatform
from tasks_lib.dataset import datasets
from tasks_lib.dataset.examples import Example, Reference, example_of
from tasks_lib.errors import InputError, LlmopsError
from tasks_lib.registry.tracking import connect, run_of

SAVE = """
from blocks.local import LocalPlatform
from tasks_lib.dataset import datasets
from tasks_lib.dataset.examples import example_of
from tasks_lib.registry.tracking import connect

client = connect(LocalPlatform(), "rag-assistant")
print("ready", flush=True)
for number in range(3):
    example = example_of("off_topic", f"Question {number} of the other process?")
    saved = datasets.save(client, "raced", [example], index="i", index_version="1", origin="import")
    print(saved.version)
"""


@pytest.fixture
def client(tracked: LocalPlatform) -> Any:
    return connect(tracked, "rag-assistant")


def examples(*questions: str) -> list[Example]:
    reference = Reference(document="ä.md", start=0, end=3, content="a\nb", source="s")
    return [example_of("answerable", question, "b", [reference]) for question in questions]


def save(client: Any, name: str, rows: list[Example]) -> datasets.Dataset:
    return datasets.save(client, name, rows, index="handbook", index_version="7", origin="extractive", seed=5)


def test_a_version_is_read_back_as_it_was_saved(client: Any) -> None:
    rows = examples("What is ä?", "What is\u2028b\x85and\rc?")
    saved = save(client, "first", rows)

    assert saved == datasets.load(client, "first:1") == datasets.load(client, "first")
    assert saved.examples == tuple(rows)
    assert (saved.reference, saved.index, saved.index_version, saved.seed) == ("first:1", "handbook", "7", 5)
    assert saved.by_kind() == {"answerable": 2}


def test_the_same_examples_in_any_order_are_the_same_version(client: Any) -> None:
    rows = examples("What is ä?", "What is b?")
    first = save(client, "same", rows)

    assert save(client, "same", rows[::-1]) == first


def test_other_examples_are_the_next_version_and_the_old_one_stays(client: Any) -> None:
    first = save(client, "grown", examples("What is ä?"))
    second = save(client, "grown", examples("What is ä?", "What is b?"))

    assert (first.version, second.version) == (1, 2)
    assert datasets.load(client, "grown") == second
    assert datasets.load(client, "grown:1") == first
    assert datasets.load(client).reference == "grown:2"


def test_the_run_shows_the_data_and_where_it_came_from(client: Any) -> None:
    run = client.get_run(save(client, "shown", examples("What is ä?")).run_id)
    (logged,) = run.inputs.dataset_inputs

    assert (logged.dataset.name, logged.dataset.digest) == ("shown", run.data.tags["llmops.dataset_digest"])
    assert run.data.tags["llmops.index_version"] == "7"
    assert run.data.metrics["examples"] == 1


def test_a_run_that_was_killed_takes_no_version(client: Any) -> None:
    tags = {"llmops.dataset": "killed", "llmops.dataset_version": 1}
    with pytest.raises(RuntimeError), run_of(client, "dataset", tags):
        raise RuntimeError

    assert save(client, "killed", examples("What is ä?")).version == 1


@contextmanager
def files_of_at_most(number: int) -> Iterator[None]:
    """No file of this process grows beyond so many bytes: writes fail as on a full disk, sooner or later."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (number, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("number", [0, 512, 4_096, 40_000, 130_000])
def test_writes_that_fail_take_no_version_and_lose_none(client: Any, number: int) -> None:
    name = f"full-{number}"
    kept = save(client, name, examples("What is ä?"))
    more = examples(*(f"What is {at}? {'Tell me more of it. ' * 40}" for at in range(200)))
    with files_of_at_most(number), pytest.raises((OSError, MlflowException, SQLAlchemyError)):
        save(client, name, more)
    assert datasets.load(client, name) == kept
    assert save(client, name, more).version == 2
    assert datasets.load(client, f"{name}:1") == kept


@pytest.mark.parametrize("reference", ["absent", "absent:3", "present:99"])
def test_a_missing_dataset_is_named_with_what_there_is(client: Any, reference: str) -> None:
    save(client, "present", examples("What is ä?"))

    with pytest.raises(InputError, match=rf"no dataset '{reference}' \(known: .*present:1") as caught:
        datasets.load(client, reference)
    assert "llmops dataset" in caught.value.hint


@pytest.mark.parametrize("reference", ["", "Name", "a:b", "a:0", "a' OR '1", "a:1:2"])
def test_a_malformed_reference_is_refused(client: Any, reference: str) -> None:
    with pytest.raises(InputError, match="does not name a dataset"):
        datasets.load(client, reference)


def test_an_empty_set_is_refused(client: Any) -> None:
    with pytest.raises(InputError, match="no examples"):
        save(client, "empty", [])


def test_examples_that_were_changed_or_lost_are_noticed(client: Any) -> None:
    changed = save(client, "changed", examples("What is ä?"))
    artifact = Path(urlparse(client.get_run(changed.run_id).info.artifact_uri).path) / "examples.jsonl"
    row = json.loads(artifact.read_text(encoding="utf-8"))
    artifact.write_text(json.dumps({**row, "answer": "b!"}), encoding="utf-8")

    with pytest.raises(LlmopsError, match="not what was logged"):
        datasets.load(client, "changed")
    artifact.unlink()
    with pytest.raises(LlmopsError, match="cannot be read"):
        datasets.load(client, "changed")


def test_two_processes_never_take_the_same_version(client: Any, tracked: LocalPlatform) -> None:
    root = Path(__file__).resolve().parents[3]
    environment = {**os.environ, "LLMOPS_HOME": str(tracked.home.root), "PYTHONPATH": str(root)}
    command = [sys.executable, "-c", SAVE]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        ours = [save(client, "raced", examples(f"Question {number} of this process?")).version for number in range(3)]
        theirs = [int(line) for line in process.stdout]

    assert sorted(ours + theirs) == [1, 2, 3, 4, 5, 6]
