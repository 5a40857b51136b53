"""``Embedder``: what turns texts into vectors."""

from typing import Protocol


class Embedder(Protocol):
    """A bi-encoder and its tokenizer. One that calls no other process may say so by a true `in_process`.

    One that tells questions from passages has `embed_query(text)`; one whose unrelated texts have a cosine far from 0
    tells it as `unrelated`: language (ISO 639-1, empty for all others) → that cosine.
    """

    @property
    def dimension(self) -> int:
        """Length of the vectors."""
        ...

    @property
    def max_tokens(self) -> int:
        """Tokens that are read of a text, without special tokens; the rest is cut off."""
        ...

    def embed(self, texts: list[str]) -> list[list[float]]:
        """Unit vectors, in the order of `texts`."""
        ...

    def token_spans(self, text: str) -> list[tuple[int, int]]:
        """Character span of every token of `text`, without special tokens and without truncation."""
        ...


def in_process(embedder: Embedder) -> bool:
    """Whether it computes here: it may be slow, but does not hang as a call of another process may."""
    return bool(getattr(embedder, "in_process", False))
