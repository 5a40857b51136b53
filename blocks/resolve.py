"""Resolve a platform by its name."""

import logging
import re
from typing import TYPE_CHECKING

from blocks.local import LOCAL, LocalPlatform
from tasks_lib.errors import ConfigurationError
from tasks_lib.network import require_no_proxy_set_aside

if TYPE_CHECKING:
    from blocks.documents import Documents
    from blocks.llmops_platform import LLMOpsPlatform
    from blocks.platform import ResolvedPlatform
    from blocks.provider import ModelProvider
    from blocks.store import IndexStore
    from blocks.tracking import MLflowTracking
    from tasks_lib.assistant.contract.platform import Platform

logger = logging.getLogger(__name__)

NAME = re.compile(r"[a-z0-9-]+")


def resolve_platform(name: str = LOCAL) -> "Platform":
    """The platform called `name`; `local`, or no name at all, is built in code and never contacts Prefect.

    For each role: the block that the platform names, else what the environment names, else what comes with the
    package; the choice is logged.

    :raises ConfigurationError: If there is no such platform or a block that it names is missing, unreadable or of the
        wrong kind; the message lists those that exist. Also if the way to them is a proxy that cannot be used.
    """
    if name in {LOCAL, ""}:  # Prefect puts nothing in place of a variable that is not there
        return LocalPlatform()
    return _resolved(name, saved_platform(name))


def saved_platform(name: str) -> "LLMOpsPlatform":
    """The block of a platform.

    :raises ConfigurationError: If there is none, or it cannot be read, or the way to it is a proxy that cannot be used.
    """
    if not NAME.fullmatch(name):
        raise ConfigurationError(
            f"{name!r} is no name of a platform", hint="Names are lower-case letters, digits and hyphens."
        )
    require_no_proxy_set_aside()
    return _load(name)


def platforms() -> list[str]:
    """Names of all platforms; asks the Prefect server."""
    from blocks.llmops_platform import LLMOpsPlatform
    from blocks.loading import saved_slugs

    return [LOCAL, *(slug.partition("/")[2] for slug in saved_slugs(LLMOpsPlatform))]


def _load(name: str) -> "LLMOpsPlatform":
    from blocks.llmops_platform import LLMOpsPlatform
    from blocks.loading import MissingBlockError
    from blocks.slugs import resolve_slug

    try:
        return resolve_slug(f"{LLMOpsPlatform.get_block_type_slug()}/{name}", LLMOpsPlatform, "--platform")
    except MissingBlockError:
        raise ConfigurationError(
            f"there is no platform {name!r}; platforms: {', '.join(platforms())}",
            hint="Name one of these, or save a block `LLMOps platform` with this name." + _server_hint(),
        ) from None


def _server_hint() -> str:
    """Where blocks were looked for, if that may not be where they were saved."""
    from prefect.settings import get_current_settings

    if get_current_settings().api.url:
        return ""
    return " No Prefect server is configured: set PREFECT_API_URL to the one where blocks are saved."


def _resolved(name: str, saved: "LLMOpsPlatform") -> "ResolvedPlatform":
    from blocks.platform import ResolvedPlatform

    platform = ResolvedPlatform(
        name=name,
        providers=_providers(name, saved),
        store=_store(name, saved),
        tracking=_tracking(name, saved),
        saved_documents=_documents(name, saved),
        sources=_sources(name, saved),
        judge_model=saved.judge,
    )
    if saved.judge:
        platform.provider_of("judge", saved.judge)
    return platform


def _providers(name: str, saved: "LLMOpsPlatform") -> "tuple[ModelProvider, ...]":
    from blocks.environment import providers_of_environment
    from blocks.provider import ModelProvider
    from blocks.slugs import resolve_slug

    if saved.providers:
        providers = [resolve_slug(slug, ModelProvider, "providers") for slug in saved.providers]  # type: ignore[type-abstract]
        origin = "the platform"
    else:
        providers, origin = providers_of_environment(), "the environment"
    for provider in providers:
        twins = [other.slug for other in providers if other.provider == provider.provider]
        if len(twins) > 1:
            raise ConfigurationError(
                f"platform {name!r} has two providers called {provider.provider!r}: {' and '.join(twins)}",
                hint="Give one of them another provider name.",
            )
        _log_choice(name, f"provider {provider.provider}", provider.slug, origin)
    if not providers:
        _log_choice(name, "providers", "the local models only", "the package")
    return tuple(providers)


def _store(name: str, saved: "LLMOpsPlatform") -> "IndexStore":
    from blocks.environment import store_of_environment
    from blocks.lancedb import LanceDBStore
    from blocks.slugs import resolve_slug
    from blocks.store import IndexStore

    if saved.index:
        _log_choice(name, "index", saved.index, "the platform")
        return resolve_slug(saved.index, IndexStore, "index")  # type: ignore[type-abstract]
    store = store_of_environment()
    if store:
        _log_choice(name, "index", store.url, "the environment (WEAVIATE_URL)")
        return store
    _log_choice(name, "index", "LanceDB below LLMOPS_HOME", "the package")
    return LanceDBStore()


def _tracking(name: str, saved: "LLMOpsPlatform") -> "MLflowTracking | None":
    from blocks.environment import tracking_of_environment
    from blocks.slugs import resolve_slug
    from blocks.tracking import MLflowTracking

    if saved.tracking:
        _log_choice(name, "tracking", saved.tracking, "the platform")
        return resolve_slug(saved.tracking, MLflowTracking, "tracking")
    tracking = tracking_of_environment()
    if tracking:
        _log_choice(name, "tracking", tracking.uri, "the environment (MLFLOW_TRACKING_URI)")
    else:
        _log_choice(name, "tracking", "sqlite below LLMOPS_HOME", "the package")
    return tracking


def _documents(name: str, saved: "LLMOpsPlatform") -> "Documents | None":
    from blocks.documents import Documents
    from blocks.slugs import resolve_slug

    if saved.documents:
        _log_choice(name, "documents", saved.documents, "the platform")
        return resolve_slug(saved.documents, Documents, "documents")  # type: ignore[type-abstract]
    _log_choice(name, "documents", "the sample handbook", "the package")
    return None


def _sources(name: str, saved: "LLMOpsPlatform") -> "tuple[Documents, ...]":
    from blocks.documents import Documents
    from blocks.slugs import resolve_slug

    for slug in saved.sources:
        _log_choice(name, "a further source", slug, "the platform")
    return tuple(resolve_slug(slug, Documents, "sources") for slug in saved.sources)  # type: ignore[type-abstract]


def _log_choice(platform: str, role: str, choice: str, origin: str) -> None:
    logger.info("platform %s: %s is %s, by %s", platform, role, choice, origin)
