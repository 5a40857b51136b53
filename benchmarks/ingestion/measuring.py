"""What the scripts share: a home and a Prefect server of their own, and memory of child processes."""

import json
import logging
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tasks_lib.quiet import keep_quiet

keep_quiet()


@contextmanager
def home(root: Path) -> Iterator[Path]:
    """``LLMOPS_HOME`` is `root`."""
    before = os.environ.get("LLMOPS_HOME")
    os.environ["LLMOPS_HOME"] = str(root)
    try:
        yield root
    finally:
        if before is None:
            del os.environ["LLMOPS_HOME"]
        else:
            os.environ["LLMOPS_HOME"] = before


@contextmanager
def prefect_server() -> Iterator[None]:
    """A temporary Prefect server for this process and its children, started outside of what is measured."""
    from prefect.settings import get_current_settings
    from prefect.testing.utilities import prefect_test_harness

    with prefect_test_harness(server_startup_timeout=180):
        logging.getLogger("prefect").setLevel(logging.ERROR)
        os.environ["PREFECT_API_URL"] = str(get_current_settings().api.url)  # for child processes
        try:
            yield
        finally:
            del os.environ["PREFECT_API_URL"]


def child(script: str, *arguments: object) -> dict[str, Any]:
    """What a fresh process that runs `script` prints as JSON; wall seconds and its peak memory are added.

    The child ends with :func:`tell`.
    """
    started = time.perf_counter()
    command = [sys.executable, script, *map(str, arguments)]
    finished = subprocess.run(command, capture_output=True, text=True, check=False)
    if finished.returncode:
        raise RuntimeError(f"{' '.join(command)} failed:\n{finished.stderr[-3000:]}")
    told: dict[str, Any] = json.loads(finished.stdout.strip().splitlines()[-1])
    return told | {"wall_seconds": time.perf_counter() - started}


def tell(**facts: object) -> None:
    """Print `facts` with the peak memory of this process and its children, in MiB, for :func:`child`."""
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({**facts, "peak_mib": round(peak, 1)}))
