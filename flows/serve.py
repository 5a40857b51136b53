"""`llmops serve`: start the endpoint as a process of its own."""

import os
import subprocess
import sys

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
        *("--timeout", str(serve.timeout_seconds)),
        *("--model", settings.gate.model_name, "--alias", settings.gate.aliases["production"]),
    ]


def serve_environment(platform: str) -> dict[str, str]:
    """The environment of the endpoint: ours, and the platform's name."""
    return {**os.environ, "LLMOPS_PLATFORM": platform}


def serve(settings: Settings, platform: str = "local") -> int:
    """Serve until interrupted; returns the exit code of the process.

    :raises NotDeployedError: If nothing is in production.
    """
    require_live(connect(resolve_platform(platform)), settings.gate.model_name, settings.gate.aliases["production"])
    process = subprocess.Popen(serve_command(settings), env=serve_environment(platform))  # noqa: S603  (our own module)
    try:
        return process.wait()
    except KeyboardInterrupt:
        process.terminate()
        process.wait(timeout=30)
        return 0
