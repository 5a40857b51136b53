"""What lies around the best passages."""

from typing import Any

from haystack import Document, component
from haystack.document_stores.in_memory import InMemoryDocumentStore
from hypothesis import given
from hypothesis import strategies as st

from tasks_lib.assistant.retrieval.surroundings import CHARACTERS, Surroundings, is_around

LENGTH = 100


@component
class Retriever:
    """A retriever of a store, which is all that is asked for."""

    def __init__(self, store: InMemoryDocumentStore) -> None:
        self.document_store = store

    @component.output_types(documents=list[Document])
    def run(self) -> dict[str, Any]:
        return {"documents": self.document_store.filter_documents()}


def chunk(document: str, number: int) -> Document:
    start = number * LENGTH
    meta = {"source": "s", "document": document, "start": start, "end": start + LENGTH}
    return Document(id=f"{document}{number}", content="x", meta=meta)


@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 40)), min_size=1, max_size=8, unique=True))
def test_chunks_near_any_of_the_passages_are_found_and_no_others(places: list[tuple[str, int]]) -> None:
    store = InMemoryDocumentStore()
    store.write_documents([chunk(document, number) for document in "ab" for number in range(41)])
    found = [chunk(document, number) for document, number in places]
    beside = Surroundings(Retriever(store)).run(found)["documents"]
    near = CHARACTERS // LENGTH
    wanted = {(d, n + step) for d, n in places for step in range(-near, near + 1) if 0 <= n + step <= 40}
    around = {(d.meta["document"], d.meta["start"] // LENGTH) for d in beside if is_around(d)}
    assert around <= wanted - set(places)
    assert len(around) == min(16, len(wanted - set(places)))
