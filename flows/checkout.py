"""A work tree of a git repository beside the user's own: one commit after another in the same folder."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tasks_lib.errors import ConfigurationError, InputError

CHECKOUT_SECONDS = 600


@dataclass(frozen=True)
class Checkout:
    """A work tree in `folder` of the repository around `repository`."""

    repository: Path
    folder: Path

    def move_to(self, commit: str) -> None:
        """Have the files of this commit in the folder, and no others.

        :raises InputError: If git cannot write them.
        """
        _git(self.folder, "checkout", "--quiet", "--force", "--detach", commit)


def commit_of(repository: Path, revision: str) -> str:
    """The commit that a revision names.

    :raises InputError: If the folder is in no repository, or the revision is no commit of it.
    """
    try:
        _git(repository, "rev-parse", "--show-toplevel")
    except InputError as error:
        raise InputError(
            f"{str(repository)!r} is not a git repository that can be read: {error.message}",
            hint="Run it in the repository that holds the documents and the configuration.",
        ) from error
    try:
        return _git(repository, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    except InputError as error:
        raise InputError(
            f"{revision!r} is no commit of the repository in {str(repository)!r}",
            hint="Fetch it first: a runner's checkout often has the last commit only (`fetch-depth: 0`).",
        ) from error


def fork_point(repository: Path, one: str, other: str) -> str:
    """The newest commit that is behind both.

    :raises InputError: If they have none in common.
    """
    try:
        return _git(repository, "merge-base", one, other)
    except InputError as error:
        raise InputError(
            f"{one[:12]} and {other[:12]} have no commit in common in what was fetched",
            hint="Fetch the whole history (`fetch-depth: 0`), or name another --base.",
        ) from error


def prefix_of(folder: Path) -> str:
    """Path of a folder from the top of its repository; empty at the top."""
    return _git(folder, "rev-parse", "--show-prefix")


def uncommitted(folder: Path) -> int:
    """How many files of the repository differ from its last commit."""
    return len(_git(folder, "status", "--porcelain").splitlines())


@contextmanager
def checkout(repository: Path, folder: Path, commit: str) -> Iterator[Checkout]:
    """A work tree in a new folder, which is taken away again; branches and the user's files are left alone.

    :raises InputError: If git cannot make it.
    """
    _git(repository, "worktree", "add", "--quiet", "--force", "--detach", str(folder), commit)
    try:
        yield Checkout(repository, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        _git(repository, "worktree", "prune")


def _git(folder: Path, *arguments: str) -> str:
    git = shutil.which("git")
    if git is None:
        raise ConfigurationError("git is not installed", hint="Install it: two commits are compared.")
    ran = subprocess.run(  # noqa: S603  (no shell; revisions stand behind --end-of-options, or are commits)
        [git, "-C", str(folder), *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="surrogateescape",
        timeout=CHECKOUT_SECONDS,
        check=False,
    )
    if ran.returncode:
        told = " ".join(line.strip() for line in ran.stderr.splitlines() if line.strip())
        raise InputError(f"git {arguments[0]} in {str(folder)!r}: {told or f'ended with {ran.returncode}'}")
    return ran.stdout.strip()
