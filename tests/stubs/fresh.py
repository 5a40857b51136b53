"""A stored pipeline in a process of its own."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from haystack import Pipeline

ROOT = Path(__file__).resolve().parents[2]


def run_given_back(pipeline: Pipeline, folder: Path, question: str) -> Any:
    """What the pipeline gives for `question` in a new process that knows nothing but its YAML and the environment."""
    file = folder / "pipeline.yaml"
    file.write_text(pipeline.dumps(), encoding="utf-8")
    command = [sys.executable, "-m", "tests.stubs.given_back", str(file), question]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])
