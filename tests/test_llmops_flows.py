"""Where the command, and Prefect, find our packages when a user's folder holds modules of the same names."""

import os
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from importlib.machinery import PathFinder
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import llmops_flows
from llmops_flows import FLOWS, PACKAGES, ROOT, with_ours_first
from tests.stubs.namesakes import write_namesakes

PROJECT: dict[str, Any] = tomllib.loads((Path(ROOT) / "pyproject.toml").read_text())
FORMS = ("module", "package", "folder without code")


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`name/form`: a folder to search that holds this name in this form; and one that holds nothing of ours."""
    shelf = tmp_path_factory.mktemp("shelf")
    for name in (*PACKAGES, "mine"):
        for form in FORMS:
            file = shelf / name / form / (f"{name}.py" if form == "module" else f"{name}/__init__.py")
            file.parent.mkdir(parents=True)
            if form != "folder without code":
                file.touch()
    return shelf


def ours(search_path: Sequence[str]) -> dict[str, bool]:
    found = {name: PathFinder.find_spec(name, list(search_path)) for name in PACKAGES}
    return {name: bool(spec and spec.origin and spec.origin.startswith(ROOT)) for name, spec in found.items()}


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    before=st.lists(st.tuples(st.sampled_from((*PACKAGES, "mine")), st.sampled_from(FORMS)), max_size=4),
    after=st.lists(st.tuples(st.sampled_from(PACKAGES), st.sampled_from(FORMS)), max_size=2),
    found_at_all=st.booleans(),
)
def test_ours_are_found_and_the_rest_keeps_its_order(
    shelf: Path, before: list[tuple[str, str]], after: list[tuple[str, str]], *, found_at_all: bool
) -> None:
    def entries(parts: list[tuple[str, str]]) -> list[str]:
        return [str(shelf / name / form) for name, form in parts]

    given_path = entries(before) + ([ROOT] if found_at_all else []) + entries(after)
    search_path = with_ours_first(given_path)
    hides = any(name in PACKAGES and form != "folder without code" for name, form in before)
    assert [entry for entry in search_path if entry != ROOT] == [entry for entry in given_path if entry != ROOT]
    assert with_ours_first(search_path) == search_path
    if found_at_all:
        assert all(ours(search_path).values())
        assert (search_path == given_path) is not hides


def test_the_working_directory_counts_as_an_entry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert with_ours_first(["", ROOT]) == ["", ROOT]
    write_namesakes(tmp_path)
    assert with_ours_first(["", ROOT]) == [ROOT, "", ROOT]


def test_every_package_of_the_wheel_is_protected() -> None:
    packages = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    assert sorted(name for name in packages if not name.endswith(".py")) == sorted(PACKAGES)


def console_script(folder: Path) -> list[str]:
    """As pip and uv write it."""
    module, function = PROJECT["project"]["scripts"]["llmops"].split(":")
    script = folder / "bin" / "llmops"
    script.parent.mkdir()
    script.write_text(f"import sys\nfrom {module} import {function}\nsys.exit({function}())\n")
    return [sys.executable, str(script)]


PART = """
from haystack import Document, component

@component
class Stairs:
    @component.output_types(documents=list[Document])
    def run(self, query: str, documents: list[Document]):
        return {"documents": documents}
"""


@pytest.mark.parametrize(
    ("started", "search_path"), [("console script", "USER"), ("console script", ""), ("module", ".")]
)
def test_the_command_runs_in_a_folder_of_namesakes_and_takes_a_component_from_it(
    tmp_path: Path, started: str, search_path: str
) -> None:
    user = tmp_path / "user"
    user.mkdir()
    write_namesakes(user)
    (user / "house_parts.py").write_text(PART)
    command = console_script(tmp_path) if started == "console script" else [sys.executable, "-m", "llmops_flows"]
    path = os.pathsep.join([search_path.replace("USER", str(user)), ROOT])
    arguments = ["pipeline", "show", "search", "--set", "retriever.components=[{type: house_parts.Stairs}]"]
    arguments += ["--set", "pipelines.allowed_modules=[house_parts]"]
    environment = {**os.environ, "PYTHONPATH": path, "LLMOPS_HOME": str(tmp_path / "home")}
    done = subprocess.run(
        [*command, *arguments], cwd=user, env=environment, capture_output=True, text=True, check=False
    )
    assert (done.returncode, "house_parts.Stairs" in done.stdout) == (0, True), done.stderr


def test_prefect_finds_the_flows_by_their_entry_points(tmp_path: Path) -> None:
    write_namesakes(tmp_path)
    program = f"from prefect.flows import load_flow_from_entrypoint as load\nfor name in {sorted(FLOWS)}:\n"
    program += "    print(load(f'llmops_flows.{name}').fn.__module__)"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), ROOT])}
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.stdout.split() == [f"flows.{name}" for name in sorted(FLOWS)], done.stderr


def test_prefect_finds_the_block_types_as_a_collection() -> None:
    (point,) = PROJECT["project"]["entry-points"]["prefect.collections"].values()
    module, _, name = point.partition(":")
    assert module == "llmops_flows"
    assert getattr(llmops_flows, name).__name__ == "blocks.collection"


def test_the_module_has_nothing_else_by_name() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'deploi'"):
        _ = llmops_flows.deploi
