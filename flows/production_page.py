"""What is live, shown where people look: the model's description in MLflow, an artifact in Prefect."""

from typing import TYPE_CHECKING

from prefect.artifacts import create_markdown_artifact

from tasks_lib.registry.events import artifact_key
from tasks_lib.registry.model_description import describe_model

if TYPE_CHECKING:
    from tasks_lib.registry.assistant_client import AssistantClient


def show_production(client: "AssistantClient", alias: str) -> None:
    """Tell what is live after a run that may have moved it.

    :param alias: That of production.
    """
    told = describe_model(client, alias)
    if told:
        about = f"What is live of {client.assistant}"
        create_markdown_artifact(key=artifact_key("production", client.assistant), markdown=told, description=about)
