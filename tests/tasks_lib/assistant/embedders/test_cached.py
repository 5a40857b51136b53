"""A cached embedder says the same, and is asked once."""

from tasks_lib.assistant.embedders.cached import CachedEmbedder
from tasks_lib.assistant.embedders.minilm import MiniLM
from tasks_lib.assistant.embedders.text_embedder import TextEmbedder


class Counting(MiniLM):
    """MiniLM that counts what it embeds."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def embed(self, texts: list[str]) -> list[list[float]]:
        """As MiniLM."""
        self.asked += texts
        return super().embed(texts)


def test_a_text_is_embedded_once_and_its_vector_stays_the_same() -> None:
    counting = Counting()
    cached = CachedEmbedder(counting)

    first = cached.embed(["leave", "pay", "leave"])
    again = cached.embed(["pay", "overtime", "leave"])

    assert counting.asked == ["leave", "pay", "overtime"]
    assert first == MiniLM().embed(["leave", "pay", "leave"])
    assert [again[2], again[0]] == first[:2]


def test_what_was_not_asked_for_lately_is_forgotten() -> None:
    counting = Counting()
    cached = CachedEmbedder(counting, texts=2)

    for text in ("a", "b", "a", "c", "a", "b"):
        cached.embed([text])

    assert counting.asked == ["a", "b", "c", "b"]


def test_a_pipeline_stores_the_embedder_without_its_cache() -> None:
    component = TextEmbedder(CachedEmbedder(MiniLM()))

    assert component.to_dict() == TextEmbedder(MiniLM()).to_dict()
    assert list(component.run("leave")["embedding"]) == list(TextEmbedder(MiniLM()).run("leave")["embedding"])


def test_a_model_that_tells_queries_from_documents_goes_on_doing_so() -> None:
    class Asymmetric(MiniLM):
        def embed_query(self, text: str) -> list[float]:
            return [float(len(text))]

    assert TextEmbedder(CachedEmbedder(Asymmetric())).run("leave")["embedding"].tolist() == [5.0]
