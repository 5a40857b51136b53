"""Commits in a work tree of their own."""

from pathlib import Path

import pytest

from flows.checkout import checkout, commit_of, fork_point, prefix_of, uncommitted
from tasks_lib.errors import InputError
from tests.stubs.git_server import WorkTree, git


@pytest.fixture
def tree(tmp_path: Path) -> WorkTree:
    made = WorkTree(tmp_path / "repository")
    made.write(leave="27 days.", pay__salary="On the 25th.")
    made.commit()
    return made


def test_one_commit_after_another_lies_in_the_same_folder_and_nothing_of_ours_changes(
    tree: WorkTree, tmp_path: Path
) -> None:
    first = git(tree.folder, "rev-parse", "HEAD")
    tree.write(leave="20 days.", bicycles="Below the north wing.")
    second = tree.commit()
    tree.write(leave="not committed")
    assert uncommitted(tree.folder) == 1
    with checkout(tree.folder, tmp_path / "a tree", first) as beside:
        assert (beside.folder / "leave.md").read_text() == "27 days."
        (beside.folder / "leave.md").write_text("changed by whoever read it")
        beside.move_to(second)
        assert (beside.folder / "leave.md").read_text() == "20 days."
        assert (beside.folder / "bicycles.md").is_file()
        beside.move_to(first)
        assert not (beside.folder / "bicycles.md").exists()
    assert not (tmp_path / "a tree").exists()
    assert git(tree.folder, "worktree", "list").count("\n") == 0
    assert (tree.folder / "leave.md").read_text() == "not committed"
    assert git(tree.folder, "branch", "--show-current") == "main"


def test_the_tree_goes_when_what_was_done_in_it_failed(tree: WorkTree, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="boom"), checkout(tree.folder, tmp_path / "tree", "HEAD"):
        raise ValueError("boom")
    assert not (tmp_path / "tree").exists()
    assert git(tree.folder, "worktree", "list").count("\n") == 0


def test_a_change_starts_where_its_branch_left_the_other(tree: WorkTree) -> None:
    start = git(tree.folder, "rev-parse", "HEAD")
    git(tree.folder, "checkout", "--quiet", "-b", "change")
    tree.write(leave="28 days.")
    change = tree.commit()
    git(tree.folder, "checkout", "--quiet", "main")
    tree.write(pay__salary="On the 24th.")
    main = tree.commit()
    assert fork_point(tree.folder, main, change) == start
    git(tree.folder, "checkout", "--quiet", "--orphan", "alone")
    alone = tree.commit()
    with pytest.raises(InputError, match="no commit in common") as raised:
        fork_point(tree.folder, alone, change)
    assert "fetch-depth: 0" in raised.value.hint


@pytest.mark.parametrize("revision", ["nowhere", "--help", "HEAD:leave.md", ""])
def test_what_is_no_commit_is_said(tree: WorkTree, revision: str) -> None:
    with pytest.raises(InputError, match="is no commit of the repository") as raised:
        commit_of(tree.folder, revision)
    assert repr(revision) in raised.value.message


def test_a_folder_in_no_repository_is_said(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="not a git repository"):
        commit_of(tmp_path, "HEAD")


def test_a_folder_of_the_repository_is_found_in_the_tree(tree: WorkTree) -> None:
    assert prefix_of(tree.folder / "pay") == "pay/"
    assert prefix_of(tree.folder) == ""
