"""``WeaviateStore``: indexes on a Weaviate server or in Weaviate Cloud."""

from typing import TYPE_CHECKING, Self

from prefect.types import SecretDict
from pydantic import Field, SecretStr, model_validator

from blocks.aws_secret import AwsSecretSlug, KeyHolder
from blocks.base import Address, link, revealed
from blocks.store import IndexStore

if TYPE_CHECKING:
    from collections.abc import Callable

    from tasks_lib.assistant.contract.index import Index
    from tasks_lib.assistant.stores.weaviate.connection import WeaviateConnection
    from tasks_lib.home import Home


class WeaviateStore(KeyHolder, IndexStore):
    """
    Indexes on a Weaviate server or in Weaviate Cloud.

    Example:
        Save the block, and use it:
        ```python
        from blocks.weaviate import WeaviateStore
        from tasks_lib.home import Home

        WeaviateStore(url="http://weaviate.internal:8080", api_key="…").save("BLOCK_NAME")

        weaviate_store = WeaviateStore.load("BLOCK_NAME")
        weaviate_store.indexes(Home.from_environment())
        ```
    """

    _block_type_name = "LLMOps Weaviate store"
    _block_type_slug = "llmops-weaviate-store"
    _description = "Indexes on a Weaviate server, self-hosted or in Weaviate Cloud."
    _documentation_url = link("https://docs.weaviate.io/weaviate/connections")

    url: Address = Field(title="URL", description="Address of the server, or of the cluster in Weaviate Cloud.")
    cloud: bool = Field(
        default=False,
        title="Weaviate Cloud",
        description="The URL is a cluster of Weaviate Cloud, not a server of yours.",
    )
    api_key: SecretStr | None = Field(
        default=None, title="API key", description="Key of the server; Weaviate Cloud always wants one."
    )
    aws_secret: AwsSecretSlug = None
    grpc_host: str | None = Field(
        default=None, title="gRPC host", description="Host of the gRPC endpoint, if not that of the URL."
    )
    grpc_port: int = Field(default=50051, ge=1, le=65535, title="gRPC port", description="Port of the gRPC endpoint.")
    grpc_secure: bool = Field(default=False, title="gRPC over TLS", description="Encrypt gRPC.")
    headers: SecretDict | None = Field(
        default=None, title="Headers", description='Further headers of every request, as `{"X-Header": "value"}`.'
    )
    timeout_seconds: float = Field(
        default=60.0, gt=0, le=3600, title="Timeout", description="Seconds that one request may take."
    )

    strict_access: bool = Field(
        default=False,
        title="Strict access",
        description="Give the documents of each set of readers a tenant of their own, so that scores of a keyword "
        "search do not tell of documents that were closed to the caller from the beginning. For indexes that are made "
        "from then on.",
    )

    @model_validator(mode="after")
    def _cloud_wants_a_key(self) -> Self:
        if self.cloud and not (revealed(self.api_key) or self.aws_secret):
            msg = "Weaviate Cloud needs an API key"
            raise ValueError(msg)
        return self

    def get_connection(self) -> "WeaviateConnection":
        """How the server is reached."""
        from tasks_lib.assistant.stores.weaviate.connection import WeaviateConnection

        headers = self.headers.get_secret_value() if self.headers else {}
        return WeaviateConnection(
            url=self.url,
            cloud=self.cloud,
            api_key=self.key(),
            grpc_host=self.grpc_host,
            grpc_port=self.grpc_port,
            grpc_secure=self.grpc_secure,
            headers={name: str(value) for name, value in headers.items()},
            timeout_seconds=self.timeout_seconds,
        )

    def index(
        self,
        name: str,
        home: "Home",
        *,
        version: str | None = None,
        released: bool = False,
        dimension: "Callable[[], int] | None" = None,
    ) -> "Index":
        """The collection behind `name`."""
        from tasks_lib.assistant.stores.weaviate.index import WeaviateIndex

        index = WeaviateIndex(
            self.get_connection(),
            name,
            version=version,
            released=released,
            strict=self.strict_access,
            lock_folder=home.ensure().locks,
            stored_as=self.stored_as(name, version, released=released),
        )
        if dimension is not None and version is None and not index.exists():
            index.dimension = dimension()
        return index

    def indexes(self, home: "Home") -> list[str]:  # noqa: ARG002  (nothing of it lies at home)
        """Names of the indexes."""
        from tasks_lib.assistant.stores.weaviate.index import list_indexes

        return list_indexes(self.get_connection())

    def check(self, home: "Home") -> str:
        """Ask for the version of the server, and list the indexes."""
        version = self.get_connection().server_version()
        return f"{self.url} runs Weaviate {version} with {len(self.indexes(home))} indexes"
