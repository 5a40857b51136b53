"""`llmops doctor`: check every part of a platform, one row each."""

import os
from collections.abc import Callable
from functools import partial
from importlib.metadata import version

from pydantic import BaseModel

from blocks.key_stores import key_store
from blocks.resolve import resolve_platform
from flows.issuer_check import check_issuer
from flows.network_checks import network_hint, reach_this_machine, start_prefect
from tasks_lib.assistant.contract.platform import Platform
from tasks_lib.config.rag import LlmConfig
from tasks_lib.config.settings import Settings
from tasks_lib.config.stored_key import now
from tasks_lib.errors import LlmopsError, PluginError
from tasks_lib.home import Home
from tasks_lib.ingestion.pipeline import known_suffixes
from tasks_lib.ingestion.sources.named import of_source
from tasks_lib.ingestion.sources.open import plugin_sources, source_of
from tasks_lib.plugins import KINDS, installed, plugins, require_known_groups
from tasks_lib.registry.preflight import SENTENCE, reply_of

PREFECT_SECONDS = 5.0


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
    """Run every check; a failing one does not stop the rest.

    :raises ConfigurationError: If the platform itself, or a block that it names, is missing or unreadable.
    """
    resolved = resolve_platform(platform)
    parts: dict[str, Callable[[], str]] = {
        "home": _home,
        "packages": _packages,
        "network": reach_this_machine,
        "prefect": _prefect,
    }
    if os.environ.get("PREFECT_API_URL"):
        parts["workers"] = _workers
    if settings.serve.oidc is not None:
        parts["issuer"] = partial(check_issuer, settings.serve.oidc)
    parts |= _plugins()
    parts |= _blocks(resolved) | {"keys": lambda: _keys(platform)}
    parts |= {
        "tracking": lambda: _tracking(resolved, settings),
        "documents": lambda: _documents(resolved, settings),
        "embedder": lambda: _embedder(resolved, settings),
        "index": lambda: _index(resolved, settings),
        "languages": lambda: _languages(resolved, settings),
    }
    for model in (settings.llm.model, *settings.llm.fallback):
        alone = settings.llm.model_copy(update={"model": model, "fallback": ()})
        parts[f"language model {model}"] = lambda alone=alone: _language_model(resolved, alone)  # type: ignore[misc]
    parts |= {"judge": lambda: _judge(resolved), "production": lambda: _production(resolved, settings)}
    return DoctorResult(checks=[_check(resolved, name, part) for name, part in parts.items()])


def _check(platform: Platform, name: str, part: Callable[[], str]) -> Check:
    try:
        return Check(name=name, ok=True, detail=part())
    except LlmopsError as error:
        hint = " ".join(filter(None, (error.hint, network_hint(error))))
        return Check(name=name, ok=False, detail=error.message, hint=hint)
    except Exception as error:  # noqa: BLE001  (whatever a check raises is its result)
        detail = _without_secrets(platform, f"{type(error).__name__}: {error}")
        return Check(name=name, ok=False, detail=detail, hint=network_hint(error))


def _without_secrets(platform: Platform, text: str) -> str:
    if platform.name == "local":
        return text
    from blocks.platform import ResolvedPlatform
    from tasks_lib.assistant.providers.redact import redact

    return redact(text, platform.secrets() if isinstance(platform, ResolvedPlatform) else ())


def _blocks(platform: Platform) -> dict[str, Callable[[], str]]:
    """Health checks of the platform's blocks; the local platform has none."""
    if platform.name == "local":
        return {}
    from blocks.platform import ResolvedPlatform

    if not isinstance(platform, ResolvedPlatform):
        return {}
    parts: dict[str, Callable[[], str]] = {
        f"provider {provider.provider}": provider.check for provider in platform.providers
    }
    store, tracking = platform.store, platform.tracking
    parts["store"] = lambda: store.check(platform.home)
    if tracking is not None:
        parts["tracking server"] = tracking.check
    return parts


def _plugins() -> dict[str, Callable[[], str]]:
    """Import each plug-in, then check that they fit together."""
    return {f"plug-in {part}": part.loaded for kind in KINDS for part in installed(kind)} | {"plug-ins": _together}


def _together() -> str:
    from blocks.collection import block_types
    from tasks_lib.gate.scorers import plugin_metrics

    problems: dict[str, str] = {}
    each = [partial(plugins, kind) for kind in KINDS]
    fits: list[Callable[[], object]] = [require_known_groups, *each, plugin_metrics, plugin_sources, block_types]
    for fit in fits:
        try:
            fit()
        except PluginError as error:
            problems[error.message] = error.hint
    if problems:
        raise PluginError("; ".join(problems), hint=" ".join(dict.fromkeys(problems.values())))
    count = sum(len(plugins(kind)) for kind in KINDS)
    return f"{count} installed, each with a name of its own" if count else "none installed"


def _home() -> str:
    return f"{Home.from_environment().ensure().root} can be written"


def _keys(platform: str) -> str:
    store, moment = key_store(platform), now()
    valid = sum(key.state(moment) == "valid" for key in store.read())
    return f"{valid} valid API keys in {store.place}"


