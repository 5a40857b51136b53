"""The list of API keys in a file of the home."""

import os
from collections.abc import Callable
from pathlib import Path

from tasks_lib.config.key_store import KeyStore, Result
from tasks_lib.config.stored_key import StoredKey, read_from, written
from tasks_lib.errors import ConfigurationError

LOCK_SECONDS = 30.0


class KeyFile(KeyStore):
    """The keys of a home. Nobody but its owner may read the file."""

    outside = False

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def place(self) -> str:
        """The file."""
        return f"the file {str(self.path)!r}"

    def in_use(self) -> bool:
        """Whether a key was ever made."""
        return self.path.exists()

    def read(self) -> list[StoredKey]:
        """All keys, in the order in which they were made; none where there is no file.

        :raises ConfigurationError: If the file is broken.
        """
        try:
            text = self.path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return []
        hint = "Bring a copy of it back, or remove it and make keys anew with `llmops keys create NAME`."
        return read_from(text, self.place, hint=hint)

    def stamp(self) -> tuple[int, int, int] | None:
        """What differs once the file has changed; `None` where there is none."""
        try:
            found = self.path.stat()
        except FileNotFoundError:
            return None
        return found.st_ino, found.st_mtime_ns, found.st_size

    def changing(self, change: Callable[[list[StoredKey]], Result]) -> Result:
        """As :meth:`KeyStore.changing`, under a lock beside the file.

        :raises ConfigurationError: If the file is broken, or somebody else holds the lock.
        """
        from filelock import FileLock, Timeout

        self.path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with FileLock(self.path.with_name(f"{self.path.name}.lock"), timeout=LOCK_SECONDS):
                keys = self.read()
                result = change(keys)
                self._write(keys)
        except Timeout as error:
            raise ConfigurationError(
                f"somebody else has been changing {str(self.path)!r} for {LOCK_SECONDS:.0f} s",
                hint="Wait for them, then run the command again.",
            ) from error
        return result

    def _write(self, keys: list[StoredKey]) -> None:
        scratch = self.path.with_name(f"{self.path.name}.new")
        scratch.unlink(missing_ok=True)
        with os.fdopen(os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(written(keys))
            file.flush()
            os.fsync(file.fileno())
        scratch.replace(self.path)
