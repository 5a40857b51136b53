"""Prefect events about versions."""

import re
from typing import Any, Literal

from tasks_lib.home import DEFAULT_ASSISTANT

Event = Literal[
    "llmops.deployment.promoted",
    "llmops.deployment.rejected",
    "llmops.deployment.undecided",
    "llmops.deployment.rolled-back",
    "llmops.production.degraded",
    "llmops.serving.switched",
    "llmops.serving.switch-failed",
]


def emit(event: Event, model: str, number: int, payload: dict[str, Any]) -> None:
    """Tell Prefect what happened to a version. For flows, and where a server is configured: else Prefect starts one."""
    from prefect.events import emit_event

    resource = {"prefect.resource.id": f"llmops.model.{model}.{number}", "prefect.resource.name": f"{model} {number}"}
    emit_event(event, resource=resource, payload={"model": model, "version": number, **payload})


def artifact_key(kind: str, assistant: str) -> str:
    """Key of Prefect's artifact of one assistant: lower-case letters, digits and dashes."""
    return kind if assistant == DEFAULT_ASSISTANT else f"{kind}-{re.sub('[^a-z0-9]+', '-', assistant.lower())}"
