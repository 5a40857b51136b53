"""`llmops serve`: become the endpoint."""

import os
import sys
from typing import NoReturn

from blocks.resolve import resolve_platform
from tasks_lib.config.settings import Settings
from tasks_lib.registry.live import require_live
from tasks_lib.registry.tracking import connect


def serve_command(settings: Settings) -> list[str]:
    """The command line of the endpoint."""
    serve = settings.serve
    return [
        sys.executable,
        "-m",
        "serving",
        *("--host", serve.host, "--port", str(serve.port), "--workers", str(serve.workers)),
        *("--timeout", str(serve.timeout_seconds), "--slots", str(serve.slots), "--poll", str(serve.poll_seconds)),
        *("--model", settings.gate.model_name, "--alias", settings.gate.aliases["production"]),
    ]


def serve_environment(platform: str) -> dict[str, str]:
    """The environment of the endpoint: ours, and the platform's name."""
    return {**os.environ, "LLMOPS_PLATFORM": platform}


def serve(settings: Settings, platform: str = "local") -> NoReturn:
    """Become the endpoint: this process is replaced by it, so signals reach it directly.

    :raises NotDeployedError: If nothing is in production.
    """
    require_live(connect(resolve_platform(platform)), settings.gate.model_name, settings.gate.aliases["production"])
    os.execve(sys.executable, serve_command(settings), serve_environment(platform))  # noqa: S606  (our own module)
