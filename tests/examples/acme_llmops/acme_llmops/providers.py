"""A provider: a Prefect block that builds language models and embedders."""

from typing import Any

from pydantic import Field

from blocks.openai import OpenAICompatibleModels


class AcmeGateway(OpenAICompatibleModels):
    """
    The gateway of the house: it speaks OpenAI's API and wants to know which team asks.

    Example:
        Save the block, and name it among the providers of a platform:
        ```python
        from acme_llmops.providers import AcmeGateway

        AcmeGateway(base_url="http://gateway.acme.internal/v1", team="handbook").save("prod")
        ```
    """

    _block_type_name = "Acme gateway"
    _block_type_slug = "acme-gateway"
    _description = "Acme's gateway to language models."

    provider: str = Field(default="acme", title="Provider name", description="First part of the model ids.")
    team: str = Field(title="Team", description="Who is asking; the gateway bills by it.")

    def haystack_chat_generator(self, model: str, parameters: dict[str, Any]) -> Any:
        """Haystack's `OpenAIChatGenerator`, with the team in each call."""
        return super().haystack_chat_generator(model, {**parameters, "user": self.team})
