"""Addresses of git repositories, written as pip writes them: `git+https://host/repository@branch#subdirectory=docs`."""

from dataclasses import dataclass
from urllib.parse import parse_qs, unquote, urlsplit

from tasks_lib.errors import InputError

SCHEMES = ("git+https", "git+http", "git+ssh", "git+file", "git+git")
_HINT = "Write git+https://host/repository@branch#subdirectory=docs; branch and subdirectory may be left out."


@dataclass(frozen=True)
class GitAddress:
    """A repository, and which part of it is meant."""

    repository: str
    """What git is asked for, without credentials."""
    revision: str = ""
    """A branch or a tag; empty for the default branch."""
    folder: str = ""

    @classmethod
    def parse(cls, uri: str) -> "GitAddress":
        """The parts of `uri`.

        :raises InputError: If it is no address of a repository, or leads out of one.
        """
        whole, _, fragment = uri.removeprefix("git+").partition("#")
        parts = urlsplit(whole)
        path, _, revision = parts.path.partition("@")
        options = parse_qs(fragment, strict_parsing=False)
        folder = unquote(options.pop("subdirectory", [""])[0]).strip("/")
        if (not parts.hostname and parts.scheme != "file") or not path.strip("/") or options or parts.query:
            raise InputError(f"source {uri!r} is no address of a git repository", hint=_HINT)
        revision = unquote(revision)
        if revision.startswith("-") or ".." in folder.split("/") or any(ord(letter) < 33 for letter in revision):
            raise InputError(f"source {uri!r} names a branch or a folder that git cannot have", hint=_HINT)
        return cls(f"{parts.scheme}://{parts.netloc}{path.rstrip('/')}", revision, folder)

    @property
    def uri(self) -> str:
        """The identity of the source."""
        revision = f"@{self.revision}" if self.revision else ""
        return f"git+{self.repository}{revision}" + (f"#subdirectory={self.folder}" if self.folder else "")
