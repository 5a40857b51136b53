"""`llmops serve`: start the HTTP endpoint of the production versions."""

import os
import sys
from collections.abc import Callable, Sequence
from ipaddress import ip_address
from typing import NoReturn

from blocks.key_stores import platform_keys
from blocks.local import seems_ready
from blocks.resolve import resolve_platform
from flows.command.output import say
from flows.services.ports import Port, require_free
from tasks_lib.assistant.contract.platform import Platform
from tasks_lib.config.oidc import OIDC_VARIABLE
from tasks_lib.config.settings import Settings
from tasks_lib.errors import ConfigurationError, LlmopsError, NotDeployedError
from tasks_lib.registry.agreement import production_of
from tasks_lib.registry.live import LiveVersion, require_models
from tasks_lib.registry.tracking import connect

ALL = ("*",)
"""As `serve.assistants`: every assistant that has a version in production when the endpoint starts."""


def served_names(settings: Settings, platform: Platform) -> tuple[str, ...]:
    """Names of the assistants to serve, each once.

    :raises NotDeployedError: If all are wanted, and none is in production.
    """
    wanted = settings.serve.assistants or (settings.assistant,)
    if wanted != ALL:
        return tuple(dict.fromkeys(wanted))
    models = connect(platform, settings.assistant).models()
    found = sorted(name for name, aliases in models.items() if _alias(settings) in aliases)
    if not found:
        raise NotDeployedError("no assistant is in production", hint="Run `llmops deploy` first, or `llmops demo`.")
    return tuple(found)


def servable(
    settings: Settings, platform: Platform, names: Sequence[str], tell: Callable[[str], None]
) -> list[LiveVersion]:
    """The versions that can answer now. What keeps another assistant from it is told: it is served once it can be.

    :raises NotDeployedError: If there is only one assistant, and nothing of it is in production; or nothing of any.
    :raises UnknownAssistantError: The same for names that are no assistant's.
    :raises ConfigurationError: The same for models that the platform cannot supply, or whose cost is to be held and
        not known.
    """
    found: list[LiveVersion] = []
    problems: list[LlmopsError] = []
    for name in names:
        try:
            live = production_of(platform, name, _alias(settings))
            if not seems_ready(platform, live.rag):
                require_models(platform, live.rag)
            _require_price(settings, platform, live)
        except LlmopsError as error:
            problems.append(error)
        else:
            found.append(live)
    if not found:
        raise next((problem for problem in problems if not isinstance(problem, NotDeployedError)), problems[0])
    for problem in problems:
        tell(f"{problem.message}: it is served once that has changed")
    return found


def _require_price(settings: Settings, platform: Platform, live: LiveVersion) -> None:
    """Refuse a budget that nothing would be counted against.

    :raises ConfigurationError: If the version's model has no price.
    """
    cost = settings.serve.cost_per_month
    if cost is None:
        return
    generator = platform.chat_generator(live.rag.llm)
    if generator is not None and getattr(generator, "price", None) is None:
        raise ConfigurationError(
            f"serve.cost_per_month={cost:g} cannot be held: {live.rag.llm.model!r} of {live.uri} has no price",
            hint="Give it one in `prices` of the provider's block, or set serve.tokens_per_month instead.",
        )


def serve_command(settings: Settings, assistants: Sequence[str]) -> list[str]:
    """The command line of the endpoint."""
    serve = settings.serve
    limits = {
        "--requests": serve.requests_per_minute,
        "--tokens": serve.tokens_per_minute,
        "--month-tokens": serve.tokens_per_month,
        "--month-cost": serve.cost_per_month,
    }
    return [
        sys.executable,
        "-m",
        "serving",
        *("--host", serve.host, "--port", str(serve.port), "--workers", str(serve.workers)),
        *("--timeout", str(serve.timeout_seconds), "--slots", str(serve.slots), "--poll", str(serve.poll_seconds)),
        *(part for flag, limit in limits.items() if limit is not None for part in (flag, str(limit))),
        *(part for name in assistants for part in ("--model", name)),
        *("--alias", _alias(settings)),
        *(part for host in serve.hosts for part in ("--allow-host", host)),
        *(part for origin in serve.origins for part in ("--allow-origin", origin)),
        *(part for field in serve.filters for part in ("--allow-filter", field)),
        *(["--open-metrics"] if serve.open_metrics else []),
    ]


def _alias(settings: Settings) -> str:
    return settings.gate.aliases["production"]


def serve_environment(settings: Settings, platform: str) -> dict[str, str]:
    """The environment variables of the endpoint: this process's, the platform and the URL of the rate limits."""
    storage, oidc = settings.serve.limits_storage, settings.serve.oidc
    return {
        **os.environ,
        "LLMOPS_PLATFORM": platform,
        **({"LLMOPS_LIMITS_STORAGE": storage} if storage else {}),
        **({OIDC_VARIABLE: oidc.model_dump_json()} if oidc else {}),
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
    platform_keys(settings.serve.host, platform, tokens=settings.serve.oidc is not None)
    require_free([endpoint_port(settings)])
    resolved = resolve_platform(platform)
    names = served_names(settings, resolved)
    live = servable(settings, resolved, names, say)
    if sys.stderr.isatty():  # elsewhere its log is lines of JSON
        uris = ", ".join(version.uri for version in live)
        say(f"the endpoint starts at {endpoint_url(settings)} with {uris}; Ctrl+C stops it")
    command = serve_command(settings, names)
    os.execve(sys.executable, command, serve_environment(settings, platform))  # noqa: S606  (our own module)
