"""The command `llmops`, also `python -m llmops_flows`, and the flows by name, wherever they are called from.

`flows`, `blocks`, `serving` and `tasks_lib` are names that a user's folder may hold as well. What starts a process
comes in through this module, whose name nobody else has: it lets our packages be found before those of a folder on the
search path, here and in every process that is started from here, and leaves the order of everything else as it is.
"""

import os
import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.machinery import PathFinder
from typing import Any, NoReturn

ROOT = os.path.dirname(os.path.realpath(__file__))  # noqa: PTH120  (an entry of `sys.path`)
PACKAGES = ("blocks", "flows", "serving", "tasks_lib")
FLOWS = frozenset(
    {"dataset", "deploy", "forget", "ingest", "monitor", "promote", "release", "retention", "rollback", "tune"}
)
"""What deployments name as their entry point: `llmops_flows.ingest`."""


def with_ours_first(search_path: Sequence[str]) -> list[str]:
    """The search path with our folder before the first entry that holds a module of one of our packages' names.

    :param search_path: As `sys.path`; an empty entry is the working directory.
    """
    for at, entry in enumerate(search_path):
        if os.path.realpath(entry) == ROOT:
            break
        if _shadows(entry):
            return [*search_path[:at], ROOT, *search_path[at:]]
    return list(search_path)


def _shadows(entry: str) -> bool:
    """Whether importing finds one of the names there; a folder that is no package hides nothing."""
    specs = (PathFinder.find_spec(name, [entry or os.getcwd()]) for name in PACKAGES)  # noqa: PTH109
    return any(spec is not None and spec.has_location for spec in specs)


def _find_ours() -> None:
    """For this process and its children. One that has loaded a version runs the version's packages, and goes on."""
    if not sys.modules.keys() & set(PACKAGES):
        sys.path[:] = with_ours_first(sys.path)
    if inherited := os.environ.get("PYTHONPATH"):
        os.environ["PYTHONPATH"] = os.pathsep.join(with_ours_first(inherited.split(os.pathsep)))


def __getattr__(name: str) -> Any:
    """A flow, or `collection`: the block types, as Prefect looks for them."""
    if name in FLOWS:
        return getattr(import_module(f"flows.{name}"), name)
    if name == "collection":
        return import_module("blocks.collection")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}", name=name, obj=sys.modules[__name__])


def main() -> NoReturn:
    """Run the command line of this process; what it starts does not search the folder that it is started in."""
    os.environ["PYTHONSAFEPATH"] = "1"
    from flows.cli import main as command

    command()


_find_ours()
if __name__ == "__main__":
    main()
