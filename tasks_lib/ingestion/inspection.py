"""Inspect one file: the text that it becomes, the chunks that would be indexed, and what is suspicious."""

import io
import zipfile
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from haystack import Document
from haystack.dataclasses import ByteStream
from pydantic import BaseModel, Field

from tasks_lib.assistant.contract.embedder import Embedder
from tasks_lib.assistant.contract.platform import Platform
from tasks_lib.config.settings import Settings
from tasks_lib.errors import InputError
from tasks_lib.ingestion.converters.convert import MESSAGES, attached_to, format_of, oversized
from tasks_lib.ingestion.pipeline import indexing_pipeline, output_component
from tasks_lib.ingestion.plan import max_bytes
from tasks_lib.ingestion.result import DoubtfulDocument, FailedDocument

_SHOWN_PAGES = 10
_ARCHIVE = b"PK\x03\x04"
_HINT = "`llmops ingest` would list it as failed, and go on with the others."


class InspectedChunk(BaseModel):
    """A chunk as it would be indexed."""

    start: int = Field(description="First character of `text`.")
    end: int
    page: int | None
    heading: str | None
    tokens: int = Field(description="In the embedder's own tokens.")
    content: str


class Inspection(BaseModel):
    """What ingestion makes of one file."""

    document: str
    format: str | None
    title: str | None
    text: str = Field(description="What is cut into chunks; masked, if `ingest.mask_pii` is on.")
    chunks: list[InspectedChunk]
    warnings: list[str] = Field(description="Why the text may not be what a person reads in the file.")


def inspect_file(file: Path, platform: Platform, settings: Settings) -> Inspection:
    """Run the indexing pipeline over one file, without an index; the built-in embedder embeds nothing.

    :raises InputError: If the file cannot be read or converted, with the reason.
    """
    data = _content(file, settings)
    embedder = platform.embedder(settings.embedder)
    pipeline = indexing_pipeline(platform, settings)
    meta = {"source": "", "document": file.name, "document_hash": "", "file_path": file.name}
    given = {"sources": [ByteStream(data, meta=meta)], "known_vectors": _no_vectors(embedder)}
    inputs = {
        name: {socket: given[socket] for socket in sockets if socket in given}
        for name, sockets in pipeline.inputs().items()
    }
    outputs = pipeline.run(inputs, include_outputs_from={name for name, _ in pipeline.walk()})
    for output in outputs.values():
        for failure in output.get("failed", ()):
            if isinstance(failure, FailedDocument):
                raise InputError(f"{str(file)!r}: {failure.reason}", hint=_HINT)
    last = output_component(pipeline)
    return _inspection(
        file, data, _texts(outputs, list(dict(pipeline.walk()))), outputs[last]["documents"], embedder, outputs
    )


def _content(file: Path, settings: Settings) -> bytes:
    try:
        data = file.expanduser().read_bytes()
    except OSError as error:
        raise InputError(
            f"{str(file)!r} cannot be read: {error.strerror}", hint="Name a file with --inspect."
        ) from error
    limit = max_bytes(settings.ingest)
    if len(data) > limit:
        raise InputError(f"{str(file)!r}: {oversized(len(data), limit)}", hint="Raise ingest.max_file_megabytes.")
    return data


def _no_vectors(embedder: Embedder) -> Any:
    """Every vector is known: what is inspected is not searched."""
    return lambda hashes: dict.fromkeys(hashes, [0.0] * embedder.dimension)


def _texts(outputs: dict[str, Any], names: Sequence[str]) -> list[Document]:
    """Documents that are not cut yet: of the masker if there is one, else of what came first."""
    found = [name for name in ("masker", "converter", *names) if outputs.get(name, {}).get("documents")]
    return list(outputs[found[0]]["documents"]) if found else []


def _inspection(
    file: Path, data: bytes, texts: list[Document], chunks: list[Document], embedder: Embedder, outputs: dict[str, Any]
) -> Inspection:
    text = "\n\n".join(document.content or "" for document in texts)
    meta = texts[0].meta if texts else {}
    doubts = [doubt for output in outputs.values() for doubt in output.get("doubtful", ())]
    warnings = [doubt.reason for doubt in doubts if isinstance(doubt, DoubtfulDocument)]
    warnings += [*_empty_pages(text, meta.get("pages") or ()), *_pictures(data), *_attachments(file.name, data)]
    shown = [
        InspectedChunk(
            start=chunk.meta.get("start", 0),
            end=chunk.meta.get("end", 0),
            page=chunk.meta.get("page"),
            heading=chunk.meta.get("heading"),
            tokens=len(embedder.token_spans(chunk.content or "")),
            content=chunk.content or "",
        )
        for chunk in chunks
    ]
    title, file_format = meta.get("title"), meta.get("format")
    return Inspection(document=file.name, format=file_format, title=title, text=text, chunks=shown, warnings=warnings)


def _empty_pages(text: str, pages: Sequence[int]) -> list[str]:
    spans = pairwise([*pages, len(text)])
    empty = [str(number) for number, (start, end) in enumerate(spans, start=1) if not text[start:end].strip()]
    if not empty:
        return []
    named = ", ".join(empty[:_SHOWN_PAGES]) + (", …" if len(empty) > _SHOWN_PAGES else "")
    return [f"{len(empty)} of {len(pages)} pages hold no text: {named}"]


def _pictures(data: bytes) -> list[str]:
    """Pictures of Office files: whatever they say is in no text."""
    if not data.startswith(_ARCHIVE):
        return []
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        pictures = sum("/media/" in name for name in archive.namelist())
    return [f"holds {pictures} pictures, which are not read"] if pictures else []


def _attachments(name: str, data: bytes) -> list[str]:
    """What came with a message: documents of their own, so none of this text."""
    if format_of(name) not in MESSAGES:
        return []
    found = [attachment.name for attachment in attached_to(name, data)]
    return [f"its attachments are documents of their own: {', '.join(found)}"] if found else []
