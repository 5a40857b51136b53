"""What the connection with a Weaviate server does when it is lost."""

import httpx
import pytest

from tasks_lib.assistant.stores.weaviate.connection import WeaviateConnection
from tasks_lib.assistant.stores.weaviate.index import WeaviateIndex
from tasks_lib.errors import IndexUnavailableError
from tests.tasks_lib.assistant.stores.weaviate.conftest import SOURCE, MakeChunks, vector_of

CONNECTION = WeaviateConnection("http://127.0.0.1:1")


class Asked:
    """Fails as often as it is told."""

    def __init__(self, failures: int, error: Exception) -> None:
        self.calls, self.failures, self.error = 0, failures, error

    def __call__(self) -> str:
        self.calls += 1
        if self.calls <= self.failures:
            raise self.error
        return "found"


LOST = [
    httpx.ReadError("[Errno 9] Bad file descriptor"),
    httpx.RemoteProtocolError("Server disconnected without sending a response."),
    OSError(9, "Bad file descriptor"),
]


@pytest.mark.parametrize("error", LOST)
def test_what_is_read_is_asked_once_more_where_the_connection_is_lost(error: Exception) -> None:
    asked = Asked(1, error)
    assert CONNECTION.read("index 'a'", asked) == "found"
    assert asked.calls == 2


@pytest.mark.parametrize(("error", "calls"), [*((error, 2) for error in LOST), (httpx.ReadTimeout("slow"), 1)])
def test_a_server_that_stays_away_is_named_and_a_slow_one_is_not_asked_again(error: Exception, calls: int) -> None:
    asked = Asked(9, error)
    with pytest.raises(IndexUnavailableError, match="Weaviate at http://127.0.0.1:1 failed with index 'a'"):
        CONNECTION.read("index 'a'", asked)
    assert asked.calls == calls


def test_a_search_finds_when_the_connection_is_lost_under_it(
    server: WeaviateConnection, index: WeaviateIndex, chunks: MakeChunks, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As it happened once to an endpoint under load: one request met a closed file."""
    index.replace(SOURCE, ["a.md"], chunks("a.md", "leave is 27 days"))
    index.commit()
    index.store.forget()
    transport = server.client()._connection._client._transport  # type: ignore[union-attr]
    sent, lost = transport.handle_request, [httpx.ReadError("[Errno 9] Bad file descriptor")]

    def losing(request: httpx.Request) -> httpx.Response:
        if lost:
            raise lost.pop()
        return sent(request)

    monkeypatch.setattr(transport, "handle_request", losing)
    found = index.vector_retriever(top_k=1).run(vector_of("leave"))["documents"]
    assert [document.content for document in found] == ["leave is 27 days"]
    assert not lost
