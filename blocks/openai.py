"""``OpenAICompatibleModels``: OpenAI, and every server that speaks its API."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from pydantic import Field, SecretStr

from blocks.aws_secret import AwsSecretSlug, KeyHolder
from blocks.base import Address, link
from blocks.provider import PROVIDER_NAME, EmbedBatch, ModelProvider
from tasks_lib.assistant.providers.parameters import OPENAI, OPENAI_COMPLETION
from tasks_lib.assistant.providers.structured import OutputSchema

NO_KEY = "none"
"""What servers that want no key are sent: the client insists on one."""


class OpenAICompatibleModels(KeyHolder, ModelProvider):
    """
    OpenAI, and every server that speaks its API: vLLM, LiteLLM, llama.cpp, the MLflow AI Gateway.

    Example:
        Save the block, and use it:
        ```python
        from blocks.chat_generator import ProviderChatGenerator
        from blocks.openai import OpenAICompatibleModels
        from tasks_lib.config.rag import LlmConfig

        OpenAICompatibleModels(base_url="http://vllm.internal:8000/v1", provider="vllm").save("BLOCK_NAME")

        vllm_models = OpenAICompatibleModels.load("BLOCK_NAME")
        generator = ProviderChatGenerator(provider=vllm_models, llm=LlmConfig(model="vllm/Qwen/Qwen3-8B"))
        generator.run("What is a notice period?")
        ```
    """

    _block_type_name = "LLMOps OpenAI-compatible models"
    _block_type_slug = "llmops-openai-compatible-models"
    _description = "OpenAI, and every server that speaks its API: vLLM, LiteLLM, llama.cpp, MLflow AI Gateway."
    _documentation_url = link("https://platform.openai.com/docs/api-reference/chat")

    known_dimensions: ClassVar[Mapping[str, int]] = {
        "text-embedding-3-small": 1536,
        "text-embedding-3-large": 3072,
        "text-embedding-ada-002": 1536,
    }
    known_max_tokens: ClassVar[Mapping[str, int]] = dict.fromkeys(known_dimensions, 8191)

    provider: str = Field(
        default="openai",
        pattern=PROVIDER_NAME,
        title="Provider name",
        description="First part of the model ids that this block serves, as in `openai/…`.",
    )
    base_url: Address | None = Field(
        default=None,
        title="Base URL",
        description="Address of the API, mostly ending in /v1. Empty: OpenAI's own.",
    )
    api_key: SecretStr | None = Field(
        default=None, title="API key", description="Key of the API; empty where the server wants none."
    )
    aws_secret: AwsSecretSlug = None
    organisation: str | None = Field(
        default=None, title="Organisation", description="Organisation that OpenAI bills, if the key has several."
    )
    token_limit_parameter: Literal["automatic", "max_completion_tokens", "max_tokens"] = Field(
        default="automatic",
        title="Token limit parameter",
        description="How the server calls the longest answer. Automatic: `max_completion_tokens` for OpenAI's own API, "
        "`max_tokens` for a base URL.",
    )

    query_prefixes: dict[str, str] = Field(
        default_factory=dict,
        title="Query prefixes",
        description='What an embedder wants in front of a question, by model, as `{"intfloat/multilingual-e5-large": '
        '"query: "}`. Whoever changes prefixes ingests again under another collection.',
    )
    passage_prefixes: dict[str, str] = Field(
        default_factory=dict,
        title="Passage prefixes",
        description='What an embedder wants in front of a passage, by model, as `{"intfloat/multilingual-e5-large": '
        '"passage: "}`.',
    )

    @property
    def parameter_names(self) -> Mapping[str, str]:  # type: ignore[override]  # depends on the server
        """Our generation parameters → the server's."""
        automatic = "max_tokens" if self.base_url else "max_completion_tokens"
        wanted = {"automatic": automatic}.get(self.token_limit_parameter, self.token_limit_parameter)
        return OPENAI_COMPLETION if wanted == "max_completion_tokens" else OPENAI

    def streaming_parameters(self) -> dict[str, Any]:
        """Request the token usage of a stream, which is not sent by default."""
        return {"stream_options": {"include_usage": True}}

    def header_parameters(self, headers: Mapping[str, str]) -> dict[str, Any]:
        """`extra_headers` of OpenAI's client."""
        return {"extra_headers": dict(headers)}

    def haystack_chat_generator(self, model: str, parameters: dict[str, Any]) -> Any:
        """Haystack's `OpenAIChatGenerator`."""
        from haystack.components.generators.chat import OpenAIChatGenerator

        return OpenAIChatGenerator(model=model, generation_kwargs=parameters, **self._client_arguments())

    def structured_output(self, schema: OutputSchema) -> dict[str, Any]:
        """`response_format`, past the client's own parsing, which fails on a reply that met the token limit."""
        wanted = {"name": schema.name, "strict": True, "schema": schema.as_dict()}
        return {"extra_body": {"response_format": {"type": "json_schema", "json_schema": wanted}}}

    def embed_batch(self, model: str, *, query: bool = False) -> EmbedBatch:
        """Haystack's `OpenAIDocumentEmbedder`, which leaves errors to the caller instead of logging them."""
        from haystack import Document

        from tasks_lib.assistant.embedders.openai_embedder import OpenAIBatchEmbedder

        prefix = (self.query_prefixes if query else self.passage_prefixes).get(model, "")
        embedder = OpenAIBatchEmbedder(model=model, prefix=prefix, progress_bar=False, **self._client_arguments())

        def embed(texts: list[str]) -> tuple[list[list[float]], int]:
            documents = [Document(id=str(number), content=text) for number, text in enumerate(texts)]
            result = embedder.run(documents)
            tokens = int(result["meta"].get("usage", {}).get("prompt_tokens") or 0)
            return [document.embedding for document in result["documents"]], tokens

        return embed

    def check(self) -> str:
        """List the models.

        :raises LlmopsError: If the server cannot be reached, or refuses the key.
        """
        from openai import OpenAI

        from tasks_lib.assistant.providers.call import ModelCall

        with OpenAI(
            api_key=self.key() or NO_KEY,
            base_url=self.base_url,
            organization=self.organisation,
            timeout=self.request_timeout_seconds,
            max_retries=0,
        ) as client:
            models = ModelCall(self.policy(), "models").run(lambda: [model.id for model in client.models.list().data])
        return f"{self.base_url or 'OpenAI'} offers {len(models)} models"

    def _client_arguments(self) -> dict[str, Any]:
        from haystack.utils import Secret

        return {
            "api_key": Secret.from_token(self.key() or NO_KEY),
            "api_base_url": self.base_url,
            "organization": self.organisation,
            "timeout": self.request_timeout_seconds,
            "max_retries": 0,
        }
