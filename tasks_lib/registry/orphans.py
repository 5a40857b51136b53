"""Child processes that end when their parent is gone, killed with SIGKILL too.

Each looks whether its parent is still the same. Linux could send a signal at the parent's death, but does so at the
death of the thread that started the child, and ours are started from threads that come and go. A pipe that the parent
holds stays open as long as a forked sibling has it.
"""

import multiprocessing.process
import os
import shutil
import threading
import time

SPAWNED = "__mp_main__"
"""What `multiprocessing` calls the main module in a child that is spawned."""
LOOK_SECONDS = 0.5
EXIT_CODE = 1

_owner = os.getpid()
"""The process that children forked from now on have as their parent."""


def children_end_with_this_process(module: str) -> None:
    """Call it in the main module: what `multiprocessing` or a fork makes of the process ends with it, and so do theirs.

    :param module: The `__name__` of the main module. A spawned child imports it anew, which binds it to its parent;
        imported by anybody else, it binds nothing.
    """
    if module not in {"__main__", SPAWNED}:
        return
    if module == SPAWNED:
        end_with(os.getppid())
    os.register_at_fork(before=_remember, after_in_child=_bind)


def end_with(parent: int, after_seconds: float = 0.0) -> None:
    """End this process once its parent is no longer the process `parent`.

    :param after_seconds: How long it may still take to end by itself.
    """
    given = _temporary_folder()
    threading.Thread(target=_watch, args=(parent, after_seconds, given), name="parent watch", daemon=True).start()


def _watch(parent: int, after_seconds: float, given: str | None) -> None:
    while os.getppid() == parent:
        time.sleep(LOOK_SECONDS)
    time.sleep(after_seconds)
    made = _temporary_folder()
    if made is not None and made != given:
        shutil.rmtree(made, ignore_errors=True)
    os._exit(EXIT_CODE)


def _temporary_folder() -> str | None:
    """Where `multiprocessing` keeps sockets of this process; a child is given its parent's, which may be in use."""
    folder: str | None = multiprocessing.process.current_process()._config.get("tempdir")  # type: ignore[attr-defined]  # noqa: SLF001
    return folder


def _remember() -> None:
    global _owner  # noqa: PLW0603
    _owner = os.getpid()


def _bind() -> None:
    end_with(_owner)
