"""What makes two candidates the same: configuration, prompt versions and what a version carries."""

import hashlib
import json
import subprocess
from collections.abc import Sequence
from pathlib import Path

from tasks_lib.config.rag import RagConfig
from tasks_lib.config.requirements import requirements_of
from tasks_lib.registry.carried import carried_files


def fingerprint(rag: RagConfig, rooms: Sequence[Path]) -> str:
    """SHA-256 over `rag` (which names the prompt version), the packages that it needs, and every carried file."""
    content = {
        "rag": rag.model_dump(mode="json"),
        "plugins": requirements_of(rag),
        "code": {name: _digest(path) for name, path in carried_files(rooms).items()},
    }
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def prompt_version(rag: RagConfig) -> str:
    """`name/version` of a registered prompt, else where the prompt comes from."""
    if rag.prompt.name is not None:
        return f"{rag.prompt.name}/{rag.prompt.version}"
    return "inline" if rag.prompt.template is not None else "built-in"


def git_revision(folder: Path) -> str:
    """Commit that `folder` is at, with `-dirty` after changes; empty outside a git checkout."""
    command = ["git", "-C", str(folder), "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=10, check=True)  # noqa: S603
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip()
