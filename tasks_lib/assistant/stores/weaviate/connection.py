"""Connection to a Weaviate server: one client a process for each address, and its failures given a name."""

import atexit
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from threading import Lock
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from haystack.core.errors import SerializationError

from tasks_lib.assistant.providers.redact import redact
from tasks_lib.errors import ConfigurationError, IndexUnavailableError, LlmopsError

if TYPE_CHECKING:
    from weaviate import WeaviateClient

CONNECT_SECONDS = 10
REFUSED = {401, 403}
Read = TypeVar("Read")

_clients: "dict[tuple[int, WeaviateConnection], WeaviateClient]" = {}
_lock = Lock()


@dataclass(frozen=True)
class WeaviateConnection:
    """How a server is reached.

    :param cloud: `url` is a cluster of Weaviate Cloud, whose gRPC address follows from it.
    :param grpc_host: The host of `url` if it is not given.
    """

    url: str
    cloud: bool = False
    api_key: str | None = field(default=None, repr=False)
    grpc_host: str | None = None
    grpc_port: int = 50051
    grpc_secure: bool = False
    headers: Mapping[str, str] = field(default_factory=dict, repr=False, hash=False)
    timeout_seconds: float = 60.0

    def to_dict(self) -> dict[str, Any]:
        """The fields, for `WeaviateConnection(**fields)`.

        :raises SerializationError: If there is a key or a header among them: no stored pipeline may hold one.
        """
        if self.api_key or self.headers:
            msg = f"the connection with {self.url} has credentials, which a pipeline does not hold"
            raise SerializationError(msg)
        return {name: value for name, value in asdict(self).items() if name not in {"api_key", "headers"}}

    def client(self) -> "WeaviateClient":
        """The connected client, which all threads of the process share.

        :raises ConfigurationError: If the server refuses the key.
        :raises IndexUnavailableError: If it cannot be reached or is too old.
        """
        key = (os.getpid(), self)
        with _lock:
            client = _clients.get(key)
            if client is None:
                client = _clients[key] = self._connected()
        return client

    def server_version(self) -> str:
        """Version of the server.

        :raises LlmopsError: As :meth:`client`.
        """
        with self.guarded():
            return str(self.client().get_meta()["version"])

    @contextmanager
    def guarded(self, what: str = "the server") -> Iterator[None]:
        """Name what the client raises, without secrets.

        :param what: What is being used, as errors name it.
        """
        from httpx import HTTPError
        from pydantic import ValidationError
        from weaviate.exceptions import WeaviateBaseError

        try:
            yield
        except LlmopsError:
            raise
        except (WeaviateBaseError, HTTPError, OSError, ValidationError) as error:
            raise self._named(what, error) from None

    def read(self, what: str, ask: Callable[[], Read]) -> Read:
        """What `ask` gives, which changes nothing and is asked once more where its connection is lost under it.

        :param what: What is being read, as errors name it.
        """
        from httpx import NetworkError, RemoteProtocolError
        from weaviate.exceptions import WeaviateConnectionError

        with self.guarded(what):
            try:
                return ask()
            except (NetworkError, RemoteProtocolError, WeaviateConnectionError, OSError):
                return ask()

    def _connected(self) -> "WeaviateClient":
        import weaviate
        from weaviate.config import AdditionalConfig, Timeout
        from weaviate.connect import ConnectionParams

        seconds = self.timeout_seconds
        config = AdditionalConfig(timeout=Timeout(init=CONNECT_SECONDS, query=seconds, insert=seconds))
        with self.guarded():
            # the checks at start-up ask a package index for the client's newest version
            if self.cloud:
                return weaviate.connect_to_weaviate_cloud(
                    self.url,
                    auth_credentials=self.api_key or "",
                    headers=dict(self.headers),
                    additional_config=config,
                    skip_init_checks=True,
                )
            parts = urlsplit(self.url if "://" in self.url else f"http://{self.url}")
            secure = parts.scheme == "https"
            host = parts.hostname or "localhost"
            parameters = ConnectionParams.from_params(
                http_host=host,
                http_port=parts.port or (443 if secure else 80),
                http_secure=secure,
                grpc_host=self.grpc_host or host,
                grpc_port=self.grpc_port,
                grpc_secure=self.grpc_secure,
            )
            client = weaviate.WeaviateClient(
                connection_params=parameters,
                auth_client_secret=weaviate.auth.AuthApiKey(self.api_key) if self.api_key else None,
                additional_headers=dict(self.headers),
                additional_config=config,
                skip_init_checks=True,
            )
            try:
                client.connect()
            except BaseException:
                client.close()
                raise
            return client

    def _named(self, what: str, error: Exception) -> LlmopsError:
        secrets = [self.api_key or "", *self.headers.values()]
        text = redact(str(getattr(error, "message", "") or error), secrets)[:400]
        if getattr(error, "status_code", None) in REFUSED or "401" in text or "UNAUTHENTICATED" in text:
            return ConfigurationError(
                f"Weaviate at {self.url} refuses the key: {text}", hint="Check the API key of the Weaviate block."
            )
        return IndexUnavailableError(
            f"Weaviate at {self.url} failed with {what}: {text}",
            hint="Check URL and gRPC address of the Weaviate block, and that the server runs.",
        )


@atexit.register
def _close_all() -> None:
    for (process, _), client in _clients.items():
        if process == os.getpid():
            with suppress(Exception):
                client.close()
