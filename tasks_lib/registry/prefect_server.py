"""The Prefect server that the process of a version asks for its platform."""

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
