"""Imports that are put off, with packages that are written for each test."""

import json
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

from tests.stubs.command import ROOT

HEAVY = """
    print("heavy is imported")

    class Shape:
        corners = 4

    def double(number):
        return 2 * number
"""
USER = """
    from __future__ import annotations
    from typing import List, Optional

    import heavy
    from heavy import Shape, double
    from heavy.parts import bolt

    def area(shape: Optional[Shape], more: "List[bolt.Bolt]") -> int:
        return double(shape.corners)
"""


@pytest.fixture
def packages(tmp_path: Path) -> Path:
    """`heavy`, and `user`, which imports of it what it hardly uses."""
    for name, text in {
        "heavy/__init__.py": HEAVY,
        "heavy/parts/__init__.py": "",
        "heavy/parts/bolt.py": "class Bolt: ...\n",
        "user.py": USER,
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(dedent(text))
    return tmp_path


def said(packages: Path, program: str) -> list[str]:
    """Lines that a new process prints, in which the packages can be imported."""
    start = f"import sys\nsys.path[:0] = {json.dumps([str(packages), str(ROOT)])}\n"
    text = start + "from tasks_lib.deferred import deferred\n" + dedent(program)
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_what_is_imported_in_name_only_is_not_imported(packages: Path) -> None:
    program = """
        with deferred("heavy"):
            import user
        print(sorted(name for name in sys.modules if name.startswith("heavy")))
    """
    assert said(packages, program) == ["[]"]


@pytest.mark.parametrize(
    ("use", "result"),
    [
        ("user.double(3)", "6"),
        ("user.Shape.corners", "4"),
        ("user.heavy.double(4)", "8"),
        ("user.bolt.Bolt.__name__", "Bolt"),
        ("type('Square', (), {}) and isinstance(user.Shape(), user.Shape)", "True"),
        ("isinstance(3, user.Shape)", "False"),
        ("user.area(user.Shape(), [])", "8"),
    ],
)
def test_what_is_used_is_imported_then_and_once(packages: Path, use: str, result: str) -> None:
    program = f"""
        with deferred("heavy"):
            import user
        print("before")
        print({use})
        import heavy
        print(heavy.double(1))
    """
    assert said(packages, program) == ["before", "heavy is imported", result, "2"]


def test_a_class_derives_from_the_real_one(packages: Path) -> None:
    program = """
        with deferred("heavy"):
            import user
        class Square(user.Shape): ...
        import heavy
        print(issubclass(Square, heavy.Shape), issubclass(Square, user.Shape), Square.corners)
    """
    assert said(packages, program) == ["heavy is imported", "True True 4"]


def test_behind_the_block_every_import_is_a_real_one(packages: Path) -> None:
    program = """
        with deferred("heavy"):
            import user
        from heavy.parts.bolt import Bolt
        import heavy
        print(heavy.double(2), Bolt.__module__, user.double(2))
    """
    assert said(packages, program) == ["heavy is imported", "4 heavy.parts.bolt 4"]


def test_what_uses_it_in_the_block_gets_it(packages: Path) -> None:
    program = """
        with deferred("heavy"):
            import user
            print(user.double(5))
            import heavy.parts.bolt
            print(heavy.parts.bolt.Bolt.__module__)
    """
    assert said(packages, program) == ["heavy is imported", "10", "heavy.parts.bolt"]


def test_a_package_that_was_imported_before_is_left_as_it_is(packages: Path) -> None:
    program = """
        import heavy
        with deferred("heavy"):
            import user
        print(user.double is heavy.double)
    """
    assert said(packages, program) == ["heavy is imported", "True"]


def test_one_module_of_a_package_can_be_put_off_alone(packages: Path) -> None:
    program = """
        with deferred("heavy.parts"):
            import heavy
            from heavy.parts.bolt import Bolt
        print(type(heavy).__name__, "heavy.parts" in sys.modules)
        print(isinstance(Bolt(), Bolt))
        print(sys.modules["heavy.parts.bolt"].Bolt.__module__)
    """
    assert said(packages, program) == ["heavy is imported", "module False", "True", "heavy.parts.bolt"]


def test_a_name_that_is_not_there_is_told_when_it_is_used(packages: Path) -> None:
    program = """
        with deferred("heavy"):
            from heavy import missing
        try:
            missing()
        except ImportError as error:
            print(error)
    """
    assert said(packages, program) == ["heavy is imported", "No module named 'heavy.missing'"]
