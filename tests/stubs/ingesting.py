"""A platform of one index and one embedder, to run the path of the flow `ingest` on without Prefect."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from flows.ingest import synchronise
from tasks_lib.assistant.contract.documents import DocumentLocation
from tasks_lib.config.settings import Settings
from tasks_lib.ingestion.result import IngestResult


@dataclass(frozen=True)
class OneIndexPlatform:
    """Supplies these, whatever is asked for."""

    location: DocumentLocation
    held: Any
    model: Any
    name: str = "stub"

    def index(self, rag: Any, *, version: str | None = None) -> Any:
        return self.held

    def embedder(self, model: str) -> Any:
        return self.model

    def documents(self, uri: str | None, include: tuple[str, ...] = ()) -> DocumentLocation:
        return replace(self.location, include=include)


def sync(documents: Path | DocumentLocation, index: Any, embedder: Any, settings: Settings) -> IngestResult:
    """Synchronise `index` with a folder or another location."""
    location = documents if isinstance(documents, DocumentLocation) else DocumentLocation(str(documents))
    return synchronise(OneIndexPlatform(location, index, embedder), settings)  # type: ignore[arg-type]


def held(index: Any) -> dict[str, str]:
    """Document → the text of its one chunk."""
    return {chunk.meta["document"]: chunk.content for chunk in index.sample(99, 0)}
