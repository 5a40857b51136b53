"""The reserved platform `local`: embedded defaults below ``LLMOPS_HOME``, built in code, without saved blocks."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from tasks_lib.assistant.contract.documents import DocumentLocation
from tasks_lib.config.rag import EXTRACTIVE_MODEL, MINILM, LlmConfig, RagConfig
from tasks_lib.errors import ConfigurationError
from tasks_lib.home import Home

if TYPE_CHECKING:
    from haystack.components.generators.chat.types import ChatGenerator

    from tasks_lib.assistant.contract.embedder import Embedder
    from tasks_lib.assistant.contract.index import Index
    from tasks_lib.assistant.contract.platform import Platform

LOCAL = "local"


@dataclass(frozen=True)
class LocalPlatform:
    """Extractive answers, embedders on ONNX, LanceDB, sqlite MLflow. Small and picklable: clients are built on use."""

    home: Home = field(default_factory=Home.from_environment)
    name: str = LOCAL

    def tracking_uri(self) -> str:
        """The sqlite database of the home, created with its artifact folder on first use."""
        from blocks.sqlite_tracking import ensure_sqlite_tracking

        return ensure_sqlite_tracking(self.home.ensure())

    def index(self, rag: RagConfig, *, version: str | None = None) -> "Index":
        """A LanceDB table below the home."""
        from tasks_lib.assistant.stores.lancedb.index import LanceDBIndex

        return LanceDBIndex(
            str(self.home.ensure().indexes),
            rag.index_name,
            self.embedder(rag.embedder).dimension,
            version=version,
            lock_folder=self.home.locks,
        )

    def open_index(self, name: str, *, released: bool = False) -> "Index":
        """A LanceDB table below the home, by its name."""
        from tasks_lib.assistant.stores.lancedb.index import LanceDBIndex

        return LanceDBIndex(str(self.home.indexes), name, released=released, lock_folder=self.home.locks)

    def indexes(self) -> list[str]:
        """Names of the tables below the home."""
        from tasks_lib.assistant.stores.lancedb.index import list_indexes

        return list_indexes(str(self.home.indexes))

    def embedder(self, model: str) -> "Embedder":
        """One of those that need no server."""
        from tasks_lib.assistant.embedders.local import LOCAL_EMBEDDERS, local_embedder

        embedder = local_embedder(model)
        if embedder is None:
            raise _cannot_supply("embedder", model, *LOCAL_EMBEDDERS)
        return embedder

    def chat_generator(self, llm: LlmConfig) -> "ChatGenerator | None":
        """`None`: the local answers are extracted, not generated."""
        if llm.model != EXTRACTIVE_MODEL:
            raise _cannot_supply("llm.model", llm.model, EXTRACTIVE_MODEL)
        return None

    def judge(self) -> "ChatGenerator | None":
        """The local platform has no judge."""
        return None

    def documents(self, uri: str | None, include: tuple[str, ...] = ()) -> DocumentLocation:
        """A folder or an address, read with what its client finds by itself; without one, the sample handbook."""
        return DocumentLocation(uri or str(sample_handbook()), include)


def seems_ready(platform: "Platform", rag: RagConfig) -> bool:
    """Whether its models come with the package and its index was written, told without importing what reads them.

    They may be damaged all the same: whoever opens them says so. Of other platforms nothing is told.
    """
    if not isinstance(platform, LocalPlatform) or (rag.embedder, rag.llm.model) != (MINILM, EXTRACTIVE_MODEL):
        return False
    return any((platform.home.indexes / f"{rag.index_name}.lance" / "_versions").glob("*.manifest"))


def sample_handbook() -> Path:
    """Folder of the sample handbook: in the checkout, or inside the installed package."""
    return examples_folder() / "handbook"


def examples_folder() -> Path:
    """The `examples` folder: beside the rooms in a checkout, below `blocks` in a wheel."""
    here = Path(__file__).resolve().parent
    for folder in (here / "examples", here.parent / "examples"):
        if (folder / "handbook").is_dir():
            return folder
    raise ConfigurationError(
        f"the sample handbook is missing beside {here}", hint="Name your own documents with --source."
    )


def _cannot_supply(key: str, value: str, *available: str) -> ConfigurationError:
    known = " and ".join(repr(name) for name in available)
    return ConfigurationError(
        f"platform 'local' cannot supply {key} {value!r}; it has {known}",
        hint=f"Set {key} to {' or '.join(available)}, or name a platform that supplies it with --platform.",
    )
