"""``IndexStore``: base class of the blocks of vector stores."""

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

from blocks.base import PlatformBlock

if TYPE_CHECKING:
    from collections.abc import Callable

    from tasks_lib.assistant.contract.index import Index
    from tasks_lib.home import Home

STORED_INDEX = "blocks.stored_index.StoredIndex"


class IndexStore(PlatformBlock, ABC):
    """A database that holds indexes."""

    @abstractmethod
    def index(
        self,
        name: str,
        home: "Home",
        *,
        version: str | None = None,
        released: bool = False,
        dimension: "Callable[[], int] | None" = None,
    ) -> "Index":
        """The index called `name`, whether it exists or not.

        :param home: Holds the embedded state, such as lock files.
        :param version: Opens a committed state for reading only.
        :param released: Opens the released state, whichever that is when it is read, for reading only.
        :param dimension: Returns the dimension of the vectors; called only if the index does not exist.
        """

    @abstractmethod
    def indexes(self, home: "Home") -> list[str]:
        """Names of all indexes."""

    @abstractmethod
    def check(self, home: "Home") -> str:
        """Reach the store with its credentials; one line about it.

        :raises LlmopsError: If it cannot be reached, refuses the credentials or is too old.
        """

    def stored_as(self, index: str, version: str | None, *, released: bool = False) -> dict[str, Any] | None:
        """What a serialised pipeline holds instead of address and credentials: this block's slug.

        `None` for a block that could not be found again; then the pipeline holds the address, and no credentials.
        """
        if not (self._block_document_name or self._origin):
            return None
        parameters: dict[str, Any] = {"store": self.slug, "index": index, "version": version}
        if released:
            parameters["released"] = True
        return {"type": STORED_INDEX, "init_parameters": parameters}
