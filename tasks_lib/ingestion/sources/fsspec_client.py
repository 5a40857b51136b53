"""A folder of one of fsspec's file systems, by its address; and what is wrong with an address that has none."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote

from tasks_lib.errors import ConfigurationError, InputError
from tasks_lib.ingestion.sources.fingerprint import Entry
from tasks_lib.ingestion.sources.selection import ACCESS_FILE

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

NO_PLACES = frozenset(
    {"async_wrapper", "asyncwrapper", "asynclocal", "blockcache", "cached", "dask", "data", "dir", "filecache", "file"}
    | {"generic", "local", "reference", "simplecache"}
)
"""File systems around others, or of this machine."""
_PACKAGES = {"smbclient": "smbprotocol"}
"""Packages that are called otherwise than their modules."""


@dataclass(frozen=True)
class OpenedFolder:
    """A file system, and the folder in it that a source is."""

    fs: "AbstractFileSystem"
    root: str

    @property
    def is_web(self) -> bool:
        """Whether folders are pages of links, whose names are those of URLs."""
        return "http" in self._protocols

    @property
    def _is_ftp(self) -> bool:
        return "ftp" in self._protocols and self.fs.dircache.use_listings_cache

    @property
    def _protocols(self) -> tuple[str, ...]:
        return (self.fs.protocol,) if isinstance(self.fs.protocol, str) else tuple(self.fs.protocol)

    def location(self, path: str) -> str:
        """What the file system calls a path below the folder."""
        path = quote(path) if self.is_web else path
        return f"{self.root.rstrip('/')}/{path}" if path and self.root else path or self.root

    def children(self, folder: str) -> list[tuple[str, Entry]]:
        """Names and entries right below a folder, in the order of their full paths; hidden ones are not, sidecars are.

        A web server's page also links to itself in other orders (`?C=M`), and a prefix of an object store lists itself.

        :raises OSError: If it cannot be listed.
        """
        here = self.location(folder)
        prefix = f"{here.strip('/')}/" if here.strip("/") else ""
        found: dict[str, Entry] = {}
        entries = self.fs.ls(f"{here.rstrip('/')}/" if self.is_web else here, detail=True)
        if not entries and self._is_ftp and here not in self.fs.dircache:
            # its client takes an error of the server for an empty folder, but keeps only what was listed
            msg = f"the server does not list the folder {here!r}"
            raise OSError(msg)
        for entry in entries:
            whole = str(entry["name"]).strip("/")
            name = whole.removeprefix(prefix)
            if not whole.startswith(prefix) or not name or "/" in name or (self.is_web and re.search(r"[?#]", name)):
                continue
            name = unquote(name) if self.is_web else name
            if (name == ACCESS_FILE or not name.startswith(".")) and "/" not in name:
                found.setdefault(name, entry)
        return sorted(found.items(), key=lambda each: f"{each[0]}/" if each[1]["type"] == "directory" else each[0])


def open_folder(uri: str, options: Mapping[str, Any], told: Callable[[BaseException], str]) -> OpenedFolder:
    """Connect to the file system of `uri`.

    :param options: Storage options, as fsspec calls credentials and the like.
    :param told: An error of the file system's client in one line, without secrets.
    :raises InputError: If it cannot be reached, or does not take these options.
    :raises ConfigurationError: If the package for its scheme is not installed.
    """
    from fsspec.core import url_to_fs

    scheme = scheme_of(uri)
    require_file_system(uri)
    if scheme in {"sftp", "ssh"}:
        from tasks_lib.ingestion.sources.known_hosts import with_known_hosts

        options = with_known_hosts(options)
    try:
        fs, root = url_to_fs(uri, skip_instance_cache=True, **options)
    except Exception as error:  # each file system raises its client's own
        raise InputError(
            f"source {uri!r} cannot be reached: {told(error)}",
            hint="Check address and credentials; a block `LLMOps documents in storage` holds the latter.",
        ) from error
    return OpenedFolder(fs, root)


def require_file_system(uri: str) -> None:
    """Refuse an address that no installed file system reads.

    :raises InputError: If its scheme is unknown.
    :raises ConfigurationError: If a package is missing, which the hint names.
    """
    from fsspec import available_protocols, get_filesystem_class
    from fsspec.registry import registry

    scheme = scheme_of(uri)
    known = sorted({*available_protocols(), *registry} - NO_PLACES)
    if scheme not in known:
        near = get_close_matches(scheme, [*known, "s3", "git+https", "git+ssh", "https"], n=1, cutoff=0.5)
        guess = f"; did you mean {near[0]}://?" if near else ""
        raise InputError(
            f"source {uri!r}: nothing reads {scheme}://{guess}",
            hint="Name a folder, s3://bucket/prefix, https://host/sitemap.xml, git+https://host/repository, or an "
            f"address of {', '.join(known)}.",
        )
    try:
        get_filesystem_class(scheme)
    except ImportError as error:
        cause = error.__cause__
        module = (cause.name or "").partition(".")[0] if isinstance(cause, ModuleNotFoundError) else ""
        package = _PACKAGES.get(module, module.replace("_", "-"))
        raise ConfigurationError(
            f"source {uri!r}: {scheme}:// needs the package {package!r}, which is not installed"
            if package
            else f"source {uri!r}: {scheme}:// cannot be read as installed: {error}",
            hint=f"pip install {package}" if package else "Install what the message names.",
        ) from error


def scheme_of(uri: str) -> str:
    """What stands before `://`, in lower case."""
    return uri.partition("://")[0].lower()


def texts_in(options: Any) -> Iterator[str]:
    """Every text in storage options: any of them may be a secret."""
    if isinstance(options, Mapping):
        for value in options.values():
            yield from texts_in(value)
    elif isinstance(options, (list, tuple)):
        for value in options:
            yield from texts_in(value)
    elif isinstance(options, str):
        yield options
