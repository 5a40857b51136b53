"""`llmops serve`: start the HTTP endpoint of the production version."""

import os
import sys
from ipaddress import ip_address
from typing import NoReturn

from blocks.resolve import resolve_platform
from flows.command.output import say
from flows.services.ports import Port, require_free
from tasks_lib.config.api_keys import read_keys
from tasks_lib.config.settings import Settings
from tasks_lib.registry.live import require_live, require_models
from tasks_lib.registry.tracking import connect


def serve_command(settings: Settings) -> list[str]:
    """The command line of the endpoint."""
    serve = settings.serve
    limits = {"--requests": serve.requests_per_minute, "--tokens": serve.tokens_per_minute}
    return [
        sys.executable,
        "-m",
        "serving",
        *("--host", serve.host, "--port", str(serve.port), "--workers", str(serve.workers)),
        *("--timeout", str(serve.timeout_seconds), "--slots", str(serve.slots), "--poll", str(serve.poll_seconds)),
        *(part for flag, limit in limits.items() if limit is not None for part in (flag, str(limit))),
        *("--model", settings.assistant, "--alias", settings.gate.aliases["production"]),
    ]


def serve_environment(settings: Settings, platform: str) -> dict[str, str]:
    """The environment variables of the endpoint: this process's, the platform and the URL of the rate limits."""
    storage = settings.serve.limits_storage
    return {
        **os.environ,
        "LLMOPS_PLATFORM": platform,
        **({"LLMOPS_LIMITS_STORAGE": storage} if storage else {}),
    }


def endpoint_port(settings: Settings) -> Port:
    """Where the endpoint will listen."""
    return Port("the endpoint", settings.serve.host, settings.serve.port, "choose another with --port")


def endpoint_url(settings: Settings) -> str:
    """URL of the endpoint, as this machine reaches it."""
    return f"http://{_reachable_host(settings.serve.host)}:{settings.serve.port}"


def _reachable_host(host: str) -> str:
    """The host of a URL that reaches a server listening on `host`."""
    try:
        address = ip_address(host)
    except ValueError:
        return host
    if address.is_unspecified:
        address = ip_address("::1" if address.version == 6 else "127.0.0.1")
    return f"[{address}]" if address.version == 6 else str(address)


def serve(settings: Settings, platform: str = "local") -> NoReturn:
    """Replace this process by the endpoint, so that signals reach it directly.

    :raises NotDeployedError: If nothing is in production.
    :raises ConfigurationError: If the platform cannot supply its models.
    :raises ConfigurationError: If others could reach the endpoint without an API key.
    :raises PortError: If somebody else listens on its port.
    """
    read_keys(settings.serve.host)
    require_free([endpoint_port(settings)])
    resolved = resolve_platform(platform)
    live = require_live(connect(resolved, settings.assistant), settings.assistant, settings.gate.aliases["production"])
    require_models(resolved, live.rag)
    if sys.stderr.isatty():  # elsewhere its log is lines of JSON
        say(f"the endpoint starts at {endpoint_url(settings)} with {live.uri}; Ctrl+C stops it")
    os.execve(sys.executable, serve_command(settings), serve_environment(settings, platform))  # noqa: S606  (our own module)
