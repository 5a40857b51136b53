"""The verb `premerge`."""

import atexit
import shutil
import tempfile
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from flows.checkout import commit_of, uncommitted
from flows.command import render_documents
from flows.command.environment import move_home
from flows.command.options import DEFAULTS, Options
from flows.command.output import say
from flows.command.running import execute
from tasks_lib.errors import InputError
from tasks_lib.home import Home

EXIT_BY_DECISION = {"passed": 0, "rejected": 3, "undecided": 4}


def premerge(
    *,
    base: Annotated[str, Parameter(help="Branch or commit that the change is to be merged into.")] = "origin/main",
    head: Annotated[str, Parameter(help="Commit with the change.")] = "HEAD",
    report: Annotated[Path | None, Parameter(help="File for the report in Markdown, as a comment takes it.")] = None,
    home: Annotated[
        Path | None, Parameter(help="Empty folder to work in, which is kept; a temporary one without it.")
    ] = None,
    options: Options = DEFAULTS,
) -> int:
    """Tell what a change in a repository would do to the answers. Exit 3 rejected, 4 undecided."""
    if options.platform != "local":
        raise InputError(
            f"--platform {options.platform}: nothing is registered before a change is merged",
            hint="Leave it out: premerge works in a home of its own. Keys of models come from the environment.",
        )
    repository = Path.cwd()
    commit_of(repository, head)
    if head == "HEAD" and (left := uncommitted(repository)):
        say(f"warning: {left:,} files are not committed, and are not looked at")
    target = report.absolute() if report else None
    own = move_home(_folder(home))
    from flows.premerge import premerge as run

    result = execute(
        lambda: run(repository, own.root, base, head, options.settings), render_documents.premerge, options
    )
    if target is not None:
        target.write_text(result["report"], encoding="utf-8")
    return EXIT_BY_DECISION[result["decision"]]


def _folder(named: Path | None) -> Path:
    """The folder to work in. A temporary one goes at the end, after Prefect's server, which is started later."""
    if named is None:
        folder = Path(tempfile.mkdtemp(prefix="llmops-premerge-"))
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        return folder
    folder = named.expanduser().absolute()
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError(f"--home {str(named)!r} is not an empty folder", hint="Name one that does not exist yet.")
    return Home(folder).ensure().root
