"""Environment variables of the process of a version: its memory, its Prefect server, and how MLflow writes traces."""

MEMORY = {"MALLOC_ARENA_MAX": "2"}
"""Of glibc, which gives each thread a heap of its own, and keeps in each what was freed there."""
API_URL_VARIABLE = "PREFECT_API_URL"
LOCAL = "local"


def prefect_environment(platform_name: str) -> dict[str, str]:
    """Environment variables with the server that this process uses, embedded or not; none for the local platform.

    A version looks its platform up in a process of its own, which would otherwise embed a server of its own for it.
    Where this process has no server yet, it embeds one here, and all versions share it.
    """
    if platform_name == LOCAL:
        return {}
    from prefect.client.orchestration import get_client

    return {API_URL_VARIABLE: str(get_client(sync_client=True).api_url).rstrip("/")}


def trace_writing(tracking_uri: str, source: str) -> dict[str, str]:
    """Environment variables of MLflow; what the environment says goes before.

    Within a second, not five: feedback on an answer comes soon after it. All spans of a trace in one transaction, not
    in three. A sqlite file has one writer, for which ten threads would only wait. In production, traces that cannot be
    written as fast as they come are left out at last, with a warning, before they take the memory of the answers.
    Nothing is looked for that is encoded in a text, to be stored as a file beside the trace: it would not be masked.
    """
    writing = {
        "MLFLOW_TRACE_EXTRACT_ATTACHMENTS": "false",
        "MLFLOW_ASYNC_TRACE_LOGGING_MAX_INTERVAL_MILLIS": "1000",
        "MLFLOW_ASYNC_TRACE_LOGGING_MAX_SPAN_BATCH_SIZE": "256",
        "MLFLOW_ASYNC_TRACE_LOGGING_MAX_WORKERS": "1" if tracking_uri.startswith("sqlite") else "4",
    }
    if source == "production":
        writing |= {"MLFLOW_ASYNC_TRACE_LOGGING_MAX_QUEUE_SIZE": "256", "MLFLOW_TRACE_BUFFER_MAX_SIZE": "256"}
    return writing
