"""What the retriever finds, without an answer."""

from collections.abc import Sequence

from haystack import Pipeline

from tasks_lib.assistant.contract.answer import Source
from tasks_lib.assistant.contract.platform import Platform
from tasks_lib.assistant.contract.sources import source_of
from tasks_lib.assistant.retrieval.pipeline import PASSAGES, add_retrieval, inputs_of, open_index
from tasks_lib.config.rag import RagConfig


def search(
    platform: Platform, rag: RagConfig, queries: Sequence[str], *, index_version: str | None = None
) -> list[list[Source]]:
    """Passages for each query, the best first, as the assistant would retrieve them.

    :raises InputError: If the index does not exist.
    """
    pipeline = Pipeline()
    index = open_index(rag, platform, index_version)
    add_retrieval(pipeline, rag.retriever, index, platform.embedder(rag.embedder))
    found = []
    for query in queries:
        documents = pipeline.run(inputs_of(query, rag.retriever))[PASSAGES]["documents"]
        found.append([source_of(document) for document in documents])
    return found
