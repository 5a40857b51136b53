"""Documents out of a file of questions and answers: `questions:///srv/faq.jsonl`."""

import hashlib
import json
from collections.abc import Collection, Iterator
from pathlib import Path

from tasks_lib.assistant.contract.documents import DocumentLocation
from tasks_lib.errors import InputError
from tasks_lib.ingestion.result import SkippedFiles
from tasks_lib.ingestion.sources.document_source import SourceFile


class Questions:
    """Each line is a document, called by its `id`; who may read it stands in `readers`."""

    def __init__(self, location: DocumentLocation, suffixes: Collection[str]) -> None:
        self.uri = location.uri
        self.former: tuple[str, ...] = ()
        self._file = Path(location.uri.partition("://")[2])

    def files(self) -> Iterator[SourceFile]:
        """The documents in the order of their ids."""
        for name, entry in sorted(self._entries().items()):
            text = self._text(entry)
            readers = tuple(entry["readers"]) if "readers" in entry else None
            yield SourceFile(f"{name}.md", len(text), hashlib.sha256(text).hexdigest(), readers=readers)

    def skipped(self) -> list[SkippedFiles]:
        """Everything is understood."""
        return []

    def content_hash(self, file: SourceFile) -> str:
        """SHA-256 of the text."""
        return file.etag

    def read(self, path: str, etag: str = "") -> bytes:
        """Question and answer as Markdown."""
        text = self._text(self._entries()[path.removesuffix(".md")])
        if etag not in {"", hashlib.sha256(text).hexdigest()}:
            raise OSError("changed while it was read; the next run takes it")
        return text

    def _entries(self) -> dict[str, dict]:
        try:
            lines = [json.loads(line) for line in self._file.read_text().splitlines()]
        except (OSError, ValueError) as error:
            raise InputError(f"source {self.uri!r} cannot be listed: {error}", hint="Check the file.") from error
        return {line["id"]: line for line in lines}

    def _text(self, entry: dict) -> bytes:
        return f"# {entry['question']}\n\n{entry['answer']}\n".encode()
