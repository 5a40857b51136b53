"""The Haystack components that cut documents into chunks: ours, and one around any splitter of Haystack's."""

from bisect import bisect_right
from typing import Any, Literal, Self

from haystack import Document, component, default_from_dict, default_to_dict
from haystack.core.component import Component
from haystack.core.serialization import component_to_dict

from tasks_lib.assistant.contract.embedder import Embedder
from tasks_lib.config.rag import ChunkingConfig
from tasks_lib.haystack_yaml import nested_component
from tasks_lib.ingestion.chunk import Chunk
from tasks_lib.ingestion.chunking import chunk_document, chunk_meta, heading_paths
from tasks_lib.ingestion.converters.converted import ConvertedDocument
from tasks_lib.ingestion.converters.documents import IDENTITY, from_documents
from tasks_lib.ingestion.converters.reading import one_line
from tasks_lib.ingestion.result import FailedDocument

NOTHING = "empty: nothing in it can be searched"


@component
class ChunkSplitter:
    """Cuts documents by structure or by count into chunks of a budget, in the embedder's own tokens.

    :param embedder: Tells the tokens of a text.
    :param tokens: Largest chunk.
    :param overlap: Tokens repeated from the chunk before.
    :param strategy: `structure` cuts at headings, paragraphs and sentences; `fixed` cuts every `tokens` tokens.
    """

    def __init__(
        self,
        *,
        embedder: Embedder,
        tokens: int = 125,
        overlap: int = 0,
        strategy: Literal["structure", "fixed"] = "structure",
    ) -> None:
        self.embedder = embedder
        self.chunking = ChunkingConfig(tokens=tokens, overlap=overlap, strategy=strategy)

    def to_dict(self) -> dict[str, Any]:
        """Serialise the component, the embedder included."""
        return default_to_dict(self, embedder=self.embedder, **self.chunking.model_dump(exclude={"splitter"}))

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self:
        """Rebuild the component."""
        return default_from_dict(cls, data)

    @component.output_types(documents=list[Document], failed=list[FailedDocument])
    def run(self, documents: list[Document]) -> dict[str, list[Any]]:
        """Cut `documents`.

        :returns: `documents`, the chunks with `start` and `end` in their metadata, and `failed`.
        """
        chunks: list[Document] = []
        failed: list[FailedDocument] = []
        for document in documents:
            identity = {name: document.meta.get(name, "") for name in IDENTITY}
            made = list(chunk_document(from_documents([document]), self.chunking, self.embedder, **identity))
            if made:
                chunks += [chunk.to_document() for chunk in made]
            else:
                failed.append(FailedDocument(path=identity["document"], reason=NOTHING))
        return {"documents": chunks, "failed": failed}


@component
class SplitterWithSpans:
    """Cuts documents by any splitter of Haystack's, one by one, and tells where in its document each piece lies.

    The span is exact where the splitter keeps `split_idx_start`, or where the piece's text occurs once in the document.
    Elsewhere it is that of the whole document.

    :param splitter: Takes and gives `documents`.
    """

    def __init__(self, *, splitter: Component) -> None:
        self.splitter = splitter

    def to_dict(self) -> dict[str, Any]:
        """Serialise the component, its splitter included."""
        return default_to_dict(self, splitter=component_to_dict(self.splitter, "splitter"))

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self:
        """Rebuild the component and its splitter."""
        return cls(splitter=nested_component(data["init_parameters"]["splitter"], "splitter"))

    def warm_up(self) -> None:
        """Warm up the splitter."""
        if hasattr(self.splitter, "warm_up"):
            self.splitter.warm_up()

    @component.output_types(documents=list[Document], failed=list[FailedDocument])
    def run(self, documents: list[Document]) -> dict[str, list[Any]]:
        """Cut `documents`.

        :returns: `documents`, the chunks with `start` and `end` in their metadata, and `failed`.
        """
        chunks: list[Document] = []
        failed: list[FailedDocument] = []
        for document in documents:
            converted = from_documents([document])
            whole = Document(content=converted.text[converted.body :])
            identity = {name: document.meta.get(name, "") for name in IDENTITY}
            try:
                given = self.splitter.run(documents=[whole])["documents"]
                pieces = [piece for piece in given if (piece.content or "").strip()]
            except Exception as error:  # noqa: BLE001  (splitters of other packages raise anything)
                reason = f"cannot be cut: {one_line(str(error) or type(error).__name__)}"
                failed.append(FailedDocument(path=identity["document"], reason=reason))
                continue
            if not pieces:
                failed.append(FailedDocument(path=identity["document"], reason=NOTHING))
            chunks += [chunk.to_document() for chunk in _chunks(pieces, converted, identity)]
        return {"documents": chunks, "failed": failed}


def _chunks(pieces: list[Document], converted: ConvertedDocument, identity: dict[str, Any]) -> list[Chunk]:
    paths = heading_paths(converted)
    positions = [-1, *(heading.position for heading in converted.headings)]
    chunks = []
    for piece in pieces:
        content = piece.content or ""
        span = span_of(piece, converted.text, converted.body)
        start, end = span or (0, len(converted.text))
        above = positions[bisect_right(positions, start) - 1] if span else -1
        chunks.append(
            Chunk(
                **identity,
                content=content,
                start=start,
                end=end,
                title=converted.title,
                heading=" > ".join(paths[above]) or None,
                page=converted.page_at(start) if span else None,
                meta=chunk_meta(converted),
            )
        )
    return chunks


def span_of(piece: Document, text: str, body: int = 0) -> tuple[int, int] | None:
    """Where a splitter's `piece` lies in `text`, whose content begins at `body`; `None` where that is not sure."""
    content = piece.content or ""
    offset = piece.meta.get("split_idx_start")
    if isinstance(offset, int) and text.startswith(content, body + offset):
        return body + offset, body + offset + len(content)
    first = text.find(content, body)
    if first < 0 or text.find(content, first + 1) >= 0:
        return None
    return first, first + len(content)
