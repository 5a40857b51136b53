"""Outages of the Prefect and MLflow servers as named errors: their clients only pass on the HTTP error."""

import sys
from typing import Any

from tasks_lib.errors import LlmopsError

SERVER_ERRORS = 500


class ServerError(LlmopsError):
    """A server that a command needs is not there, or cannot reach its database."""


def outage(error: BaseException) -> ServerError | None:
    """The failure of a server that `error` stems from; `None` if it stems from something else."""
    seen: set[int] = set()
    cause: BaseException | None = error
    while cause is not None and id(cause) not in seen:
        seen.add(id(cause))
        failure = _of_prefect(cause) or _of_mlflow(cause)
        if failure:
            return failure
        cause = cause.__cause__ or cause.__context__
    return None


def _of_prefect(error: BaseException) -> ServerError | None:
    httpx, address = sys.modules.get("httpx"), _prefect_address()
    if httpx is None or address is None:
        return None
    request = getattr(error, "_request", None)
    if request is None or not str(request.url).startswith(address):
        return None
    if isinstance(error, httpx.HTTPStatusError) and error.response.status_code >= SERVER_ERRORS:
        return ServerError(
            f"the Prefect server at {address} answers HTTP {error.response.status_code}",
            hint="See its log: most often its database is down. Run the command again once it is back.",
        )
    if isinstance(error, httpx.TransportError):
        return ServerError(
            f"no Prefect server answers at {address}",
            hint="Start it (`llmops up`), or correct PREFECT_API_URL; without it, Prefect runs inside the command.",
        )
    return None


def _prefect_address() -> str | None:
    settings: Any = sys.modules.get("prefect.settings")
    url = settings.PREFECT_API_URL.value() if settings else None
    return str(url).rstrip("/") if url else None


def _of_mlflow(error: BaseException) -> ServerError | None:
    exceptions: Any = sys.modules.get("mlflow.exceptions")
    if exceptions is None or not isinstance(error, exceptions.MlflowException):
        return None
    import mlflow

    text, address = str(error), mlflow.get_tracking_uri()
    if not address.startswith(("http://", "https://")) or not any(
        phrase in text for phrase in ("API request to", "failed with exception", "failed with error code 5")
    ):
        return None
    return ServerError(
        f"the MLflow server at {address} does not answer as it should",
        hint="See its log: it may be down, or its database or artifact store. Run the command again once it is back.",
    )
