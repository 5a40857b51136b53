"""Run every command of the Dockerfile in order without Docker, and list what the image would hold.

    unshare --mount python infra/replay_dockerfile.py BASE WORK

BASE is a root folder that stands in for the base image, and has a Python as `python3`:
`debootstrap --variant=minbase --include=python3,python3-venv,ca-certificates bookworm BASE`. Each stage is an overlay
over it, so that WORK/STAGE/layers holds what the Dockerfile adds and nothing else. Commands run in a chroot, those
after USER as that user. Needs root, for mounts that only this process's namespace sees.
"""

import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from pathspec import PathSpec

ROOT = Path(__file__).resolve().parents[1]
PASSED = re.compile(r"(?i)(.*_proxy|.*cert.*|.*ca_bundle|uv_system_certs)")
"""Variables of this machine that commands see, as `docker build` hands on proxies."""
SECRET = re.compile(rb"-----BEGIN [A-Z ]*PRIVATE KEY-----|AKIA[0-9A-Z]{16}|gh[pousr]_\w{36}|xox[bp]-\w{10,}")
OURS = ("flows/", "blocks/", "tasks_lib/", "serving/", "llmops")
NEEDLESS = re.compile(r"(^|/)(\.git|\.venv|tests?/(conftest|test_)|\.env|\.cache|uv|pip)(/|$)")
PATH = "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"
TRIED = (["id"], ["llmops", "--version"], ["llmops", "ingest", "--json"], ["python", "-c", "import psycopg"])
"""Commands that the image's user runs on a read-only root."""
VARIABLE = re.compile(r"\$\{?(\w+)\}?")


@dataclass
class Stage:
    """A root that grows; `variables` are those of ARG and ENV."""

    name: str
    folder: Path
    base: Path
    variables: dict[str, str] = field(default_factory=lambda: {"PATH": PATH})
    user: str = "0"
    directory: str = "/"

    @property
    def root(self) -> Path:
        """What the stage sees."""
        return self.folder / "root"

    @property
    def layers(self) -> Path:
        """What the stage adds."""
        return self.folder / "layers"

    def mount(self) -> None:
        """Put an empty layer over the base, and give commands their devices."""
        for made in (self.root, self.layers, self.folder / "work"):
            made.mkdir(parents=True)
        options = f"lowerdir={self.base},upperdir={self.layers},workdir={self.folder / 'work'}"
        _call("mount", "-t", "overlay", "overlay", "-o", options, str(self.root))
        _call("mount", "-t", "proc", "proc", str(self.root / "proc"))
        for shared in ("/dev", "/etc/resolv.conf", "/etc/ssl/certs"):
            inside = self.root / shared[1:]
            if not inside.exists():
                inside.touch()
            _call("mount", "--rbind", shared, str(inside))
        python = self.root / "usr/local/bin/python"  # where the base image has it
        if not python.exists():
            python.symlink_to("/usr/bin/python3")

    def run(self, command: list[str]) -> None:
        """Run a command in the root, with nothing of this machine's environment but certificates and proxies."""
        passed = {name: value for name, value in os.environ.items() if PASSED.fullmatch(name)}
        settings = {"HOME": "/root", **passed, **self.variables}
        inside = ["sh", "-c", 'cd "$0" && exec "$@"', self.directory, *command]
        who = [] if self.user == "0" else [f"--userspec={self.user}"]
        _call("chroot", *who, str(self.root), "env", "-i", *(f"{k}={v}" for k, v in settings.items()), *inside)


