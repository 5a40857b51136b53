"""Haystack's Bedrock chat generator on a connection of our own: endpoint, and credentials that stay fresh."""

from typing import Any

from haystack import component, default_from_dict, default_to_dict
from haystack_integrations.components.generators.amazon_bedrock import AmazonBedrockChatGenerator

from tasks_lib.assistant.providers.bedrock.session import AsyncSession, BedrockConnection


@component
class BedrockChatGenerator(AmazonBedrockChatGenerator):
    """Chats through Converse and ConverseStream, synchronously and asynchronously.

    :param model: Model id or ARN, as Bedrock knows it.
    :param connection: Given at run time, never stored.
    """

    def __init__(
        self,
        model: str,
        connection: BedrockConnection | None = None,
        generation_kwargs: dict[str, Any] | None = None,
    ) -> None:
        # the decorator replaces the class, so `super()` would look for the one it was written in
        AmazonBedrockChatGenerator.__init__(
            self,
            model,
            aws_access_key_id=None,
            aws_secret_access_key=None,
            aws_session_token=None,
            aws_region_name=None,
            aws_profile_name=None,
            generation_kwargs=generation_kwargs,
            boto3_config=connection.configuration if connection else None,
        )
        self.connection = connection

    def warm_up(self) -> None:
        """Create the client."""
        if self.client is None:
            self.client = _required(self.connection).client()

    def _get_async_session(self) -> AsyncSession:
        return AsyncSession(_required(self.connection))

    def to_dict(self) -> dict[str, Any]:
        """Model and parameters; the connection is given again at run time."""
        return default_to_dict(self, model=self.model, generation_kwargs=self.generation_kwargs)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> "BedrockChatGenerator":
        """Rebuild the component, without a connection."""
        generator: BedrockChatGenerator = default_from_dict(cls, data)
        return generator


def _required(connection: BedrockConnection | None) -> BedrockConnection:
    if connection is None:
        msg = "a Bedrock component needs its connection before it runs"
        raise RuntimeError(msg)
    return connection
