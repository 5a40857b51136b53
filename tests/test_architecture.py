"""The arrows between the rooms, the wall around what a version carries, and where the six pipelines are."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from tasks_lib.registry.carried import carried_files

ROOT = Path(__file__).resolve().parents[1]
ROOMS: dict[str, set[str]] = {
    "tasks_lib": set(),
    "blocks": {"tasks_lib"},
    "serving": {"blocks", "tasks_lib"},
    "flows": {"blocks", "tasks_lib"},
}
"""Room → the other rooms that it may import."""
INSIDE: dict[str, set[str]] = {
    "ground": set(),
    "assistant": {"ground"},
    "registry": {"assistant", "ground"},
    "ingestion": {"registry", "assistant", "ground"},
    "dataset": {"registry", "assistant", "ground"},
    "gate": {"dataset", "registry", "assistant", "ground"},
    "monitoring": {"gate", "dataset", "registry", "assistant", "ground"},
    "documents_gate": {"gate", "dataset", "registry", "assistant", "ground"},
    "backup": {"forgetting", "ingestion", "dataset", "registry", "assistant", "ground"},
    "forgetting": {"ingestion", "dataset", "registry", "assistant", "ground"},
}
"""The same inside `tasks_lib`; what lies in none of the other folders is ground."""
ELSEWHERE = {"tests", "examples", "benchmarks", "docs"}
PIPELINES = {
    "tasks_lib/ingestion/pipeline.py": "indexing_pipeline",
    "tasks_lib/assistant/retrieval/pipeline.py": "search_pipeline",
    "tasks_lib/assistant/pipeline.py": "assistant_pipeline",
    "tasks_lib/dataset/pipeline.py": "questions_pipeline",
    "tasks_lib/gate/pipeline.py": "evaluation_pipeline",
    "tasks_lib/monitoring/pipeline.py": "scoring_pipeline",
}
"""File → its public function that builds a Haystack pipeline."""


@cache
def modules() -> dict[str, Path]:
    """Full name → file of every module of the rooms."""
    files = (path.relative_to(ROOT) for room in ROOMS for path in sorted((ROOT / room).rglob("*.py")))
    return {".".join(file.with_suffix("").parts).removesuffix(".__init__"): file for file in files}


@cache
def tree(file: Path) -> ast.Module:
    return ast.parse((ROOT / file).read_text(encoding="utf-8"))


def imported_names(file: Path) -> Iterator[str]:
    """Full names that a file imports anywhere: at its top, inside functions, under `TYPE_CHECKING`."""
    for node in ast.walk(tree(file)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: relative imports hide the arrows"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@cache
def graph() -> dict[str, set[str]]:
    """Module → the modules of ours that it imports; a name that is no module belongs to the module around it."""
    known = modules()

    def module_of(name: str) -> str:
        return name if name in known else name.rpartition(".")[0]

    return {
        module: {module_of(name) for name in imported_names(file)} & (known.keys() - {module})
        for module, file in known.items()
    }


def inner_room(module: str) -> str:
    """The room inside `tasks_lib` that a module lies in."""
    folder = module.split(".")[1] if "." in module else ""
    return folder if folder in INSIDE else "ground"


def imports_of(module: str) -> Iterator[str]:
    return (other for other in sorted(graph()[module]) if other.startswith("tasks_lib"))


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_only_rooms_below_it(room: str) -> None:
    files = [file for file in modules().values() if file.parts[0] == room]
    assert files
    forbidden = (ROOMS.keys() | ELSEWHERE) - ROOMS[room] - {room}
    wrong = {str(file): {name.partition(".")[0] for name in imported_names(file)} & forbidden for file in files}
    assert {file: rooms for file, rooms in wrong.items() if rooms} == {}


@pytest.mark.parametrize("room", INSIDE)
def test_a_room_of_tasks_lib_imports_only_those_below_it(room: str) -> None:
    inside = [module for module in modules() if module.startswith("tasks_lib") and inner_room(module) == room]
    assert inside
    arrows = [(module, other) for module in inside for other in imports_of(module)]
    assert [arrow for arrow in arrows if inner_room(arrow[1]) not in INSIDE[room] | {room}] == []


def folder_of(module: str) -> str:
    """The folder that a module lies in, below `tasks_lib` and its `assistant`; files of these stand for themselves."""
    parts = module.split(".")
    return ".".join(parts[: 3 if parts[:2] == ["tasks_lib", "assistant"] else 2])


def circle_in(arrows: dict[str, set[str]]) -> str:
    try:
        TopologicalSorter(arrows).prepare()
    except CycleError as error:
        return " imports ".join(reversed(error.args[1]))
    return ""


def test_no_modules_import_each_other_in_a_circle() -> None:
    assert circle_in(graph()) == ""


def test_no_folders_of_tasks_lib_import_each_other_in_a_circle() -> None:
    arrows: dict[str, set[str]] = {}
    for module in modules():
        if module.startswith("tasks_lib."):
            arrows.setdefault(folder_of(module), set()).update(map(folder_of, imports_of(module)))
    assert circle_in({folder: others - {folder} for folder, others in arrows.items()}) == ""


def test_no_import_hides_in_a_text() -> None:
    """An import that Python is given as a text would be missing from the graph."""
    hidden = [
        f"{file}:{node.lineno}"
        for file in modules().values()
        for node in ast.walk(tree(file))
        if isinstance(node, ast.Call) and ast.unparse(node.func) in {"importlib.import_module", "__import__"}
        for argument in node.args[:1]
        if isinstance(argument, ast.Constant) and str(argument.value).partition(".")[0] in ROOMS
    ]
    assert hidden == []


def carried_modules() -> set[str]:
    carried = carried_files([ROOT / "tasks_lib", ROOT / "blocks"])
    return {module for module, file in modules().items() if file.as_posix() in carried}


def test_what_a_version_carries_imports_only_what_it_carries() -> None:
    carried = carried_modules()
    wrong = {module: graph()[module] - carried for module in carried}
    assert {module: others for module, others in wrong.items() if others} == {}


def test_a_version_carries_the_assistant_the_ground_and_the_blocks() -> None:
    rooms = {module: inner_room(module) if module.startswith("tasks_lib") else module[:6] for module in modules()}
    wanted = {module for module, room in rooms.items() if room in {"assistant", "ground", "blocks"}}
    assert wanted - carried_modules() == {"tasks_lib.untraversed"}, "only tasks of Prefect hand big values on"
    assert carried_modules() <= wanted


def test_version_worker_imports_none_of_our_rooms() -> None:
    assert graph()["tasks_lib.registry.version_worker"] == set()


def pipeline_builders(file: Path) -> list[str]:
    """Public functions of a file that return a pipeline."""
    functions = [node for node in tree(file).body if isinstance(node, ast.FunctionDef) and node.returns]
    builders = [node.name for node in functions if ast.unparse(node.returns or node).strip("'") == "Pipeline"]
    return [name for name in builders if not name.startswith("_")]


@pytest.mark.parametrize("file", PIPELINES)
def test_each_pipeline_is_built_by_one_public_function_of_its_room(file: str) -> None:
    assert (ROOT / file).is_file()
    assert pipeline_builders(Path(file)) == [PIPELINES[file]]


def called_names(file: Path) -> set[str]:
    return {ast.unparse(node.func).rpartition(".")[2] for node in ast.walk(tree(file)) if isinstance(node, ast.Call)}


def test_pipelines_are_built_nowhere_else() -> None:
    """A file that makes a pipeline and connects its components builds one."""
    builders = {file.as_posix() for file in modules().values() if {"Pipeline", "connect"} <= called_names(file)}
    assert builders - PIPELINES.keys() == set()


@pytest.mark.parametrize("page", ["docs/pages/concepts/architecture.md", "CONTRIBUTING.md"])
def test_the_pages_name_the_same_arrows(page: str) -> None:
    rows = re.findall(r"^\| `(\w+)` \|[^|]*\| ([^|]*) \|$", (ROOT / page).read_text(encoding="utf-8"), re.MULTILINE)
    assert {room: set(re.findall(r"`(\w+)`", others)) for room, others in rows} == ROOMS | INSIDE
