"""``LocalModels``: the embedder and the answers that come with the package."""

from typing import TYPE_CHECKING, Any

from pydantic import Field

from blocks.base import link
from blocks.provider import EmbedBatch, ModelProvider
from tasks_lib.config.rag import EXTRACTIVE_MODEL, MINILM
from tasks_lib.errors import ConfigurationError

if TYPE_CHECKING:
    from tasks_lib.assistant.contract.embedder import Embedder


class LocalModels(ModelProvider):
    """
    What comes with the package and needs no server: the MiniLM embedder, and answers extracted from the passages.

    Every platform has it, named or not.

    Example:
        Save the block, and use it:
        ```python
        from blocks.local_models import LocalModels

        LocalModels().save("BLOCK_NAME")

        local_models = LocalModels.load("BLOCK_NAME")
        local_models.local_embedder("all-MiniLM-L6-v2").embed(["What is a notice period?"])
        ```
    """

    _block_type_name = "LLMOps local models"
    _block_type_slug = "llmops-local-models"
    _description = "The MiniLM embedder and extracted answers that come with the package: no server, no key."
    _documentation_url = link("https://huggingface.co/sentence-transformers/all-MiniLM-L6-v2")

    provider: str = Field(
        default="local",
        pattern="^local$",
        title="Provider name",
        description="First part of the model ids that this block serves: always `local`.",
    )

    def generates(self, model: str) -> bool:
        """Never: local answers are extracted.

        :raises ConfigurationError: If another model is asked for.
        """
        if f"local/{model}" != EXTRACTIVE_MODEL:
            raise _unknown("llm.model", f"local/{model}", EXTRACTIVE_MODEL)
        return False

    def local_embedder(self, model: str) -> "Embedder":
        """MiniLM, or the one for many languages.

        :raises ConfigurationError: If another embedder is asked for.
        """
        from tasks_lib.assistant.embedders.local import LOCAL_EMBEDDERS, local_embedder

        embedder = local_embedder(f"local/{model}")
        if embedder is None:
            raise _unknown("embedder", f"local/{model}", *LOCAL_EMBEDDERS)
        return embedder

    def haystack_chat_generator(self, model: str, parameters: dict[str, Any]) -> Any:  # noqa: ARG002  (there is none)
        """There is none.

        :raises ConfigurationError: Always.
        """
        raise _unknown("llm.model", f"local/{model}", EXTRACTIVE_MODEL)

    def embed_batch(self, model: str, *, query: bool = False) -> EmbedBatch:  # noqa: ARG002  (one kind of vector)
        """The embedder over a batch."""
        embedder = self.local_embedder(model)
        return lambda texts: (embedder.embed(texts), 0)

    def check(self) -> str:
        """Embed a sentence."""
        embedder = self.local_embedder(MINILM.split("/", 1)[1])
        return f"{MINILM} has {len(embedder.embed(['a sentence'])[0])} dimensions"


def _unknown(key: str, model: str, *known: str) -> ConfigurationError:
    return ConfigurationError(
        f"the local models have no {key} {model!r}; they have {' and '.join(repr(name) for name in known)}",
        hint=f"Set {key} to {' or '.join(known)}, or name a model of another provider of the platform.",
    )
