"""The command as a user runs it: a process of its own, on a home of its own, with the network closed."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.stubs.namesakes import write_namesakes

ROOT = Path(__file__).parents[2]
OFFLINE = ROOT / "tests" / "offline"
LLMOPS = (sys.executable, "-P", "-m", "llmops_flows")
"""What the console script does, of this checkout."""


class Command:
    """Runs `llmops` in processes of their own on one home, sockets closed to anything but this machine.

    They run in a folder that holds modules of our packages' names, and search it first.
    """

    def __init__(self, folder: Path, home: Path | None = None) -> None:
        self.folder = folder
        self.home = home or folder / "home"
        self.attempts = folder / "attempts.txt"
        write_namesakes(folder)

    def __call__(self, *arguments: str, exit_code: int = 0) -> dict[str, Any]:
        done = subprocess.run(
            [*LLMOPS, *arguments, "--json"],
            capture_output=True,
            text=True,
            env=self.environment(),
            cwd=self.folder,
            check=False,
        )
        assert done.returncode == exit_code, done.stderr + done.stdout
        assert "Traceback" not in done.stderr
        result = json.loads(done.stdout)
        assert isinstance(result, dict)
        return result

    def environment(self) -> dict[str, str]:
        """Ours without Prefect's and MLflow's settings, on this home, with the network closed."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "MLFLOW_"))}
        return kept | {
            "LLMOPS_HOME": str(self.home),
            "LLMOPS_TEST_ATTEMPTS": str(self.attempts),
            "PYTHONPATH": os.pathsep.join(map(str, (OFFLINE, self.folder, ROOT))),
            "HOME": str(self.folder),
        }