def _packages() -> str:
    return ", ".join(f"{name} {version(name)}" for name in ("prefect", "mlflow", "haystack-ai", "lancedb", "evidently"))


def _tracking(platform: Platform, settings: Settings) -> str:
    from tasks_lib.registry.tracking import connect

    client = connect(platform, settings.assistant)
    return f"{platform.tracking_uri()}, experiment {client.known_experiment_id or 'not made yet'}"


def _documents(platform: Platform, settings: Settings) -> str:
    each = [of_source(settings, source) for source in settings.ingest.sources]
    return ", ".join(_listed(platform, one) for one in each or [settings])


def _listed(platform: Platform, settings: Settings) -> str:
    source = source_of(platform, settings, known_suffixes(settings.ingest))
    first = next(iter(source.files()), None)
    if first is None:
        raise LlmopsError(f"{source.uri} holds no document", hint="Check the path and the patterns of the source.")
    return f"{source.uri} can be listed"


def _embedder(platform: Platform, settings: Settings) -> str:
    embedder = platform.embedder(settings.embedder)
    return f"{settings.embedder} answers with {len(embedder.embed([SENTENCE])[0])} dimensions"


def _languages(platform: Platform, settings: Settings) -> str:
    from tasks_lib.ingestion.languages import languages_of, unread_documents

    index = platform.index(settings.rag)
    shares = languages_of(index)
    if problem := unread_documents(settings.embedder, shares):
        raise problem
    told = ", ".join(f"{name} {share:.0%}" for name, share in shares.items())
    return f"documents are in {told}" if told else "no documents whose language could be told"


def _language_model(platform: Platform, llm: LlmConfig) -> str:
    generator = platform.chat_generator(llm)
    if generator is None:
        return f"{llm.model} needs no model: answers are extracted"
    reply = reply_of(generator)
    usage = reply.meta.get("usage", {})
    return (
        f"{llm.model} answers with {len(reply.text or '')} characters in {reply.meta.get('latency_seconds', 0):.1f} s "
        f"({usage.get('input_tokens', 0)} tokens in, {usage.get('output_tokens', 0)} out)"
    )


def _judge(platform: Platform) -> str:
    generator = platform.judge()
    if generator is None:
        return "none: answers are not judged by a model"
    reply = reply_of(generator)
    return f"{reply.meta.get('model', 'the judge')} answers with {len(reply.text or '')} characters"


def _index(platform: Platform, settings: Settings) -> str:
    index = platform.index(settings.rag)
    if not index.exists():
        raise LlmopsError(
            f"there is no index {settings.index_name!r}", hint="Run `llmops ingest --source your-folder`."
        )
    chunks = index.count()
    state = f"{index.name} version {index.version()}, {chunks} chunks"
    sampled = index.sample(1, 0)
    if not sampled:
        return state
    vectors = index.embeddings([sampled[0].meta["content_hash"]])
    held = len(next(iter(vectors.values()), []))
    given = platform.embedder(settings.embedder).dimension
    if held != given:
        raise LlmopsError(
            f"index {index.name!r} has vectors of {held} dimensions, and {settings.embedder} gives {given}",
            hint="Ingest again under another collection, or set the embedder that the index was made with.",
        )
    return f"{state} of {held} dimensions, as the embedder gives"


def _production(platform: Platform, settings: Settings) -> str:
    from tasks_lib.registry.live import require_live, require_models
    from tasks_lib.registry.tracking import connect

    live = require_live(connect(platform, settings.assistant), settings.assistant, settings.gate.aliases["production"])
    require_models(platform, live.rag)
    return f"version {live.version} of {live.model}, {live.rag.llm.model}"


def _prefect() -> str:
    url = os.environ.get("PREFECT_API_URL")
    if not url:
        return start_prefect()
    import httpx

    try:
        response = httpx.get(f"{url.rstrip('/')}/admin/version", timeout=PREFECT_SECONDS)
        response.raise_for_status()
    except httpx.HTTPError as error:
        raise LlmopsError(
            f"no Prefect server answers at {url}: {error}", hint="Start one: `prefect server start`."
        ) from error
    running, client = str(response.json()), version("prefect")
    if running.split(".")[:2] != client.split(".")[:2]:
        raise LlmopsError(
            f"{url} runs Prefect {running}, and this client is {client}", hint="Run the same version on both sides."
        )
    return f"{url} runs Prefect {running}"


def _workers() -> str:
    from prefect.client.orchestration import get_client

    from flows.orchestration.pool import deployed_pools, has_worker, worker_hint

    with get_client(sync_client=True) as client:
        pools = deployed_pools(client)
        for pool in pools:
            if not has_worker(client, pool.name):
                raise LlmopsError(
                    f"no worker polls the pool {pool.name!r}: its flows do not run",
                    hint=worker_hint(pool.name, pool.type),
                )
    names = ", ".join(pool.name for pool in pools)
    return f"workers poll {names}" if names else "nothing is deployed yet: `llmops bootstrap` does that"
