"""The one right to write an index, across processes; it ends with the process that holds it."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

from filelock import FileLock, Timeout

from tasks_lib.errors import IndexUnavailableError
from tasks_lib.storage_errors import cause_of, way_out


class WriterLock:
    """A lock file that the operating system releases when its holder dies; a thread may take it repeatedly.

    It holds between all processes that share `folder`. For an index in an object store that means the processes of one
    machine: between machines LanceDB refuses conflicting commits, so the table stays whole, but two ingestions may
    interleave; keep one at a time there with the deployment's concurrency limit.

    :param uri: Address of the database.
    :param name: Name of the index.
    :param folder: Where the lock file lies; by default in the system's temporary folder.
    """

    def __init__(self, uri: str, name: str, folder: Path | None = None) -> None:
        self._name = name
        self._folder = folder or Path(tempfile.gettempdir()) / "llmops-locks"
        digest = sha256(f"{uri}\n{name}".encode()).hexdigest()[:12]
        self._lock = FileLock(self._folder / f"{name}-{digest}.lock")

    @contextmanager
    def held(self, timeout_seconds: float) -> Iterator[None]:
        """Hold the lock.

        :raises IndexUnavailableError: If another thread or process keeps it for longer than `timeout_seconds`.
        """
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._lock.acquire(timeout=timeout_seconds)
        except Timeout as error:
            raise IndexUnavailableError(
                f"index {self._name!r} is being written by another process (waited {timeout_seconds:g} s)",
                hint="Wait until it has finished, then run this again.",
            ) from error
        except OSError as error:
            raise IndexUnavailableError(
                f"index {self._name!r} cannot be locked: {error.strerror or error}",
                hint=way_out(
                    cause_of(error, self._folder), str(self._folder), "Make sure that LLMOPS_HOME can be written."
                ),
            ) from error
        try:
            yield
        finally:
            self._lock.release()
