"""A list of API keys behind something that fails or hangs: what places outside of the home are to an endpoint."""

from threading import Event

from tasks_lib.config.key_file import KeyFile
from tasks_lib.config.stored_key import StoredKey


class DistantFile(KeyFile):
    """A file; `failure` is raised by each look, and each waits while `hangs` is given and not set."""

    outside = True
    failure: Exception | None = None
    hangs: Event | None = None
    reads = 0

    def in_use(self) -> bool:
        """As of every place outside."""
        return True

    def stamp(self) -> tuple[int, int, int] | None:
        """As of a file, if it can be reached."""
        if self.hangs:
            self.hangs.wait()
        if self.failure:
            raise self.failure
        return super().stamp()

    def read(self) -> list[StoredKey]:
        """As of a file, counted."""
        self.reads += 1
        return super().read()
