"""``ResolvedPlatform``: a saved platform with the blocks that play its roles."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from blocks.documents import Documents
from blocks.local import sample_handbook
from blocks.local_models import LocalModels
from blocks.provider import ModelProvider
from blocks.store import IndexStore
from blocks.tracking import MLflowTracking
from tasks_lib.assistant.contract.documents import DocumentLocation
from tasks_lib.config.rag import LlmConfig, RagConfig
from tasks_lib.errors import ConfigurationError
from tasks_lib.home import Home

if TYPE_CHECKING:
    from haystack.components.generators.chat.types import ChatGenerator

    from tasks_lib.assistant.contract.embedder import Embedder
    from tasks_lib.assistant.contract.index import Index

LOCAL_PROVIDER = "local"


@dataclass(frozen=True)
class ResolvedPlatform:
    """Blocks by role, with defaults filled in. Small and picklable: clients are built on use.

    The local models come with the package, so every platform supplies them.

    :param tracking: `None` for sqlite below the home.
    :param saved_documents: `None` for the sample handbook.
    :param sources: Further ones, whose credentials open what lies in them.
    """

    name: str
    providers: tuple[ModelProvider, ...]
    store: IndexStore
    tracking: MLflowTracking | None = None
    saved_documents: Documents | None = None
    sources: tuple[Documents, ...] = ()
    judge_model: str | None = None
    home: Home = field(default_factory=Home.from_environment)

    def tracking_uri(self) -> str:
        """The server's address, its credentials put into this process's environment; else sqlite below the home."""
        if self.tracking is not None:
            return self.tracking.connect()
        from blocks.sqlite_tracking import ensure_sqlite_tracking

        return ensure_sqlite_tracking(self.home.ensure())

    def index(self, rag: RagConfig, *, version: str | None = None) -> "Index":
        """The index of `rag` in the platform's store. The embedder is called only where there is no index yet."""
        return self.store.index(
            rag.index_name, self.home, version=version, dimension=lambda: self.embedder(rag.embedder).dimension
        )

    def open_index(self, name: str, *, released: bool = False) -> "Index":
        """An index of the platform's store by its name."""
        return self.store.index(name, self.home, released=released)

    def indexes(self) -> list[str]:
        """Names of the indexes in the platform's store."""
        return self.store.indexes(self.home)

    def embedder(self, model: str) -> "Embedder":
        """The embedder `provider/model`.

        :raises ConfigurationError: If the platform has no such provider, or the provider no such embedder.
        """
        from blocks.embedder import embedder_of

        return embedder_of(self.provider_of("embedder", model), model.split("/", 1)[1])

    def chat_generator(self, llm: LlmConfig) -> "ChatGenerator | None":
        """The model of `llm`, followed by its fallbacks; `None` for `local/extractive`.

        :raises ConfigurationError: If the platform has no such provider, or a fallback is no language model.
        """
        first = self._model("llm.model", llm)
        others = [self._fallback(llm, model) for model in llm.fallback if first is not None]
        if first is None or not others:
            return first
        from blocks.model_chain import ModelChain

        chain: ChatGenerator = ModelChain([first, *others])
        return chain

    def judge(self) -> "ChatGenerator | None":
        """The model that the platform names as judge."""
        if self.judge_model is None:
            return None
        return self._model("judge", LlmConfig(model=self.judge_model))

    def documents(self, uri: str | None, include: tuple[str, ...] = ()) -> DocumentLocation:
        """The location `uri`, with the credentials of the first of the platform's sources in which it lies."""
        if uri is None:
            saved = self.saved_documents
            return saved.location(include) if saved else DocumentLocation(str(sample_handbook()), include)
        known = (block for block in (self.saved_documents, *self.sources) if block is not None)
        opening = next((block for block in known if block.opens(uri)), None)
        return opening.location_at(uri, include) if opening else DocumentLocation(uri, include)

    def provider_of(self, key: str, model: str) -> ModelProvider:
        """The provider that the first part of `model` names.

        :param key: Where `model` was read, as errors name it.
        :raises ConfigurationError: If the platform lacks it; the message lists the providers that it has.
        """
        wanted = model.partition("/")[0]
        for provider in self.providers:
            if provider.provider == wanted:
                return provider
        if wanted == LOCAL_PROVIDER:
            return LocalModels()
        has = ", ".join(f"{provider.provider} ({provider.slug})" for provider in self.providers)
        raise ConfigurationError(
            f"platform {self.name!r} cannot supply {key} {model!r}: it has no provider {wanted!r}; "
            f"it has {', '.join(filter(None, [has, LOCAL_PROVIDER]))}",
            hint=f"Add a block for {wanted!r} to the providers of llmops-platform/{self.name}, or set {key} "
            "to a model of one that it has.",
        )

    def secrets(self) -> tuple[str, ...]:
        """Every secret of the platform's blocks: no text may show one."""
        parts = (*self.providers, self.store, self.tracking, self.saved_documents, *self.sources)
        return tuple(secret for part in parts if part is not None for secret in part.secrets())

    def _model(self, key: str, llm: LlmConfig) -> "ChatGenerator | None":
        """The model of `llm`, without its fallbacks."""
        from blocks.chat_generator import chat_generator_of

        return chat_generator_of(self.provider_of(key, llm.model), llm)

    def _fallback(self, llm: LlmConfig, model: str) -> "ChatGenerator":
        generator = self._model("llm.fallback", llm.model_copy(update={"model": model, "fallback": ()}))
        if generator is None:
            raise ConfigurationError(
                f"llm.fallback names {model!r}, which is no language model",
                hint="Name language models of the platform's providers only.",
            )
        return generator
