"""The Haystack components that convert: ours for each format, and one that takes each file to its converter."""

from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path, PurePosixPath
from typing import Any, Self

from haystack import Document, component, default_from_dict, default_to_dict
from haystack.components.converters.utils import get_bytestream_from_source
from haystack.core.component import Component
from haystack.core.serialization import component_to_dict
from haystack.dataclasses import ByteStream

from tasks_lib.haystack_yaml import nested_component
from tasks_lib.ingestion.converters.archive import check_archive
from tasks_lib.ingestion.converters.convert import FORMATS, convert_format
from tasks_lib.ingestion.converters.converted import UnreadableDocumentError
from tasks_lib.ingestion.converters.documents import IDENTITY, STRUCTURE_PLACES, from_documents, to_document
from tasks_lib.ingestion.converters.extras import Extras
from tasks_lib.ingestion.converters.reading import collected_warnings, one_line
from tasks_lib.ingestion.result import DoubtfulDocument, FailedDocument
from tasks_lib.text.forms import plain_forms

_ARCHIVE = b"PK\x03\x04"


@component
class FormatConverter:
    """Converts files of one format that is understood, with their titles, headings and pages.

    :param file_format: Such as `md` or `pdf`; the values of :data:`~tasks_lib.ingestion.converters.convert.FORMATS`.
    :param comments: Whether comments of Office files are text.
    :param hidden: Whether their hidden sheets, rows, columns and slides are.
    """

    def __init__(self, *, file_format: str, comments: bool = False, hidden: bool = False) -> None:
        if file_format not in FORMATS.values():
            msg = f"format {file_format!r} is not understood; formats: {', '.join(sorted(set(FORMATS.values())))}"
            raise ValueError(msg)
        self.file_format = file_format
        self.extras = Extras(comments=comments, hidden=hidden)

    def to_dict(self) -> dict[str, Any]:
        """Serialise the component."""
        return default_to_dict(self, file_format=self.file_format, **asdict(self.extras))

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self:
        """Rebuild the component."""
        return default_from_dict(cls, data)

    @component.output_types(documents=list[Document], doubts=list[str])
    def run(self, sources: list[str | Path | ByteStream]) -> dict[str, list[Any]]:
        """Convert `sources`, each to one document.

        :returns: `documents`, and `doubts`: why each text may not be what its file says, empty where it is sure.
        :raises UnreadableDocumentError: If one cannot be read.
        """
        streams = [get_bytestream_from_source(source) for source in sources]
        converted = [convert_format(self.file_format, stream.data, self.extras) for stream in streams]
        documents = [to_document(each, stream.meta) for each, stream in zip(converted, streams, strict=True)]
        return {"documents": documents, "doubts": [each.doubt for each in converted]}


@component
class ConverterBySuffix:
    """Takes each file to the converter for its suffix. A file that cannot be converted fails alone, with its reason.

    :param converters: Suffix, such as `.pdf` → any Haystack converter, which takes `sources` and gives `documents`.
    """

    def __init__(self, *, converters: Mapping[str, Component]) -> None:
        self.converters = dict(converters)

    def to_dict(self) -> dict[str, Any]:
        """Serialise the component, its converters included."""
        converters = {suffix: component_to_dict(converter, suffix) for suffix, converter in self.converters.items()}
        return default_to_dict(self, converters=converters)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self:
        """Rebuild the component and its converters."""
        given = data["init_parameters"]["converters"]
        return cls(converters={suffix: nested_component(converter, suffix) for suffix, converter in given.items()})

    @component.output_types(documents=list[Document], failed=list[FailedDocument], doubtful=list[DoubtfulDocument])
    def run(self, sources: list[ByteStream]) -> dict[str, list[Any]]:
        """Convert files.

        :param sources: Content of each, with its path below the source as `document` in its metadata, and as
            `file_path` one whose suffix tells the format; either may stand for both.
        :returns: `documents`, one for each file, those among them that are `doubtful`, and `failed`.
        """
        documents: list[Document] = []
        failed: list[FailedDocument] = []
        doubtful: list[DoubtfulDocument] = []
        for source in sources:
            path = str(source.meta.get("document") or source.meta.get("file_path") or "")
            try:
                document, doubt = self._converted(str(source.meta.get("file_path") or path), source)
                documents.append(document)
                if doubt:
                    doubtful.append(DoubtfulDocument(path=path, reason=doubt))
            except UnreadableDocumentError as error:
                failed.append(FailedDocument(path=path, reason=error.message))
        return {"documents": documents, "failed": failed, "doubtful": doubtful}

    def _converted(self, path: str, source: ByteStream) -> tuple[Document, str]:
        """The document, and why its text may be wrong."""
        suffix = PurePosixPath(path).suffix.lower()
        converter = self.converters.get(suffix)
        if converter is None:
            reason = f"format {suffix or 'without extension'!r} is not understood"
            raise UnreadableDocumentError(reason)
        if not source.data:
            reason = "empty: 0 bytes"
            raise UnreadableDocumentError(reason)
        if isinstance(converter, FormatConverter):
            output = converter.run(sources=[source])
            return output["documents"][0], output["doubts"][0]
        if source.data.startswith(_ARCHIVE):
            check_archive(source.data)
        return _by_other(converter, suffix, source), ""


def _plain(document: Document) -> Document:
    """A document in plain forms, unless it tells places in its text."""
    if document.content is None or STRUCTURE_PLACES & document.meta.keys():
        return document
    return replace(document, content=plain_forms(document.content))


def _by_other(converter: Component, suffix: str, source: ByteStream) -> Document:
    """What the converter of another package makes of one file; what it raises or logs becomes the reason."""
    kind = suffix.removeprefix(".")
    if hasattr(converter, "warm_up"):
        converter.warm_up()
    with collected_warnings(type(converter).__module__) as warnings:
        try:
            documents = [_plain(document) for document in converter.run(sources=[source])["documents"]]
            converted = from_documents(documents, kind)
        except Exception as error:  # parsers raise anything on a hostile file
            reason = f"cannot be read as {kind.upper()}: {one_line(str(error) or type(error).__name__)}"
            raise UnreadableDocumentError(reason) from error
    if not converted.text.strip():
        reason = f"cannot be read as {kind.upper()}: {one_line(warnings[0])}" if warnings else ""
        raise UnreadableDocumentError(reason or "empty: no text could be extracted")
    return to_document(converted, {key: source.meta[key] for key in IDENTITY if key in source.meta})
