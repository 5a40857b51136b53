"""``BedrockModels``: language models and embedders on Amazon Bedrock."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ClassVar

from prefect_aws import AwsCredentials
from pydantic import Field

from blocks.aws import AWS_LOGO, session_of
from blocks.base import Address, link
from blocks.provider import PROVIDER_NAME, EmbedBatch, ModelProvider
from tasks_lib.assistant.providers.call import CallPolicy
from tasks_lib.assistant.providers.parameters import BEDROCK
from tasks_lib.assistant.providers.structured import OutputSchema
from tasks_lib.errors import ConfigurationError

if TYPE_CHECKING:
    from tasks_lib.assistant.providers.bedrock.session import BedrockConnection

TOKEN_COUNT_HEADER = "x-amzn-bedrock-input-token-count"  # noqa: S105  (the name of a header)
INVOKED = "after-call.bedrock-runtime.InvokeModel"
REGION_PREFIXES = ("us.", "eu.", "apac.", "global.", "us-gov.")


class BedrockModels(ModelProvider):
    """
    Language models and embedders on Amazon Bedrock.

    Calls use the keys, profile or role of the AWS credentials; the keys of an assumed role are renewed before they
    expire. Embedders are those of Amazon Titan and Cohere.

    Example:
        Save the block, and use it:
        ```python
        from prefect_aws import AwsCredentials

        from blocks.bedrock import BedrockModels
        from blocks.chat_generator import ProviderChatGenerator
        from tasks_lib.config.rag import LlmConfig

        BedrockModels(
            credentials=AwsCredentials(
                region_name="eu-central-1", assume_role_arn="arn:aws:iam::123456789012:role/llmops"
            ),
            prices={"eu.anthropic.claude-sonnet-4-6": {"input": 3.0, "output": 15.0}},
        ).save("BLOCK_NAME")

        bedrock_models = BedrockModels.load("BLOCK_NAME")
        llm = LlmConfig(model="bedrock/eu.anthropic.claude-sonnet-4-6")
        generator = ProviderChatGenerator(provider=bedrock_models, llm=llm)
        generator.run("What is a notice period?")
        ```
    """

    _block_type_name = "LLMOps Bedrock models"
    _block_type_slug = "llmops-bedrock-models"
    _logo_url = link(AWS_LOGO)
    _description = "Language models and embedders on Amazon Bedrock, with AWS credentials that stay fresh."
    _documentation_url = link("https://docs.aws.amazon.com/bedrock/latest/userguide/models-supported.html")

    parameter_names: ClassVar[Mapping[str, str]] = BEDROCK
    embedding_batch: ClassVar[int] = 1
    known_dimensions: ClassVar[Mapping[str, int]] = {
        "amazon.titan-embed-text-v1": 1536,
        "amazon.titan-embed-text-v2:0": 1024,
        "cohere.embed-english-v3": 1024,
        "cohere.embed-multilingual-v3": 1024,
        "cohere.embed-v4:0": 1536,
    }
    known_max_tokens: ClassVar[Mapping[str, int]] = {
        "amazon.titan-embed-text-v1": 8192,
        "amazon.titan-embed-text-v2:0": 8192,
        "cohere.embed-v4:0": 8192,
    }

    provider: str = Field(
        default="bedrock",
        pattern=PROVIDER_NAME,
        title="Provider name",
        description="First part of the model ids that this block serves, as in `bedrock/…`.",
    )
    credentials: AwsCredentials = Field(
        default_factory=AwsCredentials,
        repr=False,
        title="AWS credentials",
        description="Keys, profile or role to assume. Empty: what the process finds in its environment.",
    )
    region: str | None = Field(
        default=None, title="Region", description="AWS region of the models, if not that of the credentials."
    )
    endpoint_url: Address | None = Field(
        default=None, title="Endpoint", description="Address of the runtime, such as a VPC endpoint. Empty: AWS's own."
    )

    def policy(self) -> CallPolicy:
        """How the provider wants to be called; its errors name the region."""
        policy = super().policy()
        return CallPolicy(**{**policy.__dict__, "region": self.region or self.credentials.region_name or ""})

    def get_connection(self) -> "BedrockConnection":
        """Session and endpoint of the runtime.

        :raises ConfigurationError: If no region is known, or the profile does not exist.
        """
        from tasks_lib.assistant.providers.bedrock.session import BedrockConnection

        session = session_of(self.credentials, self.region, self.slug)
        if not session.region_name:
            raise ConfigurationError(f"{self.slug} names no region", hint="Set the region of the block.")
        return BedrockConnection(session, self.request_timeout_seconds, self.endpoint_url)

    def haystack_chat_generator(self, model: str, parameters: dict[str, Any]) -> Any:
        """`BedrockChatGenerator` on :meth:`get_connection`."""
        from tasks_lib.assistant.providers.bedrock.chat_generator import BedrockChatGenerator

        return BedrockChatGenerator(model, self.get_connection(), parameters)

    def structured_output(self, schema: OutputSchema) -> dict[str, Any]:
        """Converse's `outputConfig`, as Haystack calls it."""
        return {"response_format": {"name": schema.name, "schema": schema.as_dict()}}

    def embed_batch(self, model: str, *, query: bool = False) -> EmbedBatch:
        """Titan takes one text a call, Cohere 96.

        :raises ConfigurationError: If the model is of another family.
        """
        from haystack import Document

        from tasks_lib.assistant.providers.bedrock.embedders import BedrockDocumentEmbedder, BedrockTextEmbedder

        if not _family(model):
            raise ConfigurationError(
                f"{self.slug} cannot embed with {model!r}: only Titan and Cohere embedders are known",
                hint="Set embedder to bedrock/amazon.titan-embed-text-v2:0 or another Titan or Cohere embedder.",
            )
        connection = self.get_connection()
        kind: Any = BedrockTextEmbedder if query else BedrockDocumentEmbedder
        embedder = kind(model, connection)
        counter = _TokenCounter(embedder)

        def embed(texts: list[str]) -> tuple[list[list[float]], int]:
            with counter.counting() as counted:
                if query:
                    vectors = [embedder.run(text)["embedding"] for text in texts]
                else:
                    documents = embedder.run([Document(content=text) for text in texts])["documents"]
                    vectors = [document.embedding for document in documents]
            return vectors, counted()

        return embed

    def batch_size(self, model: str) -> int:
        """Texts in one call."""
        from tasks_lib.assistant.providers.bedrock.embedders import COHERE_BATCH

        return COHERE_BATCH if "cohere" in model else 1

    def declared_dimension(self, model: str) -> int | None:
        """As for every provider; inference profiles carry a prefix for their regions."""
        return super().declared_dimension(model) or super().declared_dimension(_plain(model))

    def declared_max_tokens(self, model: str) -> int:
        """As for every provider; inference profiles carry a prefix for their regions."""
        return super().declared_max_tokens(model if model in self.max_input_tokens else _plain(model))

    def check(self) -> str:
        """Find credentials, assuming the role if there is one; the runtime itself has no call that costs nothing.

        :raises LlmopsError: If there are none, or the role cannot be assumed.
        """
        from tasks_lib.assistant.providers.call import ModelCall

        def find() -> str:
            session = self.get_connection().session
            credentials = session.get_credentials()
            if credentials is None:
                raise ConfigurationError(
                    f"{self.slug} finds no AWS credentials",
                    hint="Give keys, a profile or a role in the block, or set the AWS_* environment variables.",
                )
            credentials.get_frozen_credentials()
            return f"region {session.region_name}, credentials by {credentials.method}"

        return ModelCall(self.policy(), "credentials").run(find)


class _TokenCounter:
    """Reads the tokens of each call from its headers: the replies of some embedders lack them."""

    def __init__(self, embedder: Any) -> None:
        self._embedder = embedder
        self._thread = threading.local()
        self._lock = threading.Lock()
        self._connected = False

    @contextmanager
    def counting(self) -> Iterator[Callable[[], int]]:
        """Count the tokens of this thread's calls."""
        with self._lock:
            if not self._connected:
                self._embedder.warm_up()
                self._embedder._client.meta.events.register(INVOKED, self._count)  # noqa: SLF001
                self._connected = True
        self._thread.tokens = 0
        yield lambda: int(self._thread.tokens)

    def _count(self, http_response: Any, **_event: Any) -> None:
        self._thread.tokens += int(http_response.headers.get(TOKEN_COUNT_HEADER, 0))


def _family(model: str) -> str:
    return next((family for family in ("titan", "cohere") if family in model), "")


def _plain(model: str) -> str:
    return next((model.removeprefix(prefix) for prefix in REGION_PREFIXES if model.startswith(prefix)), model)
