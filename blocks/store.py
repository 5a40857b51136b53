"""``IndexStore``: what the blocks of all vector stores share."""

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from blocks.base import PlatformBlock

if TYPE_CHECKING:
    from collections.abc import Callable

    from tasks_lib.assistant.contract.index import Index
    from tasks_lib.home import Home


class IndexStore(PlatformBlock, ABC):
    """A database that holds indexes."""

    @abstractmethod
    def index(
        self, name: str, home: "Home", *, version: str | None = None, dimension: "Callable[[], int] | None" = None
    ) -> "Index":
        """The index called `name`, whether it exists or not.

        :param home: Holds the embedded state, such as lock files.
        :param version: Opens a committed state for reading only.
        :param dimension: Tells the length of its vectors; asked only if the index does not exist.
        """

    @abstractmethod
    def indexes(self, home: "Home") -> list[str]:
        """Names of all indexes."""

    @abstractmethod
    def check(self, home: "Home") -> str:
        """Reach the store with its credentials; one line about it.

        :raises LlmopsError: If it cannot be reached, refuses the credentials or is too old.
        """
