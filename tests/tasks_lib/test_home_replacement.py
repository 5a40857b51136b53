"""Other contents are put into a home in steps; whoever is killed in between leaves them to the next one."""

import shutil
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks_lib.home import Home
from tasks_lib.home_replacement import (
    REPLACEMENT,
    discard_replacement,
    finish_replacement,
    prepare_replacement,
    replace_contents,
)

NAMES = st.sets(st.sampled_from(["mlflow", "lancedb", "prefect", "api-keys.json", "audit.jsonl", "reports"]))


class Killed(BaseException):
    """As a signal ends a process: nothing catches it."""


def fill(folder: Path, names: set[str], content: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        place = folder / name
        if not place.suffix:
            place.mkdir()
            place /= "file"
        place.write_text(content)


def contents(root: Path) -> dict[str, str]:
    return {
        str(path.relative_to(root)): path.read_text()
        for path in root.rglob("*")
        if path.is_file() and path.relative_to(root).parts[0] not in {"locks", REPLACEMENT}
    }


def killed_at(patch: pytest.MonkeyPatch, step: int) -> list[Path]:
    """Let the rename of this number, and all after it, not come about."""
    renamed: list[Path] = []
    rename = Path.rename

    def counted(self: Path, target: Path) -> Path:
        if len(renamed) >= step:
            raise Killed
        renamed.append(self)
        return rename(self, target)

    patch.setattr(Path, "rename", counted)
    return renamed


@given(NAMES, NAMES, st.integers(0, 16), st.integers(0, 16))
def test_two_kills_at_any_step_leave_the_old_contents_or_the_new(
    tmp_path_factory: pytest.TempPathFactory, old: set[str], new: set[str], first: int, second: int
) -> None:
    root = tmp_path_factory.mktemp("home")
    fill(root, old, "old")
    (root / "locks").mkdir(exist_ok=True)
    before = contents(root)
    fill(prepare_replacement(root), new, "new")
    wanted = contents(root / REPLACEMENT / "new")
    for work, step in ((replace_contents, first), (finish_replacement, second)):
        with pytest.MonkeyPatch.context() as patch:
            killed_at(patch, step)
            with suppress(Killed):
                work(root)
    begun = first > 0
    Home(root).ensure()
    assert contents(root) == (wanted if begun else before)
    assert (root / REPLACEMENT).exists() != begun
    shutil.rmtree(root)


def test_what_was_prepared_is_nothing_until_it_is_complete(tmp_path: Path) -> None:
    fill(tmp_path, {"mlflow"}, "old")
    fill(prepare_replacement(tmp_path), {"mlflow", "lancedb"}, "new")
    assert contents(Home(tmp_path).ensure().root) == {"mlflow/file": "old"}
    discard_replacement(tmp_path)
    assert not (tmp_path / REPLACEMENT).exists()


def test_an_entry_that_a_process_makes_in_between_does_not_stop_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(tmp_path, {"reports", "mlflow"}, "old")
    fill(prepare_replacement(tmp_path), {"reports", "mlflow"}, "new")
    with monkeypatch.context() as patch:
        killed_at(patch, 4)  # the mark, both old ones, and one new one
        with pytest.raises(Killed):
            replace_contents(tmp_path)
    fill(tmp_path, {"reports"}, "made meanwhile")
    finish_replacement(tmp_path)
    assert contents(tmp_path) == {"mlflow/file": "new", "reports/file": "new"}
