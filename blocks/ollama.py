"""``OllamaModels``: open models on an Ollama server."""

from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import Field

from blocks.base import Address, link
from blocks.provider import PROVIDER_NAME, EmbedBatch, ModelProvider
from tasks_lib.assistant.providers.parameters import OLLAMA
from tasks_lib.assistant.providers.structured import OutputSchema
from tasks_lib.errors import ConfigurationError


class OllamaModels(ModelProvider):
    """
    Open models on an Ollama server.

    Example:
        Save the block, and use it:
        ```python
        from blocks.chat_generator import ProviderChatGenerator
        from blocks.ollama import OllamaModels
        from tasks_lib.config.rag import LlmConfig

        OllamaModels(url="http://gpu.internal:11434").save("BLOCK_NAME")

        ollama_models = OllamaModels.load("BLOCK_NAME")
        generator = ProviderChatGenerator(provider=ollama_models, llm=LlmConfig(model="ollama/llama3.2"))
        generator.run("What is a notice period?")
        ```
    """

    _block_type_name = "LLMOps Ollama models"
    _block_type_slug = "llmops-ollama-models"
    _description = "Open language models and embedders on an Ollama server."
    _documentation_url = link("https://docs.ollama.com/api")

    parameter_names: ClassVar[Mapping[str, str]] = OLLAMA
    known_dimensions: ClassVar[Mapping[str, int]] = {
        "nomic-embed-text": 768,
        "mxbai-embed-large": 1024,
        "all-minilm": 384,
    }
    known_max_tokens: ClassVar[Mapping[str, int]] = {"nomic-embed-text": 2048, "all-minilm": 256}

    provider: str = Field(
        default="ollama",
        pattern=PROVIDER_NAME,
        title="Provider name",
        description="First part of the model ids that this block serves, as in `ollama/…`.",
    )
    url: Address = Field(default="http://localhost:11434", title="URL", description="Address of the Ollama server.")
    keep_alive: str | None = Field(
        default=None,
        title="Keep alive",
        description="How long a model stays loaded after a call, such as `30m`. Empty: as the server is set.",
    )

    def haystack_chat_generator(self, model: str, parameters: dict[str, Any]) -> Any:
        """Haystack's `OllamaChatGenerator`; the format is no option of the model, as all other parameters are."""
        from haystack_integrations.components.generators.ollama import OllamaChatGenerator

        options = {name: value for name, value in parameters.items() if name != "response_format"}
        return OllamaChatGenerator(
            model=model,
            url=self.url,
            generation_kwargs=options,
            response_format=parameters.get("response_format"),
            timeout=self.request_timeout_seconds,  # type: ignore[arg-type]  # httpx takes fractions
            max_retries=0,
            keep_alive=self.keep_alive,
        )

    def structured_output(self, schema: OutputSchema) -> dict[str, Any]:
        """Ollama's `format`, as Haystack calls it."""
        return {"response_format": schema.as_dict()}

    def embed_batch(self, model: str, *, query: bool = False) -> EmbedBatch:  # noqa: ARG002  (one kind of vector)
        """Haystack's `OllamaDocumentEmbedder`."""
        from haystack import Document
        from haystack_integrations.components.embedders.ollama import OllamaDocumentEmbedder

        embedder = OllamaDocumentEmbedder(
            model=model,
            url=self.url,
            timeout=self.request_timeout_seconds,  # type: ignore[arg-type]  # httpx takes fractions
            keep_alive=self.keep_alive,
            progress_bar=False,
        )

        def embed(texts: list[str]) -> tuple[list[list[float]], int]:
            documents = [Document(id=str(number), content=text) for number, text in enumerate(texts)]
            result: dict[str, Any] = embedder.run(documents)
            return [list(document.embedding) for document in result["documents"]], 0

        return embed

    def check(self) -> str:
        """List the models that are pulled.

        :raises LlmopsError: If the server cannot be reached, or holds no model.
        """
        from ollama import Client

        from tasks_lib.assistant.providers.call import ModelCall

        client = Client(host=self.url, timeout=self.request_timeout_seconds)
        try:
            models = ModelCall(self.policy(), "models").run(lambda: [model.model for model in client.list().models])
        finally:
            client.close()  # type: ignore[no-untyped-call]
        if not models:
            raise ConfigurationError(f"{self.slug} holds no model", hint="Run `ollama pull` with the model's name.")
        return f"{self.url} holds {', '.join(str(name) for name in models)}"
