"""The configuration that a version went through the gate with: kept with its run, and taken again for production."""

from typing import TYPE_CHECKING, Any

from tasks_lib.config.load import settings_of
from tasks_lib.config.rag import RagConfig
from tasks_lib.config.settings import Settings
from tasks_lib.errors import ConfigurationError
from tasks_lib.registry.agreement import require_agreement
from tasks_lib.registry.live import LiveVersion, find_live, require_live

if TYPE_CHECKING:
    from mlflow import MlflowClient

CONFIGURATION_FILE = "configuration.yaml"
OF_ONE_RUN = ("approve", "estimate", "first", "replace_broken", "move_collection", "trials")
"""Keys of `gate` that are meant for one run and say nothing of the next."""


def record_configuration(settings: Settings) -> None:
    """Write what was given to the active MLflow run; what was not follows the defaults of the day."""
    import mlflow

    given = settings.model_dump(mode="json", exclude_unset=True)
    gate = {name: value for name, value in given.pop("gate", {}).items() if name not in OF_ONE_RUN}
    mlflow.log_dict({**given, **({"gate": gate} if gate else {})}, CONFIGURATION_FILE)


def as_production(client: "MlflowClient", settings: Settings) -> Settings:
    """The settings with production's own configuration, and the keys of `gate` that it was measured with.

    Keys of `gate` that are given win. Versions from before their configuration was kept are measured by the defaults.

    :raises NotDeployedError: If nothing is in production.
    :raises ConfigurationError: If `settings` give a key that shapes answers, or the stored ones fit no longer.
    """
    live = require_live(client, settings.assistant, settings.gate.aliases["production"])
    require_agreement(live, settings)
    return _with_rag(client, settings, live.rag, live, f"production's own configuration (version {live.version})")


def as_copied(client: "MlflowClient", settings: Settings, rag: RagConfig) -> Settings:
    """The settings with the configuration of a version of another registry, and production's keys of `gate`.

    Keys of `gate` that are given win; where nothing is in production, they and the defaults are all there is.

    :raises ConfigurationError: If `settings` give a key that shapes answers, or production's fit no longer.
    """
    live = find_live(client, settings.assistant, settings.gate.aliases["production"])
    return _with_rag(client, settings, rag, live, "a version that has its own configuration")


def _with_rag(
    client: "MlflowClient", settings: Settings, rag: RagConfig, live: LiveVersion | None, whose: str
) -> Settings:
    contradicting = sorted(settings.model_fields_set & RagConfig.model_fields.keys() - {"collection"})
    if contradicting:
        raise ConfigurationError(
            f"{', '.join(contradicting)} given together with {whose}", hint="Leave one of them out."
        )
    given = settings.model_dump(exclude_unset=True)
    stored = _stored(client, live) if live else {}
    gate = {**stored.get("gate", {}), **given.get("gate", {})}
    return settings_of({**stored, **given, **rag.model_dump(), "gate": gate})


def _stored(client: "MlflowClient", live: LiveVersion) -> dict[str, Any]:
    """What was given when the version was registered; its name and its shape of answers are taken from elsewhere."""
    import mlflow

    if not live.run_id or CONFIGURATION_FILE not in {file.path for file in client.list_artifacts(live.run_id)}:
        return {}
    content = _read(mlflow.artifacts.load_text(f"runs:/{live.run_id}/{CONFIGURATION_FILE}"))
    return {
        name: value for name, value in content.items() if name != "assistant" and name not in RagConfig.model_fields
    }


def _read(text: str) -> dict[str, Any]:
    import yaml

    content: dict[str, Any] = yaml.safe_load(text)
    return content
