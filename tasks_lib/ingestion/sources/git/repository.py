"""A shallow copy of a git repository: what has changed is fetched, and files are read from its objects."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from filelock import FileLock, Timeout

from tasks_lib.assistant.providers.redact import redact
from tasks_lib.errors import ConfigurationError, InputError
from tasks_lib.ingestion.converters.reading import one_line

ASKING_SECONDS = 60
FETCHING_SECONDS = 1800
_HEADS, _TAGS = "refs/heads/", "refs/tags/"
_USERNAME, _PASSWORD = "LLMOPS_GIT_USERNAME", "LLMOPS_GIT_PASSWORD"
_HELPER = f'!f() {{ test "$1" = get && printf "username=%s\\npassword=%s\\n" "${_USERNAME}" "${_PASSWORD}"; }}; f'


class GitError(OSError):
    """Git said no; the message is one line."""


@dataclass(frozen=True)
class Blob:
    """A file of a commit."""

    path: str
    digest: str
    """Git's name for its content."""
    size: int
    mode: str


class Repository:
    """A bare, shallow copy of the repository at `url` in `folder`.

    :param credentials: `username` and `password` for HTTP, `private_key` and `known_hosts` for SSH; without them git
        asks what it is configured to ask (credential helpers, an agent), but never a person.
    """

    def __init__(self, url: str, folder: Path, credentials: Mapping[str, Any] | None = None) -> None:
        self.url = url
        self.folder = folder
        self._credentials = dict(credentials or {})

    def fetch(self, revision: str) -> str:
        """Fetch the newest commit of a branch or a tag, unless it is there.

        :returns: The commit.
        :raises InputError: If there is no such revision, or the repository cannot be reached.
        """
        commit, reference = self._newest(revision)
        try:
            self.folder.parent.mkdir(parents=True, exist_ok=True)
            with FileLock(f"{self.folder}.lock", timeout=FETCHING_SECONDS):
                if not self._has_whole(commit):
                    self._fetch(commit, reference)
        except (GitError, Timeout) as error:
            raise self._unreachable(error) from error
        return commit

    def blobs(self, commit: str, folder: str) -> Iterator[Blob]:
        """The files of a commit below a folder, in the order of their paths; links and submodules among them.

        :raises GitError: If the commit has no such folder.
        """
        tree = f"{commit}:{folder}" if folder else commit
        for line in self._run("ls-tree", "-r", "-l", "-z", "--full-tree", tree).split(b"\0"):
            if line:
                facts, _, path = line.partition(b"\t")
                mode, _, digest, size = facts.split()
                whole = path.decode("utf-8", "surrogateescape")
                yield Blob(whole, digest.decode(), int(size) if size.isdigit() else 0, mode.decode())

    def read(self, digest: str) -> bytes:
        """The content of a blob.

        :raises GitError: If it is not in the copy.
        """
        return self._run("cat-file", "blob", digest)

    def holds(self, digest: str) -> bool:
        """Whether an object is in the copy."""
        try:
            self._run("cat-file", "-e", digest)
        except GitError:
            return False
        return True

    def _newest(self, revision: str) -> tuple[str, str]:
        """The commit of a revision as the server has it now, and the whole name of the reference."""
        wanted = [f"{_HEADS}{revision}", f"{_TAGS}{revision}"] if revision else ["HEAD"]
        references = self._references(*wanted, *(f"{name}^{{}}" for name in wanted))
        for name in wanted:
            if name in references:
                return references.get(f"{name}^{{}}", references[name]), name
        raise self._unknown(revision, list(self._references()))

    def _references(self, *names: str) -> dict[str, str]:
        """Name → commit of these references of the server; of all without names."""
        try:
            listed = self._run("ls-remote", "--", self.url, *names, at_home=False).decode()
        except GitError as error:
            raise self._unreachable(error) from error
        return {name: commit for commit, _, name in (line.partition("\t") for line in listed.splitlines())}

    def _fetch(self, commit: str, reference: str) -> None:
        if not self._usable():
            shutil.rmtree(self.folder, ignore_errors=True)
            self._run("init", "--quiet", "--bare", "--", str(self.folder), at_home=False)
        kept = f"refs/llmops/{reference}"
        options = ("--quiet", "--depth=1", "--no-tags", "--no-write-fetch-head", "--force")
        self._run("fetch", *options, "--", self.url, f"{reference}:{kept}", seconds=FETCHING_SECONDS)
        if not self._has_whole(commit):
            raise GitError(f"{reference} moved while it was fetched; the next run takes it")

    def _usable(self) -> bool:
        try:
            return self._run("rev-parse", "--is-bare-repository").strip() == b"true"
        except GitError:
            return False

    def _has_whole(self, commit: str) -> bool:
        """Whether a commit is there with all of its files: a fetch that was killed leaves none."""
        return self._usable() and self.holds(f"{commit}^{{tree}}") and self._is_kept(commit)

    def _is_kept(self, commit: str) -> bool:
        kept = self._run("for-each-ref", "--format=%(objectname) %(*objectname)", "refs/llmops/")
        return commit.encode() in kept.split()

    def _run(self, *arguments: str, seconds: float = ASKING_SECONDS, at_home: bool = True) -> bytes:
        git = shutil.which("git")
        if git is None:
            raise ConfigurationError(
                f"source {self.url!r} needs git, which is not installed", hint="Install git where ingestion runs."
            )
        place = ("--git-dir", str(self.folder)) if at_home else ()
        with self._environment() as environment:
            try:
                ran = subprocess.run(  # noqa: S603  (no shell; addresses and names stand behind `--`)
                    [git, *place, *arguments],
                    env=environment,
                    stdin=subprocess.DEVNULL,
                    capture_output=True,
                    timeout=seconds,
                    check=False,
                )
            except subprocess.TimeoutExpired as error:
                raise GitError(f"git {arguments[0]} took longer than {seconds:g} s") from error
        if ran.returncode:
            raise GitError(self._told(ran.stderr) or f"git {arguments[0]} ended with {ran.returncode}")
        return ran.stdout

    @contextmanager
    def _environment(self) -> Iterator[dict[str, str]]:
        """Git's environment: it asks nobody, and secrets are in no argument."""
        settings = [("gc.autoDetach", "false"), ("http.lowSpeedLimit", "1000"), ("http.lowSpeedTime", "60")]
        secrets: dict[str, str] = {}
        if password := self._credentials.get("password"):
            parts = urlsplit(self.url)
            helper = f"credential.{parts.scheme}://{parts.netloc.rpartition('@')[2]}.helper"
            settings += [(helper, ""), (helper, _HELPER)]  # the first clears those of the machine
            secrets = {_USERNAME: self._credentials.get("username") or "git", _PASSWORD: password}
        with _key_files(self._credentials) as ssh:
            yield {
                **{name: value for name, value in os.environ.items() if not name.startswith("GIT_CONFIG")},
                **secrets,
                **_as_variables(settings),
                "GIT_TERMINAL_PROMPT": "0",
                "GIT_ASKPASS": "",
                "SSH_ASKPASS": "",
                "GIT_SSH_COMMAND": os.environ.get("GIT_SSH_COMMAND", "ssh -o BatchMode=yes -o ConnectTimeout=30") + ssh,
                "GIT_ALLOW_PROTOCOL": "https:http:ssh:file:git",
                "LC_ALL": "C",
            }

    def _told(self, message: bytes) -> str:
        """Git's last lines, without its own hints and without secrets."""
        lines = [line for line in message.decode("utf-8", "replace").splitlines() if line.strip()]
        errors = [line for line in lines if line.startswith(("fatal:", "error:", "remote:"))] or lines
        secrets = [str(value) for value in self._credentials.values() if value]
        return one_line(redact(" ".join(errors), secrets))

    def _unreachable(self, error: Exception) -> InputError:
        return InputError(
            f"source {self.url!r} cannot be fetched: {error}",
            hint="Check address and credentials; a block `LLMOps documents in git` holds the latter.",
        )

    def _unknown(self, revision: str, references: list[str]) -> InputError:
        names = sorted({name.removeprefix(_HEADS).removeprefix(_TAGS) for name in references if name.count("/") > 1})
        names = [name for name in names if not name.endswith("^{}") and not name.startswith("refs/")]
        if not revision:
            return InputError(f"source {self.url!r} has no commits", hint="Push some, or name another repository.")
        near = get_close_matches(revision, names, n=1)
        guess = f"; did you mean {near[0]!r}?" if near else ""
        return InputError(
            f"source {self.url!r} has neither a branch nor a tag {revision!r}{guess}",
            hint=f"It has {', '.join(names[:10])}{', …' if len(names) > 10 else ''}." if names else "It is empty.",
        )


def _as_variables(settings: Sequence[tuple[str, str]]) -> dict[str, str]:
    """Settings as git reads them from its environment."""
    named = {"GIT_CONFIG_COUNT": str(len(settings))}
    for number, (key, value) in enumerate(settings):
        named |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
    return named


@contextmanager
def _key_files(credentials: Mapping[str, Any]) -> Iterator[str]:
    """Options of ssh for the key and the known hosts in `credentials`, which it takes from files only."""
    key, known = credentials.get("private_key"), credentials.get("known_hosts")
    if not key and not known:
        yield ""
        return
    with tempfile.TemporaryDirectory() as folder:  # for its owner only
        options = ""
        for name, content, option in (
            ("key", key, "-o IdentitiesOnly=yes -i"),
            ("known", known, "-o StrictHostKeyChecking=yes -o UserKnownHostsFile="),
        ):
            if content:
                file = Path(folder) / name
                file.touch(0o600)
                file.write_text(content.strip() + "\n", encoding="utf-8")
                options += f" {option}{'' if option.endswith('=') else ' '}{file}"
        yield options
