"""How a stored pipeline names an index whose address and credentials are a block's."""

from typing import Any

from blocks.environment import store_of_environment
from blocks.slugs import resolve_slug
from blocks.store import IndexStore
from tasks_lib.errors import ConfigurationError
from tasks_lib.home import Home


class StoredIndex:
    """Replaces a document store in a serialised pipeline; see `IndexStore.stored_as`."""

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Any:
        """The document store itself, with what the block of this slug knows.

        :raises ConfigurationError: If there is no such block.
        """
        parameters = data["init_parameters"]
        store = _store(parameters["store"])
        index: Any = store.index(
            parameters["index"],
            Home.from_environment(),
            version=parameters["version"],
            released=parameters.get("released", False),
        )
        return index.store


def _store(slug: str) -> IndexStore:
    environment = store_of_environment()
    if environment is not None and environment.slug == slug:
        return environment
    if slug == "environment/weaviate":
        raise ConfigurationError(f"the environment describes no index {slug!r}", hint="Set WEAVIATE_URL.")
    return resolve_slug(slug, IndexStore, "the pipeline")  # type: ignore[type-abstract]
