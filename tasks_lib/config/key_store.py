"""``KeyStore``: where a list of API keys is kept, so that endpoints take changes up while they run."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Mapping
from datetime import timedelta
from typing import TypeVar

from tasks_lib.config.stored_key import Rights, StoredKey, add_key, change_keys, end_keys, replace_key

Result = TypeVar("Result")
BLOCK_TYPE = "llmops-api-keys"
"""Slug of the type of Prefect's blocks that hold a list."""


class KeyStore(ABC):
    """A place with one list of keys. Changes are made one at a time and seen whole."""

    outside = True
    """Whether it lies outside of the home: then looking there takes a while, and it may be away."""

    @property
    @abstractmethod
    def place(self) -> str:
        """Where the list lies, as people are told."""

    def in_use(self) -> bool:
        """Whether the endpoint needs keys because of it: a place outside was named because they are wanted."""
        return True

    @abstractmethod
    def read(self) -> list[StoredKey]:
        """All keys, in the order in which they were made.

        :raises ConfigurationError: If the list is broken, or the place does not exist.
        :raises KeysAwayError: If the place cannot be reached.
        """

    @abstractmethod
    def stamp(self) -> Hashable:
        """What differs once the list has changed; cheaper than reading it.

        :raises ConfigurationError: If the place does not exist.
        :raises KeysAwayError: If the place cannot be reached.
        """

    @abstractmethod
    def changing(self, change: Callable[[list[StoredKey]], Result]) -> Result:
        """Read the list, let `change` change it, and write it if nothing was raised; whole or not at all.

        :param change: May be called again with what somebody else has written meanwhile.
        :raises ConfigurationError: If the list is broken, the place does not exist, or somebody else keeps writing.
        :raises KeysAwayError: If the place cannot be reached.
        """

    def create(
        self, name: str, *, by: str, rights: Rights | None = None, lasts: timedelta | None = None
    ) -> tuple[str, StoredKey]:
        """As :func:`~tasks_lib.config.stored_key.add_key`."""
        return self.changing(lambda keys: add_key(keys, name, by=by, rights=rights, lasts=lasts))

    def rotate(self, name: str, *, by: str, grace: timedelta) -> tuple[str, StoredKey]:
        """As :func:`~tasks_lib.config.stored_key.replace_key`."""
        return self.changing(lambda keys: replace_key(keys, name, by=by, grace=grace))

    def change(self, name: str, changes: Mapping[str, object]) -> list[StoredKey]:
        """As :func:`~tasks_lib.config.stored_key.change_keys`."""
        return self.changing(lambda keys: change_keys(keys, name, changes))

    def revoke(self, name: str, *, by: str) -> list[StoredKey]:
        """As :func:`~tasks_lib.config.stored_key.end_keys`."""
        return self.changing(lambda keys: end_keys(keys, name, by=by))
