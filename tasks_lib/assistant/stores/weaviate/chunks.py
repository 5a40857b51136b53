"""Where the chunks of an index lie on Weaviate: in one collection, or in a tenant of it for each audience."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from weaviate.collections import Collection

PAGE = 1000


@dataclass(frozen=True)
class Place:
    """A part of an index that is searched by itself, with keyword statistics of its own.

    :param mark: Of the audience whose tenant it is; without tenants `None`.
    :param properties: Those of its chunks.
    """

    chunks: "Collection[Any, Any]"
    mark: str | None
    properties: tuple[str, ...]

    def pages(self, condition: Any, properties: Sequence[str], *, vectors: bool = False) -> Iterator[Any]:
        """Objects that satisfy a Weaviate filter, visible or not, read a page at a time."""
        offset = 0
        while True:
            page = self.chunks.query.fetch_objects(
                filters=condition,
                limit=PAGE,
                offset=offset,
                include_vector=vectors,
                return_properties=list(properties),
            ).objects
            yield from page
            if len(page) < PAGE:
                return
            offset += PAGE


class Chunks:
    """The chunks of one index.

    :param collection: Weaviate's collection, as its client gives it.
    """

    def __init__(self, collection: "Callable[[], Collection[Any, Any]]") -> None:
        self._collection = collection

    def by_audience(self) -> bool:
        """Whether each audience has a tenant of its own, which is decided when an index is made."""
        return bool(self._collection().config.get().multi_tenancy_config.enabled)

    def properties(self) -> list[str]:
        """Names of the properties."""
        return [item.name for item in self._collection().config.get(simple=True).properties]

    def places(self, marks: Iterable[str] | None = None) -> list[Place]:
        """All places, or those of `marks`; without tenants it is the one that there is."""
        collection = self._collection()
        config = collection.config.get()
        names = tuple(item.name for item in config.properties)
        if not config.multi_tenancy_config.enabled:
            return [Place(collection, None, names)]
        return [
            Place(collection.with_tenant(mark), mark, names)
            for mark in (sorted(collection.tenants.get()) if marks is None else marks)
        ]

    def place_of(self, mark: str) -> Place:
        """Where chunks with this mark are written."""
        return self.places([mark])[0]

    def make_tenants(self, marks: Iterable[str]) -> None:
        """Make those tenants that are missing; without tenants nothing is done."""
        if self.by_audience():
            tenants = self._collection().tenants
            missing = sorted(set(marks) - set(tenants.get()))
            if missing:
                tenants.create(missing)

    def remove_tenants(self, needed: Iterable[str]) -> None:
        """Remove the tenants that hold nothing, but those of the marks that are `needed`."""
        if not self.by_audience():
            return
        collection = self._collection()
        others = set(collection.tenants.get()) - set(needed)
        empty = [mark for mark in others if not len(collection.with_tenant(mark))]
        if empty:
            collection.tenants.remove(empty)

    def fetch(self, condition: Any, properties: Sequence[str], *, vectors: bool = False) -> Iterator[tuple[Place, Any]]:
        """Objects that satisfy a Weaviate filter, visible or not, and where they lie."""
        for place in self.places():
            for item in place.pages(condition, properties, vectors=vectors):
                yield place, item

    def every(self, properties: Sequence[str]) -> Iterator[Any]:
        """All objects, visible or not."""
        for place in self.places():
            yield from place.chunks.iterator(return_properties=list(properties))

    def delete(self, condition: Any) -> None:
        """Delete the objects that satisfy a Weaviate filter."""
        for place in self.places():
            while place.chunks.data.delete_many(condition).successful:
                pass  # the server deletes a limited number at a time
