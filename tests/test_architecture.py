"""The arrows between the rooms: flows → blocks → tasks_lib, serving → blocks → tasks_lib, and never back."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
ALLOWED = {
    "tasks_lib": {"tasks_lib"},
    "blocks": {"blocks", "tasks_lib"},
    "serving": {"serving", "blocks", "tasks_lib"},
    "flows": {"flows", "blocks", "tasks_lib"},
}


def imported_rooms(path: Path) -> set[str]:
    """Top-level packages of ours that a file imports, anywhere in it."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative imports hide the arrows"
            names.add((node.module or "").partition(".")[0])
    return names & ({*ALLOWED, "tests", "examples", "benchmarks"})


@pytest.mark.parametrize("room", ALLOWED)
def test_room_imports_only_rooms_below_it(room: str) -> None:
    files = sorted((ROOT / room).rglob("*.py"))
    assert files
    wrong = {str(file.relative_to(ROOT)): imported_rooms(file) - ALLOWED[room] for file in files}
    assert {file: rooms for file, rooms in wrong.items() if rooms} == {}


def test_version_worker_imports_none_of_our_rooms() -> None:
    assert imported_rooms(ROOT / "tasks_lib" / "registry" / "version_worker.py") == set()


@pytest.mark.parametrize("page", ["docs/pages/concepts/architecture.md", "CONTRIBUTING.md"])
def test_the_pages_name_the_same_arrows(page: str) -> None:
    rows = re.findall(r"^\| `(\w+)` \|[^|]*\| ([^|]*) \|$", (ROOT / page).read_text(encoding="utf-8"), re.MULTILINE)
    said = {room: {room, *re.findall(r"`(\w+)`", others)} for room, others in rows}
    assert said == ALLOWED
