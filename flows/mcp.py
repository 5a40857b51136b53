"""`llmops mcp`: the production version as tools of the Model Context Protocol, over stdin and stdout."""

import os
import sys
from collections.abc import Collection
from typing import NoReturn

from blocks.local import seems_ready
from blocks.resolve import resolve_platform
from tasks_lib.config.settings import Settings
from tasks_lib.registry.agreement import production_of
from tasks_lib.registry.live import require_models


def mcp(settings: Settings, platform: str = "local", groups: Collection[str] = ()) -> NoReturn:
    """Replace this process by the server, which answers until its stdin ends.

    :param groups: Those of whoever asks through the host.
    :raises NotDeployedError: If nothing is in production.
    :raises ConfigurationError: If the platform cannot supply its models.
    """
    resolved = resolve_platform(platform)
    alias = settings.gate.aliases["production"]
    live = production_of(resolved, settings.assistant, alias)
    if not seems_ready(resolved, live.rag):
        require_models(resolved, live.rag)
    command = [sys.executable, "-m", "serving.mcp", "--model", settings.assistant, "--alias", alias]
    command += ["--timeout", str(settings.serve.timeout_seconds)]
    command += [f"--group={name}" for name in groups]
    os.execve(sys.executable, command, {**os.environ, "LLMOPS_PLATFORM": platform})  # noqa: S606  (our own module)