class Replay:
    """Instructions of one Dockerfile, carried out one by one."""

    def __init__(self, base: Path, work: Path) -> None:
        self._base = base
        self._work = work
        self._arguments: dict[str, str] = {}
        self.stages: dict[str, Stage] = {}
        self.stage: Stage | None = None

    def carry_out(self, word: str, rest: str) -> None:
        """One instruction; one that is not known is an error, never passed over."""
        print(f"-- {word} {rest}", flush=True)
        rest = VARIABLE.sub(lambda found: self._known().get(found[1], found[0]), rest) if word != "RUN" else rest
        if self.stage is None and word == "ARG":
            self._set(self._arguments, rest)
        elif word == "FROM":
            name = rest.partition(" AS ")[2].strip() or "last"
            self.stage = self.stages[name] = Stage(name, self._work / name, self._base)
            self.stage.mount()
        elif self.stage is None:
            raise ValueError(f"{word} before FROM")
        else:
            self._in_stage(self.stage, word, rest)

    def _in_stage(self, stage: Stage, word: str, rest: str) -> None:
        match word:
            case "ENV" | "ARG":
                self._set(stage.variables, rest)
            case "RUN":
                stage.run(["sh", "-c", rest])
            case "WORKDIR":
                stage.directory = rest
                (stage.root / rest[1:]).mkdir(parents=True, exist_ok=True)
            case "USER":
                stage.user = rest
            case "COPY":
                self._copy(stage, rest.split())
            case "VOLUME" | "EXPOSE" | "HEALTHCHECK" | "CMD":
                return
            case _:
                raise ValueError(f"{word} is not known here")

    def _copy(self, stage: Stage, words: list[str]) -> None:
        origin = words.pop(0).removeprefix("--from=") if words[0].startswith("--from=") else None
        source, target = words
        there = stage.root / str(PurePosixPath(stage.directory) / target)[1:]
        if origin:
            shutil.copytree(self.stages[origin].root / source[1:], there, symlinks=True, dirs_exist_ok=True)
            return
        for file in let_through(ROOT):
            copy = there / file
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / file, copy)

    def _known(self) -> dict[str, str]:
        return self.stage.variables if self.stage else self._arguments

    def _set(self, variables: dict[str, str], rest: str) -> None:
        for part in re.findall(r"(\w+)=(\S+)", rest):
            variables[part[0]] = part[1]


def instructions(text: str) -> list[tuple[str, str]]:
    """Word and rest of every instruction, continued lines joined."""
    lines = "\n".join(line for line in text.splitlines() if not line.startswith("#")).replace("\\\n", " ").splitlines()
    return [(word, rest) for line in lines if line.strip() for word, rest in [line.split(maxsplit=1)]]


def let_through(root: Path) -> list[str]:
    """Files that .dockerignore lets through: the last pattern that matches decides."""
    patterns = [line for line in (root / ".dockerignore").read_text().splitlines() if line and not line.startswith("#")]
    ignored = PathSpec.from_lines("gitwildmatch", patterns)
    tops = {line[1:].rstrip("/") for line in patterns if line.startswith("!")}
    found = [path for top in tops for path in ([root / top] if (root / top).is_file() else (root / top).rglob("*"))]
    names = [str(path.relative_to(root)) for path in found if path.is_file()]
    return sorted(name for name in names if not ignored.match_file(name))


def contents(layers: Path) -> None:
    """Print what was added, by size, with what looks needless or secret."""
    files = [file for file in layers.rglob("*") if file.is_file() and not file.is_symlink()]
    sizes: Counter[str] = Counter()
    for file in files:
        parts = file.relative_to(layers).parts
        place = parts.index("site-packages") + 2 if "site-packages" in parts else 3
        sizes["/".join(parts[:place])] += file.stat().st_size
    print(f"{len(files)} files, {sum(sizes.values()) / 1e6:,.0f} MB")
    for name, size in sizes.most_common(40):
        print(f"{size / 1e6:9.1f} MB  {name}")
    secret = [str(file.relative_to(layers)) for file in files if SECRET.search(file.read_bytes())]
    needless = {found[0] for file in files if (found := NEEDLESS.search(str(file.relative_to(layers))))}
    outside = [str(file.relative_to(layers)) for file in files if file.relative_to(layers).parts[0] != "opt"]
    ours = [name for name in secret if "site-packages" not in name or name.split("site-packages/")[1].startswith(OURS)]
    print("looks like a secret:", ours or "nothing", f"({len(secret) - len(ours)} examples in others' packages)")
    print("looks needless:", sorted(needless) or "nothing")
    print("outside /opt:", outside)


def _call(*command: str) -> None:
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)


def main(base: Path, work: Path) -> None:
    """Replay, list, and try the command as the image's user."""
    _call("mount", "--make-rprivate", "/")
    replay = Replay(base.resolve(), work.resolve())
    for word, rest in instructions((ROOT / "Dockerfile").read_text()):
        replay.carry_out(word, rest)
    last = replay.stages["last"]
    contents(last.layers)
    _call("mount", "-o", "remount,ro", str(last.root))
    _call("mount", "-t", "tmpfs", "-o", f"uid={last.user}", "tmpfs", str(last.root / "data"))
    _call("mount", "-t", "tmpfs", "tmpfs", str(last.root / "tmp"))
    for command in (
        ["id"],
        ["llmops", "--version"],
        ["llmops", "ingest", "--json"],
        ["python", "-c", "import psycopg"],
    ):
        print("--", *command, flush=True)
        last.run(command)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
