"""`llmops doctor`: check every part of a platform, one row each."""

import os
from collections.abc import Callable
from importlib.metadata import version

from pydantic import BaseModel

from blocks.resolve import resolve_platform
from tasks_lib.config.settings import Settings
from tasks_lib.errors import LlmopsError
from tasks_lib.home import Home
from tasks_lib.platform import Platform


class Check(BaseModel):
    """One part of the platform."""

    name: str
    ok: bool
    detail: str
    hint: str = ""


class DoctorResult(BaseModel):
    """All checks."""

    checks: list[Check]


def doctor(settings: Settings, platform: str = "local") -> DoctorResult:
    """Run every check; a failing one does not stop the rest."""
    place = resolve_platform(platform)
    parts: dict[str, Callable[[], str]] = {
        "home": _home,
        "packages": _packages,
        "tracking": lambda: _tracking(place),
        "embedder": lambda: _embedder(place, settings),
        "language model": lambda: _language_model(place, settings),
        "index": lambda: _index(place, settings),
        "production": lambda: _production(place, settings),
        "prefect": _prefect,
    }
    return DoctorResult(checks=[_check(name, part) for name, part in parts.items()])


def _check(name: str, part: Callable[[], str]) -> Check:
    try:
        return Check(name=name, ok=True, detail=part())
    except LlmopsError as error:
        return Check(name=name, ok=False, detail=error.message, hint=error.hint)
    except Exception as error:  # noqa: BLE001  (whatever a part raises is its finding)
        return Check(name=name, ok=False, detail=f"{type(error).__name__}: {error}")


def _home() -> str:
    return f"{Home.from_environment().ensure().root} can be written"


def _packages() -> str:
    return ", ".join(f"{name} {version(name)}" for name in ("prefect", "mlflow", "haystack-ai", "lancedb", "evidently"))


def _tracking(platform: Platform) -> str:
    from tasks_lib.registry.tracking import connect, experiment_id

    return f"{platform.tracking_uri()}, experiment {experiment_id(connect(platform))}"


def _embedder(platform: Platform, settings: Settings) -> str:
    embedder = platform.embedder(settings.embedder)
    vector = embedder.embed(["a question about annual leave"])[0]
    return f"{settings.embedder} answers with {len(vector)} dimensions"


def _language_model(platform: Platform, settings: Settings) -> str:
    generator = platform.chat_generator(settings.llm)
    if generator is None:
        return f"{settings.llm.model} needs no model: answers are extracted"
    from haystack.dataclasses import ChatMessage

    replies = generator.run(messages=[ChatMessage.from_user("Answer with the word yes.")])["replies"]
    return f"{settings.llm.model} answers with {len(replies[0].text or '')} characters"


def _index(platform: Platform, settings: Settings) -> str:
    index = platform.index(settings.rag)
    if not index.exists():
        raise LlmopsError(f"there is no index {settings.index_name!r}", hint="Run `llmops ingest`.")
    return f"{index.name} version {index.version()}, {index.count()} chunks"


def _production(platform: Platform, settings: Settings) -> str:
    from tasks_lib.registry.live import require_live
    from tasks_lib.registry.tracking import connect

    live = require_live(connect(platform), settings.gate.model_name, settings.gate.aliases["production"])
    return f"version {live.version} of {live.model}, {live.rag.llm.model}"


def _prefect() -> str:
    url = os.environ.get("PREFECT_API_URL")
    if not url:
        return f"embedded, state in {os.environ.get('PREFECT_HOME', '~/.prefect')}"
    import httpx

    try:
        response = httpx.get(f"{url.rstrip('/')}/health", timeout=5)
    except httpx.HTTPError as error:
        raise LlmopsError(
            f"no Prefect server answers at {url}: {error}", hint="Start one: `prefect server start`."
        ) from error
    response.raise_for_status()
    return f"{url} is healthy"
