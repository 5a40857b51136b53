"""What needs an index: versions with an alias, versions pinned to a state, and evaluation sets, of every assistant."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from mlflow.entities.model_registry import ModelVersion

    from tasks_lib.registry.assistant_client import AssistantClient

SETS_LOOKED_AT = 1000


@dataclass(frozen=True)
class Need:
    """One reason to keep an index, or one state of it."""

    assistant: str
    index: str
    kind: Literal["alias", "pinned", "questions"]
    why: str
    """For people, such as `production of docs (version 3)`."""
    state: str | None = None
    """The one version of the index that is read; `None` for the live documents."""


def needs(client: "AssistantClient") -> list[Need]:
    """All needs of all assistants of a platform, versions with an alias first."""
    versions = [*_registered(client)]
    by_alias = [
        Need(model, version.tags["index"], "alias", f"{alias} of {model} (version {version.version})")
        for model, aliases, version in versions
        for alias in aliases
    ]
    pinned = [
        Need(model, index, "pinned", f"version {version.version} of {model} (state {state})", state)
        for model, _, version in versions
        for index, state in _pinned(version)
    ]
    return [*by_alias, *pinned, *_of_evaluation_sets(client)]


def pinned_states(client: "AssistantClient", index: str) -> dict[str, list[str]]:
    """State of `index` → the versions, as `assistant version`, that are pinned to it."""
    states: dict[str, list[str]] = {}
    for model, _, version in _registered(client):
        for name, state in _pinned(version):
            if name == index:
                states.setdefault(state, []).append(f"{model} {version.version}")
    return states


def _registered(client: "AssistantClient") -> "Iterator[tuple[str, list[str], ModelVersion]]":
    """Model, aliases and version of everything that this project registered."""
    for model, aliases in client.models().items():
        token = None
        while True:
            page = client.search_model_versions(f"name = '{model}'", max_results=1000, page_token=token)
            for version in page:
                if "index" in version.tags:
                    named = [alias for alias, number in aliases.items() if number == str(version.version)]
                    yield model, named, version
            token = page.token
            if not token:
                break


def _pinned(version: "ModelVersion") -> "Iterator[tuple[str, str]]":
    """Index and state that a version is pinned to (`index.follow: pinned`)."""
    from mlflow.exceptions import MlflowException
    from mlflow.models import get_model_info

    from tasks_lib.config.rag import RagConfig

    try:
        config = get_model_info(f"models:/{version.name}/{version.version}").flavors["python_function"]["config"]
        rag = RagConfig.model_validate(config["rag"])
        follows, index = rag.index.follow, rag.index_name
    except MlflowException:
        # its artifacts are gone, or the store cannot be reached now: what it may read is kept
        follows, index = "pinned", version.tags["index"]
    state = version.tags.get("index_version")
    if follows == "pinned" and index and state:
        yield index, state


def _of_evaluation_sets(client: "AssistantClient") -> list[Need]:
    """The newest version of each set, which `dataset` goes on from."""
    experiments = {one.experiment_id: one for one in client.all_experiments()}
    runs = client.search_runs(
        list(experiments),
        filter_string="tags.`llmops.verb` = 'dataset' AND attributes.status = 'FINISHED'",
        max_results=SETS_LOOKED_AT,
        order_by=["attributes.start_time DESC"],
    )
    newest: dict[tuple[str, str], Need] = {}
    for run in runs:
        experiment = experiments[run.info.experiment_id]
        assistant, tags = experiment.tags.get("llmops.assistant", experiment.name), run.data.tags
        name, index = tags.get("llmops.dataset", ""), tags.get("llmops.index", "")
        why = f"evaluation set {name}:{tags.get('llmops.dataset_version', '')} of {assistant}"
        newest.setdefault((assistant, name), Need(assistant, index, "questions", why))
    return [need for need in newest.values() if need.index]
