"""Prefect events about versions."""

from typing import Any, Literal

Event = Literal[
    "llmops.deployment.promoted",
    "llmops.deployment.rejected",
    "llmops.deployment.undecided",
    "llmops.deployment.rolled-back",
    "llmops.production.degraded",
]


def emit(event: Event, model: str, number: int, payload: dict[str, Any]) -> None:
    """Tell Prefect what happened to a version. Only flows call this: without a server Prefect would start one."""
    from prefect.events import emit_event

    resource = {"prefect.resource.id": f"llmops.model.{model}.{number}", "prefect.resource.name": f"{model} {number}"}
    emit_event(event, resource=resource, payload={"model": model, "version": number, **payload})
