"""The live version behind an alias, its configuration and its tags."""

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tasks_lib.config.rag import RagConfig
from tasks_lib.errors import InputError, NotDeployedError
from tasks_lib.home import DEFAULT_ASSISTANT

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities.model_registry import ModelVersion

    from tasks_lib.assistant.contract.platform import Platform
    from tasks_lib.registry.assistant_client import AssistantClient
    from tasks_lib.registry.process import VersionProcess


SHOWN_TAG = "example_questions"
"""Version tag: a JSON list of questions, offered to whoever has not asked yet; older versions have none."""


@dataclass(frozen=True)
class LiveVersion:
    """A registered version that an alias names."""

    model: str
    version: int
    run_id: str
    tags: dict[str, str]
    rag: RagConfig
    index_version: str | None
    experiment_id: str | None = None
    """Of its traces, where that was read along with it."""
    folder: str | None = None
    """Address of its artifacts, where that was read along with it."""

    @property
    def uri(self) -> str:
        """Address by number: it stays the same when the alias moves."""
        return f"models:/{self.model}/{self.version}"

    @property
    def example_questions(self) -> list[str]:
        """Questions of the evaluation set that it answered rightly in its gate."""
        questions: list[str] = json.loads(self.tags.get(SHOWN_TAG, "[]"))
        return questions

    @property
    def pinned_index_version(self) -> str | None:
        """The index version that this version reads; `None` if it follows the live documents."""
        return self.index_version if self.rag.index.follow == "pinned" else None


def find_live(client: "MlflowClient", model: str, alias: str) -> LiveVersion | None:
    """The version behind `alias`, or `None` if there is no such model or alias."""
    from mlflow.exceptions import MlflowException

    try:
        entity = client.get_model_version_by_alias(model, alias)
    except MlflowException as error:
        if error.error_code in {"RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"}:
            return None
        raise
    return read_version(entity)


def read_version(entity: "ModelVersion") -> LiveVersion:
    """What a registered version is made of, whether it is live or not."""
    from mlflow.models import get_model_info

    config = get_model_info(f"models:/{entity.name}/{entity.version}").flavors["python_function"]["config"]
    return LiveVersion(
        model=entity.name,
        version=int(entity.version),
        run_id=entity.run_id or "",
        tags=dict(entity.tags),
        rag=RagConfig.model_validate(config["rag"]),
        index_version=config.get("index_version"),
    )


def version_named(client: "AssistantClient", named: str) -> LiveVersion:
    """The version of a number or an alias.

    :raises InputError: If there is none, with those that there are.
    """
    model = client.assistant
    aliases = client.models().get(model, {})
    number = aliases.get(named, named)
    known = {str(each.version) for each in client.search_model_versions(f"name = '{model}'", max_results=1000)}
    if number not in known:
        numbers = ", ".join(sorted(known, key=int)) or "none"
        raise InputError(
            f"{model!r} has no version {named!r}; versions: {numbers}; aliases: {', '.join(sorted(aliases)) or 'none'}",
            hint="Name a version by its number or by an alias.",
        )
    return read_version(client.get_model_version(model, number))


def require_models(platform: "Platform", rag: RagConfig) -> None:
    """Refuse a version before its process is started, if `platform` lacks a model of it.

    :raises ConfigurationError: Naming the model, and what the platform has.
    """
    platform.embedder(rag.embedder)
    platform.chat_generator(rag.llm)


def process_of(platform: "Platform", live: LiveVersion, *, workers: int) -> "VersionProcess":
    """A process, not started yet, that answers production's questions with this version."""
    from tasks_lib.registry.process import VersionProcess
    from tasks_lib.registry.tracking import connect

    return VersionProcess(
        live.uri,
        platform_name=platform.name,
        tracking_uri=platform.tracking_uri(),
        assistant=live.model,
        experiment_id=live.experiment_id or connect(platform, live.model).experiment_id,
        source="production",
        version=str(live.version),
        index=live.rag.index_name,
        workers=workers,
        folder=live.folder,
        controlled=lambda: platform.open_index(live.rag.index_name).access().controlled,
    )


def require_live(client: "MlflowClient", model: str, alias: str) -> LiveVersion:
    """Like :func:`find_live`.

    :raises NotDeployedError: If nothing is there.
    """
    live = find_live(client, model, alias)
    if live is None:
        raise not_deployed(model, alias)
    return live


def not_deployed(model: str, alias: str) -> NotDeployedError:
    """What is said where nothing is behind the alias."""
    return NotDeployedError(f"there is no {alias!r} version of {model!r}", hint=_way_to_deploy(model))


def _way_to_deploy(model: str) -> str:
    if model == DEFAULT_ASSISTANT:
        return "Run `llmops ingest --source your-folder`, `llmops dataset` and `llmops deploy` first, or `llmops demo`."
    return f"Run `llmops ingest`, `llmops dataset` and `llmops deploy` with --assistant {model} first."
