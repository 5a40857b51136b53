"""Run the indexing pipeline over a batch of documents; what is wrong with one is recorded, and the rest goes on."""

import mimetypes
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath
from typing import Any

import numpy as np
from haystack import Document, Pipeline
from haystack.core.errors import PipelineRuntimeError
from haystack.dataclasses import ByteStream
from numpy.typing import NDArray

from tasks_lib.assistant.contract.index import Index
from tasks_lib.errors import ConfigurationError, LlmopsError
from tasks_lib.ingestion.attachments import Attachments, attachments, left_out, opened_suffixes
from tasks_lib.ingestion.chunk import Chunk
from tasks_lib.ingestion.converters.convert import oversized
from tasks_lib.ingestion.converters.converted import UnreadableDocumentError
from tasks_lib.ingestion.converters.documents import IDENTITY, further
from tasks_lib.ingestion.converters.reading import one_line
from tasks_lib.ingestion.embedding import ChunkEmbedder, KnownVectors
from tasks_lib.ingestion.languages import with_languages
from tasks_lib.ingestion.pipeline import output_component, understood_suffixes
from tasks_lib.ingestion.plan import PlannedDocument
from tasks_lib.ingestion.result import DoubtfulDocument, FailedDocument
from tasks_lib.ingestion.sources.document_source import DocumentSource
from tasks_lib.ingestion.splitters import NOTHING


@dataclass(frozen=True)
class PreparedBatch:
    """Chunks of whole documents, ready to be written, and what went wrong."""

    documents: list[str] = field(default_factory=list)
    chunks: list[Document] = field(default_factory=list)
    vectors: NDArray[np.float32] = field(default_factory=lambda: np.empty((0, 0), dtype=np.float32))
    """One row for each chunk."""
    failed: list[FailedDocument] = field(default_factory=list)
    doubtful: list[DoubtfulDocument] = field(default_factory=list)
    """Documents that are in, whose text may be wrong."""
    embedded: int = 0
    parts: list[str] = field(default_factory=list)
    """Documents that came with those, such as attachments; they are written and deleted with them."""

    def records(self) -> Iterator[Document]:
        """The chunks as the index takes them."""
        for chunk, vector in zip(self.chunks, self.vectors, strict=True):
            yield replace(chunk, embedding=vector.tolist())


def prepare_batch(
    planned: Sequence[PlannedDocument],
    source: DocumentSource,
    index: Index,
    pipeline: Pipeline,
    max_bytes: int,
    *,
    beside: Index | None = None,
) -> PreparedBatch:
    """Read documents, and run `pipeline` (see :func:`~tasks_lib.ingestion.pipeline.indexing_pipeline`) over them.

    :param index: Its vectors are known: equal texts are not embedded again.
    :param max_bytes: Larger files are not converted.
    :param beside: Another index of the same embedder, whose vectors are known too.
    """
    files: list[ByteStream] = []
    failed: list[FailedDocument] = []
    messages: dict[str, Attachments] = {}
    understood, opened = understood_suffixes(pipeline), opened_suffixes(pipeline)
    for document in planned:
        try:
            data = source.read(document.location, document.etag)
        except OSError as error:
            failed.append(FailedDocument(path=document.path, reason=f"cannot be read: {error.strerror or error}"))
            continue
        if len(data) > max_bytes:
            failed.append(FailedDocument(path=document.path, reason=oversized(len(data), max_bytes)))
            continue
        files.append(_file(source.uri, document.path, document.document_hash, data, document.named))
        if PurePosixPath(document.named).suffix.lower() in opened:
            came = messages[document.path] = attachments(document.path, data, understood, max_bytes)
            files += [_file(source.uri, path, document.document_hash, content) for path, content in came.files]

    def known_vectors(hashes: Sequence[str]) -> dict[str, list[float]]:
        known = index.embeddings(hashes) if index.exists() else {}
        missing = [digest for digest in hashes if digest not in known]
        return known | beside.embeddings(missing) if beside and missing and beside.exists() else known

    batch = _run(pipeline, files, known_vectors)
    batch = _by_message(batch, messages) if messages else batch
    return replace(batch, failed=[*failed, *batch.failed])


def _file(source: str, path: str, document_hash: str, data: bytes, named: str = "") -> ByteStream:
    """:param named: A path whose end tells the format, where that of `path` does not."""
    named = named or path
    meta = {**dict(zip(IDENTITY, (source, path, document_hash), strict=True)), "file_path": named}
    return ByteStream(data, meta=meta, mime_type=mimetypes.guess_type(named)[0])


def _by_message(batch: PreparedBatch, messages: Mapping[str, Attachments]) -> PreparedBatch:
    """Make attachments parts of their messages: none is in without it, and what fails of them is told of it."""
    message_of = {path: message for message, came in messages.items() for path, _ in came.files}
    documents = [path for path in batch.documents if path not in message_of]
    parts = [path for path in batch.documents if message_of.get(path) in documents]
    written = {*documents, *parts}
    rows = [row for row, chunk in enumerate(batch.chunks) if chunk.meta["document"] in written]
    reasons = {message: list(came.left_out) for message, came in messages.items()}
    for failure in batch.failed:
        if message := message_of.get(failure.path):
            reasons[message].append(f"{failure.path.removeprefix(f'{message}/')!r}: {failure.reason}")
    doubts = {message: left_out(reasons[message]) for message in messages if message in written and reasons[message]}
    return replace(
        batch,
        documents=documents,
        parts=parts,
        chunks=[batch.chunks[row] for row in rows],
        vectors=batch.vectors[rows],
        failed=[failure for failure in batch.failed if failure.path not in message_of],
        doubtful=[
            *(doubt for doubt in batch.doubtful if doubt.path in written),
            *(DoubtfulDocument(path=path, reason=reason) for path, reason in doubts.items()),
        ],
    )


