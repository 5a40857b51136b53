"""What a configuration says must agree with what an assistant has in production: nothing crosses."""

from typing import TYPE_CHECKING

from tasks_lib.assistant.contract.platform import Platform
from tasks_lib.config.settings import Settings
from tasks_lib.errors import InputError, UnknownAssistantError
from tasks_lib.home import DEFAULT_ASSISTANT
from tasks_lib.registry.embedded import read_live
from tasks_lib.registry.live import LiveVersion, find_live, not_deployed
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


def find_production(platform: Platform, assistant: str, alias: str) -> LiveVersion | None:
    """What answers for the assistant; `None` before anything does. MLflow is imported only where it is needed.

    :param alias: The one of production.
    :raises UnknownAssistantError: If nothing was ever recorded for the assistant.
    """
    live = read_live(platform.tracking_uri(), assistant, alias)
    if live is not None:
        return live
    client = connect(platform, assistant)
    require_known(client)
    return find_live(client, assistant, alias)


def production_of(platform: Platform, assistant: str, alias: str) -> LiveVersion:
    """As :func:`find_production`.

    :raises NotDeployedError: If nothing answers for it.
    """
    live = find_production(platform, assistant, alias)
    if live is None:
        raise not_deployed(assistant, alias)
    return live


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
