"""``Platform``: addresses and credentials for each role. It never decides what is answered; `blocks` implements it.

Tasks receive the platform, which is small and can be pickled, and build clients inside: nothing live crosses a process.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from haystack.components.generators.chat.types import ChatGenerator

    from tasks_lib.config.rag import LlmConfig, RagConfig
    from tasks_lib.ingestion.index import Index


class Embedder(Protocol):
    """A bi-encoder and its tokenizer. One that calls no other process may say so by a true `in_process`."""

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


@dataclass(frozen=True)
class SourceFile:
    """One file of a source, before it is read."""

    path: str
    size: int
    etag: str
    """Changes when the content may have changed; compared only within one source."""
    problem: str = ""
    """Why it cannot be read, in one line; a path that ends in `/` speaks for everything below it."""


class DocumentSource(Protocol):
    """Where documents come from."""

    uri: str

    def files(self) -> Iterator[SourceFile]:
        """Files that match, sorted by path; streamed."""
        ...

    def content_hash(self, file: SourceFile) -> str:
        """Digest of the content, without keeping it; an object store's ETag where reading would be a download.

        :raises OSError: If the file cannot be read.
        """
        ...

    def read(self, path: str, etag: str = "") -> bytes:
        """Content of one file.

        :param etag: As it was listed; empty to take the content whatever it is.
        :raises OSError: If the file cannot be read, or is no longer the one that was listed.
        """
        ...


@runtime_checkable
class Platform(Protocol):
    """What the flows may ask of a platform."""

    @property
    def name(self) -> str:
        """The name that `--platform` gives."""
        ...

    def tracking_uri(self) -> str:
        """MLflow tracking URI; artifacts and registry go with it. Creates embedded state if needed."""
        ...

    def index(self, rag: "RagConfig", *, version: str | None = None) -> "Index":
        """The index that `rag` names; `version` opens a committed state for reading only."""
        ...

    def open_index(self, name: str) -> "Index":
        """An index by its name, as `indexes` lists it."""
        ...

    def indexes(self) -> list[str]:
        """Names of all indexes of the platform."""
        ...

    def embedder(self, model: str) -> Embedder:
        """The embedder with this id.

        :raises ConfigurationError: If the platform cannot supply it.
        """
        ...

    def chat_generator(self, llm: "LlmConfig") -> "ChatGenerator | None":
        """A Haystack chat generator; `None` for `local/extractive`, which needs no model.

        :raises ConfigurationError: If the platform cannot supply it.
        """
        ...

    def judge(self) -> "ChatGenerator | None":
        """The chat generator that judges answers, where the platform names one."""
        ...

    def document_source(self, uri: str | None, include: tuple[str, ...] = ()) -> DocumentSource:
        """The source at `uri`; without one, the source that the platform names, else the sample handbook."""
        ...
