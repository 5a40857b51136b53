"""What was seen of the pages of a site, so that unchanged ones are not downloaded again. Losing it costs a download."""

import hashlib
import os
import sqlite3
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

KEPT_SECONDS = 86_400.0
"""Bodies that no run has taken by then, such as those of a killed one, are removed."""


@dataclass(frozen=True)
class SeenPage:
    """A page as it was when it was downloaded last."""

    digest: str
    size: int
    suffix: str
    etag: str = ""
    modified: str = ""

    @property
    def conditions(self) -> dict[str, str]:
        """Headers that ask for the page only if it has changed."""
        given = {"If-None-Match": self.etag, "If-Modified-Since": self.modified}
        return {name: value for name, value in given.items() if value}


class SeenPages:
    """Pages by their addresses in a small database, and bodies from when they are listed until they are read.

    :param folder: Of the site, below the home's cache.
    """

    def __init__(self, folder: Path) -> None:
        self._bodies = folder / "bodies"
        self._bodies.mkdir(parents=True, exist_ok=True)
        self._database = _opened(folder / "pages.sqlite")

    def get(self, url: str) -> SeenPage | None:
        """The page as it was seen last."""
        row = self._database.execute(
            "SELECT digest, size, suffix, etag, modified FROM pages WHERE url = ?", (url,)
        ).fetchone()
        return SeenPage(*row) if row else None

    def put(self, url: str, page: SeenPage, body: bytes) -> None:
        """Remember a page, and keep its body until it is taken."""
        part = self._bodies / f"{page.digest}.{os.getpid()}"
        part.write_bytes(body)
        part.replace(self._bodies / page.digest)
        values = (url, page.digest, page.size, page.suffix, page.etag, page.modified)
        self._database.execute("INSERT OR REPLACE INTO pages VALUES (?, ?, ?, ?, ?, ?)", values)

    def keep_only(self, urls: set[str]) -> None:
        """Forget the pages that are gone, and bodies that nobody came for."""
        known = {row[0] for row in self._database.execute("SELECT url FROM pages")}
        self._database.executemany("DELETE FROM pages WHERE url = ?", [(url,) for url in known - urls])
        for body in self._bodies.iterdir():
            with suppress(FileNotFoundError):
                if time.time() - body.stat().st_mtime > KEPT_SECONDS:
                    body.unlink()

    def close(self) -> None:
        """Close the database."""
        self._database.close()


def take_body(folder: Path, digest: str) -> bytes | None:
    """The body with this digest, once; whoever asks again downloads it."""
    body = folder / "bodies" / digest
    try:
        content = body.read_bytes()
    except FileNotFoundError:
        return None
    body.unlink(missing_ok=True)
    return content if digest_of(content) == digest else None


def digest_of(content: bytes) -> str:
    """SHA-256."""
    return hashlib.sha256(content).hexdigest()


def _opened(file: Path) -> sqlite3.Connection:
    try:
        return _prepared(file)
    except sqlite3.DatabaseError:  # written half by a machine that went down: it is only a cache
        file.unlink(missing_ok=True)
        return _prepared(file)


def _prepared(file: Path) -> sqlite3.Connection:
    database = sqlite3.connect(file, timeout=30, isolation_level=None, check_same_thread=False)
    database.execute("PRAGMA synchronous = OFF")
    database.execute(
        "CREATE TABLE IF NOT EXISTS pages "
        "(url TEXT PRIMARY KEY, digest TEXT, size INTEGER, suffix TEXT, etag TEXT, modified TEXT)"
    )
    return database