def _run(pipeline: Pipeline, files: list[ByteStream], known_vectors: KnownVectors) -> PreparedBatch:
    """Run over all files at once; where a component does not take them together, over each by itself."""
    if not files:
        return PreparedBatch()
    given = {"sources": files, "known_vectors": known_vectors}
    inputs = {
        name: {socket: given[socket] for socket in sockets if socket in given}
        for name, sockets in pipeline.inputs().items()
    }
    try:
        return _batch_of(pipeline.run(inputs), output_component(pipeline), files)
    except PipelineRuntimeError as error:
        cause = error.__cause__
        if cause is not None and (error.component_type is ChunkEmbedder or _is_of_the_run(cause)):
            raise cause from None
        reason = f"{error.component_name}: {one_line(str(cause or error) or type(cause).__name__)}"
    except UnreadableDocumentError as error:
        reason = error.message
    if len(files) == 1:
        return PreparedBatch(failed=[FailedDocument(path=files[0].meta["document"], reason=reason)])
    return _joined([_run(pipeline, [file], known_vectors) for file in files])


def _is_of_the_run(error: BaseException) -> bool:
    """Whether an error of a component speaks of the run, not of a document."""
    named = isinstance(error, LlmopsError) and not isinstance(error, UnreadableDocumentError)
    return named or isinstance(error, (ConnectionError, TimeoutError, MemoryError))


def _joined(batches: Sequence[PreparedBatch]) -> PreparedBatch:
    written = [batch.vectors for batch in batches if batch.chunks]
    return PreparedBatch(
        [path for batch in batches for path in batch.documents],
        [chunk for batch in batches for chunk in batch.chunks],
        np.concatenate(written) if written else PreparedBatch().vectors,
        [failure for batch in batches for failure in batch.failed],
        [doubt for batch in batches for doubt in batch.doubtful],
        sum(batch.embedded for batch in batches),
    )


def _batch_of(outputs: dict[str, Any], last: str, files: list[ByteStream]) -> PreparedBatch:
    """All or nothing: a document that failed in any component, or gave nothing, has no chunks."""
    identities = {file.meta["document"]: {name: file.meta[name] for name in IDENTITY} for file in files}
    reported = (failure for output in outputs.values() for failure in output.get("failed", ()))
    failures = {failure.path: failure for failure in reported if isinstance(failure, FailedDocument)}
    end = outputs.get(last, {})
    given: list[Document] = end.get("documents", [])
    vectors = end["vectors"] if "vectors" in end else _embeddings(given)
    chunks = with_languages(_as_chunks(given, identities))
    arrived = {chunk.meta["document"] for chunk in chunks}
    for path in identities.keys() - arrived - failures.keys():
        failures[path] = FailedDocument(path=path, reason=NOTHING)
    rows: dict[str, int] = {}
    for row, chunk in enumerate(chunks):
        if chunk.meta["document"] not in failures:
            rows.setdefault(chunk.id, row)
    if len(rows) < len(chunks):
        chunks, vectors = [chunks[row] for row in rows.values()], vectors[list(rows.values())]
    documents = [path for path in identities if path not in failures]
    doubts = (doubt for output in outputs.values() for doubt in output.get("doubtful", ()))
    doubtful = [doubt for doubt in doubts if isinstance(doubt, DoubtfulDocument) and doubt.path not in failures]
    embedded = end.get("embedded", len(given))
    return PreparedBatch(documents, chunks, vectors, list(failures.values()), doubtful, embedded)


def _embeddings(documents: list[Document]) -> NDArray[np.float32]:
    """Vectors as embedders of other packages give them."""
    if any(document.embedding is None for document in documents):
        raise ConfigurationError(
            "ingest.pipeline names a pipeline whose chunks have no vectors",
            hint="Let it end in an embedder, as in `llmops pipeline show indexing`.",
        )
    return np.asarray([document.embedding for document in documents], dtype=np.float32)


def _as_chunks(documents: list[Document], identities: dict[str, dict[str, str]]) -> list[Document]:
    """Chunks with our metadata: components of other packages give less of it.

    :raises UnreadableDocumentError: If one does not tell which of several documents it is from.
    """
    paths = [str(document.meta.get("document")) for document in documents]
    if not set(paths) <= identities.keys():
        if len(identities) > 1:
            reason = "the pipeline does not tell which document a chunk is from"
            raise UnreadableDocumentError(reason)
        paths = [next(iter(identities))] * len(documents)
    lengths: Counter[str] = Counter()
    for path, document in zip(paths, documents, strict=True):
        lengths[path] += len(document.content or "")
    return [
        document if "content_hash" in document.meta else _as_chunk(document, identities[path], lengths[path])
        for path, document in zip(paths, documents, strict=True)
    ]


def _as_chunk(document: Document, identity: dict[str, str], length: int) -> Document:
    """:param length: End of the span of a chunk that does not tell where it begins: all of its document."""
    meta, content = document.meta, document.content or ""
    start = meta.get("split_idx_start")
    span = (start, start + len(content)) if isinstance(start, int) else (0, length)
    texts = {key: meta[key] for key in ("title", "heading") if isinstance(meta.get(key), str)}
    page = meta.get("page_number")
    chunk = Chunk(
        **identity,
        content=content,
        start=span[0],
        end=span[1],
        **texts,
        page=page if isinstance(page, int) else None,
        meta=further(meta),
    )
    return chunk.to_document()
