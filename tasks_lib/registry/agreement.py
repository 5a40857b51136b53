"""What a configuration says must agree with what an assistant has in production: nothing crosses."""

from typing import TYPE_CHECKING

from tasks_lib.assistant.contract.platform import Platform
from tasks_lib.config.settings import Settings
from tasks_lib.errors import InputError, UnknownAssistantError
from tasks_lib.home import DEFAULT_ASSISTANT
from tasks_lib.registry.live import LiveVersion, find_live
from tasks_lib.registry.tracking import connect

if TYPE_CHECKING:
    from tasks_lib.registry.assistant_client import AssistantClient


def is_known(client: "AssistantClient") -> bool:
    """Whether anything was ever recorded for the name; the default one needs no record."""
    if client.assistant == DEFAULT_ASSISTANT or client.known_experiment_id is not None:
        return True
    return client.assistant in client.models()


def require_known(client: "AssistantClient") -> None:
    """Refuse a name that nothing was ever recorded for.

    :raises UnknownAssistantError: Naming the assistants that there are.
    """
    if not is_known(client):
        known = ", ".join(client.assistants()) or "none yet"
        raise UnknownAssistantError(
            f"there is no assistant {client.assistant!r}; assistants: {known}",
            hint="`llmops ingest --assistant NAME --source FOLDER` begins one.",
        )


def require_agreement(live: LiveVersion | None, settings: Settings) -> None:
    """Refuse a collection that is given and is not the one that production reads.

    :raises InputError: Naming both.
    """
    if live is not None and "collection" in settings.model_fields_set:
        require_same_collection(live, settings)


def require_same_collection(live: LiveVersion | None, settings: Settings) -> None:
    """Refuse another collection than production's, given or not, unless `gate.move_collection` lets it in.

    :raises InputError: Naming both.
    """
    if live is None or settings.collection == live.rag.collection or settings.gate.move_collection:
        return
    raise InputError(
        f"production of {settings.assistant!r} (version {live.version}) reads the collection "
        f"{live.rag.collection!r}, and the configuration names {settings.collection!r}",
        hint=f"For another assistant name it: --assistant {settings.collection}. To bring this one to other documents: "
        f"--move-collection with `dataset` and `deploy`. Else: --set collection={live.rag.collection}.",
    )


def require_production(platform: Platform, settings: Settings) -> None:
    """:func:`require_known` and :func:`require_agreement`, for what production is now."""
    client = connect(platform, settings.assistant)
    require_known(client)
    require_agreement(find_live(client, settings.assistant, settings.gate.aliases["production"]), settings)


def require_production_collection(platform: Platform, settings: Settings) -> None:
    """:func:`require_same_collection`, for what production is now."""
    client = connect(platform, settings.assistant)
    require_same_collection(find_live(client, settings.assistant, settings.gate.aliases["production"]), settings)


def with_production_collection(live: LiveVersion | None, settings: Settings) -> Settings:
    """The settings; a collection that is not given is production's."""
    require_agreement(live, settings)
    if live is None or settings.collection == live.rag.collection:
        return settings
    return settings.model_copy(update={"collection": live.rag.collection})
