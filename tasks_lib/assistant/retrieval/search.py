"""Retrieve passages for questions, without an answer."""

from collections.abc import Sequence

from tasks_lib.assistant.contract.access import Caller, asked_by
from tasks_lib.assistant.contract.answer import Source
from tasks_lib.assistant.contract.platform import Platform
from tasks_lib.assistant.contract.sources import source_of
from tasks_lib.assistant.contract.states import one_state
from tasks_lib.assistant.retrieval.pipeline import PASSAGES, inputs_of, require_index, search_pipeline
from tasks_lib.config.rag import RagConfig


def search(
    platform: Platform,
    rag: RagConfig,
    queries: Sequence[str],
    *,
    index_version: str | None = None,
    caller: Caller | None = None,
) -> list[list[Source]]:
    """Passages for each query, the best first, as the assistant would retrieve them.

    :param caller: Whose passages they are; without one, somebody's who sees what is public.
    :raises InputError: If the index does not exist.
    """
    require_index(platform, rag, index_version)
    pipeline = search_pipeline(platform, rag, index_version=index_version)
    with asked_by(caller or Caller()), one_state():
        results = [pipeline.run(inputs_of(pipeline, query))[PASSAGES]["documents"] for query in queries]
    return [[source_of(document) for document in documents] for documents in results]
