"""What makes two candidates the same: configuration, prompt versions and code."""

import hashlib
import json
import subprocess
from collections.abc import Sequence
from pathlib import Path

from tasks_lib.config.rag import RagConfig
from tasks_lib.plugins import requirements_of


def fingerprint(rag: RagConfig, code_paths: Sequence[Path]) -> str:
    """SHA-256 over `rag` (which names the prompt version), its plug-ins and every Python file below `code_paths`."""
    content = {
        "rag": rag.model_dump(mode="json"),
        "plugins": requirements_of(rag),
        "code": code_digests(code_paths),
    }
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def code_digests(code_paths: Sequence[Path]) -> dict[str, str]:
    """`room/relative/path.py` → SHA-256, wherever the rooms are installed."""
    return {
        f"{room.name}/{path.relative_to(room).as_posix()}": hashlib.sha256(path.read_bytes()).hexdigest()
        for room in code_paths
        for path in sorted(room.rglob("*.py"))
    }


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
