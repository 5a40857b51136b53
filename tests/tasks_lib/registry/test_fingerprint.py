"""What makes two candidates the same."""

from pathlib import Path

import pytest

from tasks_lib.config.rag import RagConfig, RetrieverConfig
from tasks_lib.registry.fingerprint import fingerprint, git_revision, prompt_version
from tasks_lib.registry.register import pinned_requirements
from tests.tasks_lib.registry import fakes


def test_configuration_and_code_make_the_fingerprint_and_their_place_does_not(tmp_path: Path) -> None:
    here, moved, changed = (
        fakes.write_room(tmp_path / name, who) for name, who in (("a", "x"), ("b", "x"), ("c", "y"))
    )
    rag = RagConfig()
    assert fingerprint(rag, [here]) == fingerprint(rag, [moved])
    assert fingerprint(rag, [here]) != fingerprint(rag, [changed])
    assert fingerprint(rag, [here]) != fingerprint(RagConfig(retriever=RetrieverConfig(top_k=1)), [here])


@pytest.mark.parametrize(
    "prompt",
    [{"template": "{{ documents }} {{ question }}"}, {"name": "qa", "version": 1}, {"name": "qa", "version": 2}],
)
def test_another_prompt_or_version_of_it_is_another_candidate(tmp_path: Path, prompt: dict[str, object]) -> None:
    room = fakes.write_room(tmp_path, "x")
    other = {"template": "{{ question }} {{ documents }}"}
    first, second = (RagConfig.model_validate({"prompt": given}) for given in (prompt, other))
    assert len({fingerprint(rag, [room]) for rag in (RagConfig(), first, second)}) == 3


def test_outside_a_checkout_there_is_no_revision(tmp_path: Path) -> None:
    assert git_revision(tmp_path) == ""


def test_the_prompt_is_named_by_where_it_comes_from() -> None:
    assert prompt_version(RagConfig()) == "built-in"
    assert prompt_version(RagConfig.model_validate({"prompt": {"name": "qa", "version": 3}})) == "qa/3"


def test_requirements_are_pinned_to_what_is_installed() -> None:
    pinned = pinned_requirements()
    assert any(line.startswith("mlflow==3.") for line in pinned)
    assert all("==" in line for line in pinned)
