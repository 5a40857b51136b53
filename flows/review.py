"""`llmops review`: the page where people label answers."""

import os
import sys
from ipaddress import ip_address
from typing import NoReturn

from blocks.key_stores import platform_keys
from blocks.resolve import resolve_platform
from flows.command.output import say
from flows.services.ports import Port, require_free
from tasks_lib.config.oidc import OIDC_VARIABLE
from tasks_lib.config.settings import Settings
from tasks_lib.monitoring.review.agreement import Agreement, agreement
from tasks_lib.monitoring.review.next_set import ReviewedSet, next_set
from tasks_lib.monitoring.review.queue import labels_by_trace
from tasks_lib.registry.agreement import require_known
from tasks_lib.registry.tracking import activate, connect


def review_command(settings: Settings) -> list[str]:
    """The command line of the page's process."""
    review = settings.review
    dataset = ["--dataset", settings.gate.dataset] if settings.gate.dataset else []
    hosts = (part for host in settings.serve.hosts for part in ("--allow-host", host))
    listening = ["--host", review.host, "--port", str(review.port)]
    return [sys.executable, "-m", "serving.review", *listening, "--model", settings.assistant, *dataset, *hosts]


def review(settings: Settings, platform: str = "local") -> NoReturn:
    """Replace this process by the page's, so that signals reach it directly.

    :raises UnknownAssistantError: If there is no such assistant.
    :raises ConfigurationError: If others could reach the page without an API key.
    :raises PortError: If somebody else listens on its port.
    """
    place = settings.review
    oidc = settings.serve.oidc
    platform_keys(place.host, platform, tokens=oidc is not None)
    require_free([Port("the review page", place.host, place.port, "choose another with --port")])
    require_known(connect(resolve_platform(platform), settings.assistant))
    host = f"[{place.host}]" if ":" in place.host and ip_address(place.host).version == 6 else place.host
    say(f"the review page starts at http://{host}:{place.port}; Ctrl+C stops it")
    environment = {**os.environ, "LLMOPS_PLATFORM": platform}
    environment |= {OIDC_VARIABLE: oidc.model_dump_json()} if oidc else {}
    os.execve(sys.executable, review_command(settings), environment)  # noqa: S606  (our own module)


def agreement_of(settings: Settings, platform: str = "local") -> Agreement:
    """How far the people agree who labelled answers.

    :raises UnknownAssistantError: If there is no such assistant.
    """
    client = connect(resolve_platform(platform), settings.assistant)
    require_known(client)
    return agreement(labels_by_trace(client))


def make_set(settings: Settings, platform: str = "local") -> ReviewedSet:
    """The next version of the evaluation set, as the labels change it.

    :raises InputError: If there is no set, or nothing was reviewed.
    """
    client = connect(resolve_platform(platform), settings.assistant)
    require_known(client)
    activate(client)
    return next_set(client, settings.gate.dataset)
