"""``Platform``: addresses and credentials for each role. It never decides what is answered; `blocks` implements it.

Tasks receive the platform, which is small and can be pickled, and build clients inside: nothing live crosses a process.
"""

from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from haystack.components.generators.chat.types import ChatGenerator

    from tasks_lib.assistant.contract.documents import DocumentLocation
    from tasks_lib.assistant.contract.embedder import Embedder
    from tasks_lib.assistant.contract.index import Index
    from tasks_lib.config.rag import LlmConfig, RagConfig


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

    def open_index(self, name: str, *, released: bool = False) -> "Index":
        """An index by its name, as `indexes` lists it; `released` opens its released state, for reading only."""
        ...

    def indexes(self) -> list[str]:
        """Names of all indexes of the platform."""
        ...

    def embedder(self, model: str) -> "Embedder":
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

    def documents(self, uri: str | None, include: tuple[str, ...] = ()) -> "DocumentLocation":
        """The location `uri`; without one, the one that the platform names, else the sample handbook."""
        ...
