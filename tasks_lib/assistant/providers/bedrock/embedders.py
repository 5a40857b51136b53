"""Haystack's Bedrock embedders on a connection of our own: endpoint, and credentials that stay fresh."""

from typing import Any

from haystack import component, default_to_dict
from haystack_integrations.components.embedders.amazon_bedrock import (
    AmazonBedrockDocumentEmbedder,
    AmazonBedrockTextEmbedder,
)

from tasks_lib.assistant.providers.bedrock.session import BedrockConnection

_NO_CREDENTIALS: dict[str, Any] = {
    "aws_access_key_id": None,
    "aws_secret_access_key": None,
    "aws_session_token": None,
    "aws_region_name": None,
    "aws_profile_name": None,
}
COHERE_BATCH = 96
"""Texts that Cohere's models take in one call; Titan's take one."""


@component
class BedrockTextEmbedder(AmazonBedrockTextEmbedder):
    """Embeds a question with a Titan or Cohere model.

    :param connection: Given at run time, never stored.
    """

    def __init__(self, model: str, connection: BedrockConnection | None = None, **parameters: Any) -> None:
        # the decorator replaces the class, so `super()` would look for the one it was written in
        AmazonBedrockTextEmbedder.__init__(self, model, **_NO_CREDENTIALS, **parameters)
        self.connection = connection

    def warm_up(self) -> None:
        """Create the client."""
        if self._client is None:
            self._client = _client_of(self.connection)

    def to_dict(self) -> dict[str, Any]:
        """Model and parameters; the connection is given again at run time."""
        return default_to_dict(self, model=self.model, **self.kwargs)


@component
class BedrockDocumentEmbedder(AmazonBedrockDocumentEmbedder):
    """Embeds documents with a Titan or Cohere model.

    :param connection: Given at run time, never stored.
    """

    def __init__(self, model: str, connection: BedrockConnection | None = None, **parameters: Any) -> None:
        AmazonBedrockDocumentEmbedder.__init__(
            self, model, **_NO_CREDENTIALS, batch_size=COHERE_BATCH, progress_bar=False, **parameters
        )
        self.connection = connection

    def warm_up(self) -> None:
        """Create the client."""
        if self._client is None:
            self._client = _client_of(self.connection)

    def to_dict(self) -> dict[str, Any]:
        """Model and parameters; the connection is given again at run time."""
        return default_to_dict(self, model=self.model, **self.kwargs)


def _client_of(connection: BedrockConnection | None) -> Any:
    if connection is None:
        msg = "a Bedrock component needs its connection before it runs"
        raise RuntimeError(msg)
    return connection.client()
