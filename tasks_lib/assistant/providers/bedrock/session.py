"""A boto3 session whose credentials stay fresh, and the clients of Bedrock on it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import boto3

SESSION_NAME = "llmops"
SERVICE = "bedrock-runtime"
CONNECT_SECONDS = 10.0
POOL_CONNECTIONS = 32


@dataclass(frozen=True)
class Role:
    """A role to assume. Its temporary keys are fetched when needed, and again shortly before they expire."""

    arn: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    """Further parameters of STS AssumeRole, such as ExternalId."""


def refreshable_session(base: "boto3.Session", role: Role | None) -> "boto3.Session":
    """`base` itself, or a session that assumes `role` with the credentials of `base` whenever keys run out."""
    if role is None:
        return base
    import boto3
    from botocore.credentials import AssumeRoleCredentialFetcher, DeferredRefreshableCredentials
    from botocore.session import Session

    fetcher = AssumeRoleCredentialFetcher(
        client_creator=base.client,
        source_credentials=base.get_credentials(),
        role_arn=role.arn,
        extra_args={"RoleSessionName": SESSION_NAME, **role.parameters},
        cache={},
    )
    session = Session()
    session._credentials = DeferredRefreshableCredentials(  # noqa: SLF001  (botocore has no public setter for these)
        method="assume-role", refresh_using=fetcher.fetch_credentials
    )
    return boto3.Session(botocore_session=session, region_name=base.region_name)


@dataclass(frozen=True)
class BedrockConnection:
    """How Bedrock's runtime is reached. A client tries once: retries belong to the caller.

    :param read_seconds: Longest silence of the service.
    """

    session: "boto3.Session" = field(repr=False)
    read_seconds: float
    endpoint_url: str | None = None

    @property
    def configuration(self) -> dict[str, Any]:
        """Options of botocore's `Config`."""
        return {
            "retries": {"total_max_attempts": 1, "mode": "standard"},
            "connect_timeout": min(CONNECT_SECONDS, self.read_seconds),
            "read_timeout": self.read_seconds,
            "max_pool_connections": POOL_CONNECTIONS,
        }

    def client(self) -> Any:
        """A boto3 client of the runtime."""
        from botocore.config import Config

        return self.session.client(SERVICE, endpoint_url=self.endpoint_url, config=Config(**self.configuration))


class AsyncSession:
    """Stands where Haystack expects an aiobotocore session, and gives every client the keys that are fresh now.

    Haystack makes a client for each call, so the copy of the keys lives as long as one call.
    """

    def __init__(self, connection: BedrockConnection) -> None:
        self._connection = connection

    def create_client(self, service: str, *, config: Any, **_environment: Any) -> Any:
        """An aiobotocore client, to be used as a context manager."""
        import aiobotocore.session  # type: ignore[import-untyped]

        session = self._connection.session
        credentials = session.get_credentials()
        keys = credentials.get_frozen_credentials() if credentials else None
        return aiobotocore.session.AioSession().create_client(
            service,
            region_name=session.region_name,
            endpoint_url=self._connection.endpoint_url,
            aws_access_key_id=keys.access_key if keys else None,
            aws_secret_access_key=keys.secret_key if keys else None,
            aws_session_token=keys.token if keys else None,
            config=config,
        )
