"""What is live, shown where people look: the model's description in MLflow, an artifact in Prefect."""

import logging
from typing import TYPE_CHECKING

from flows.command.environment import prefect_server_is_configured
from tasks_lib.registry.attempts import current_flow_run
from tasks_lib.registry.events import artifact_key
from tasks_lib.registry.model_description import describe_model

if TYPE_CHECKING:
    from tasks_lib.registry.assistant_client import AssistantClient


def show_production(client: "AssistantClient", alias: str) -> None:
    """Tell what is live after what may have moved it, or a hold; in Prefect where there is a server to tell.

    :param alias: That of production.
    """
    told = describe_model(client, alias)
    if told and (current_flow_run() or prefect_server_is_configured()):
        _show_in_prefect(told, client.assistant)


def _show_in_prefect(told: str, assistant: str) -> None:
    import httpx
    from prefect.artifacts import create_markdown_artifact

    key, about = artifact_key("production", assistant), f"What is live of {assistant}"
    try:
        create_markdown_artifact(key=key, markdown=told, description=about)
    except httpx.HTTPError as error:  # the server may be away; what is told has happened
        logging.getLogger(__name__).warning("Prefect was not told what is live: %s", error)
