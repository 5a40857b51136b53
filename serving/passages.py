"""What of the documents the version in production would find, without an answer."""

from collections.abc import Collection, Sequence
from typing import Any

from tasks_lib.assistant.answering.conversation import check_messages
from tasks_lib.assistant.contract.access import asked_by, member_of
from tasks_lib.assistant.contract.answer import Message
from tasks_lib.assistant.contract.index import shown_documents
from tasks_lib.assistant.contract.platform import Platform
from tasks_lib.assistant.retrieval.pipeline import open_index, require_index
from tasks_lib.assistant.retrieval.search import search
from tasks_lib.assistant.retrieval.where import where_filters
from tasks_lib.registry.live import LiveVersion


def find_passages(
    platform: Platform, live: LiveVersion, query: str, where: Sequence[str] = (), groups: Collection[str] = ()
) -> list[dict[str, Any]]:
    """Passages for a query, the best first, with the configuration of `live` and this code, as `llmops search` does.

    :param where: Conditions that passages meet.
    :param groups: Those of whoever searches.
    :raises InputError: If the query is empty or too long, a condition cannot be read, or there is no index.
    """
    check_messages([Message(role="user", content=query)])
    rag, state = live.rag, live.pinned_index_version
    if where:
        with asked_by(member_of(groups)):
            filters = where_filters(where, open_index(platform, rag, state), rag.retriever.filters)
        rag = rag.model_copy(update={"retriever": rag.retriever.model_copy(update={"filters": filters})})
    (sources,) = search(platform, rag, [query], index_version=state, caller=member_of(groups))
    return [source.model_dump(mode="json") for source in sources]


def list_documents(platform: Platform, live: LiveVersion, groups: Collection[str] = ()) -> list[dict[str, str]]:
    """Documents of the state that `live` reads and a member of `groups` may see, by source and path.

    :raises InputError: If there is no index.
    """
    require_index(platform, live.rag, live.pinned_index_version)
    index = open_index(platform, live.rag, live.pinned_index_version)
    with asked_by(member_of(groups)):
        shown = shown_documents(index)
    return [{"document": document, "source": source} for source, document in sorted(shown)]
