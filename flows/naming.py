"""Names of flow runs, as Prefect lists them: what runs on what, and for a deployment what came of it."""

import logging
from collections.abc import Callable
from pathlib import PurePosixPath
from typing import Any, TypeVar, cast
from urllib.parse import unquote, urlsplit

from tasks_lib.config.settings import Settings

Value = TypeVar("Value")

logger = logging.getLogger(__name__)


def named_by_source() -> str:
    """`ingest handbook`: the last part of the source's path or URI."""
    settings, parameters = _settings(), _parameters()
    source = settings.ingest.source
    if source is None:
        platform = parameters.get("platform") or "local"
        return "ingest handbook" if platform == "local" else f"ingest documents of {platform}"
    address = urlsplit(source) if "://" in source else None
    path = unquote(address.path) if address else source
    return f"ingest {PurePosixPath(path).name or (address.netloc if address else '') or source}"


def named_by_assistant(verb: str) -> Callable[[], str]:
    """`deploy rag-assistant`: the verb and the assistant it is about."""
    return lambda: f"{verb} {_parameters().get('assistant') or _settings().assistant}"


def named_by_assistant_and_reason(verb: str) -> Callable[[], str]:
    """`deploy rag-assistant: drift of refused`: why it runs as well, where that was said."""
    named = named_by_assistant(verb)
    return lambda: f"{named()}: {reason}" if (reason := _parameters().get("reason")) else named()


def concluded(result: Value, conclusion: str, message: str | None = None) -> Value:
    """End the flow run with `conclusion` as its name, `message` as that of its state, and `result` as its result.

    :param message: The conclusion itself without it.

    Outside of a flow run it is the result alone. The caller of the flow gets the result in either case; only the type
    checker is told a small lie on the way.
    """
    from prefect.context import FlowRunContext
    from prefect.states import Completed

    context = FlowRunContext.get()
    if context is None or context.flow_run is None:
        return result
    rename(context.flow_run.id, conclusion)
    return cast("Value", Completed(message=message or conclusion, data=result))


def rename(flow_run_id: Any, name: str) -> None:
    """Name a flow run. A name is not worth a failed run: what it tells has happened already."""
    from prefect.client.orchestration import get_client

    try:
        with get_client(sync_client=True) as client:
            client.update_flow_run(flow_run_id, name=name)
    except Exception as error:  # noqa: BLE001  (httpx and Prefect raise anything)
        logger.warning("the flow run could not be named %r: %s", name, error)


def _parameters() -> dict[str, Any]:
    from prefect.runtime import flow_run

    parameters: dict[str, Any] = flow_run.parameters
    return parameters


def _settings() -> Settings:
    """The settings of the run; a worker gives them as they were validated, Prefect's API as JSON."""
    given = _parameters().get("settings")
    return given if isinstance(given, Settings) else Settings.model_validate(given or {})
