"""Out of an MLflow server and its artifact store, as far as MLflow's interface reaches."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from tasks_lib.forgetting.needles import Needles
from tasks_lib.forgetting.redaction import holds, redacted_file, redacted_text

if TYPE_CHECKING:
    from tasks_lib.registry.assistant_client import AssistantClient

PAGE = 1000
CODE = "code/"


def redact_artifacts(client: "AssistantClient", needles: Needles, *, only_count: bool = False) -> int:
    """Take the needles out of the artifacts of runs and models that lie elsewhere than on this machine."""
    from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

    changed = 0
    for uri in sorted(set(_artifact_uris(client))):
        if uri.startswith(("file:", "/")):  # below the home, where files are looked at one by one
            continue
        repository = get_artifact_repository(uri)
        for path in _paths(repository, None):
            if path.startswith(CODE) or f"/{CODE}" in path:
                continue
            changed += _redact_artifact(repository, path, needles, only_count=only_count)
    return changed


def redact_tags(client: "AssistantClient", needles: Needles, *, only_count: bool = False) -> int:
    """Take the needles out of tags and descriptions of runs, models, versions and prompts."""
    changed = 0
    for value, write in _told(client):
        clean = redacted_text(value or "", needles)
        if clean != (value or ""):
            changed += 1
            if not only_count:
                write(clean)
    return changed


def _told(client: "AssistantClient") -> Iterator[tuple[str | None, Callable[[str], Any]]]:
    """Every text that can be changed, and what writes another in its place."""
    for run in _runs(client):
        for name, value in run.data.tags.items():
            yield value, partial(client.set_tag, run.info.run_id, name)
    for model in _pages(partial(client.search_registered_models, max_results=100)):
        yield model.description, partial(client.update_registered_model, model.name)
        for name, value in model.tags.items():
            yield value, partial(client.set_registered_model_tag, model.name, name)
    for version in _pages(partial(client.search_model_versions, max_results=PAGE)):
        yield version.description, partial(client.update_model_version, version.name, version.version)
        for name, value in version.tags.items():
            yield value, partial(client.set_model_version_tag, version.name, version.version, name)


def parameters_with(client: "AssistantClient", needles: Needles) -> int:
    """Runs whose parameters hold the needles: MLflow never changes those."""
    return sum(holds(dict(run.data.params), needles) for run in _runs(client))


def _redact_artifact(repository: Any, path: str, needles: Needles, *, only_count: bool) -> int:
    with TemporaryDirectory() as folder:
        file = Path(repository.download_artifacts(path, folder))
        data = file.read_bytes()
        clean = None if needles.found_in(path) else redacted_file(file.name, data, needles)
        if clean == data:
            return 0
        if not only_count:
            if clean is None:
                repository.delete_artifacts(path)
            else:
                file.write_bytes(clean)
                repository.log_artifact(str(file), path.rpartition("/")[0] or None)
    return 1


def _paths(repository: Any, folder: str | None) -> Iterator[str]:
    for entry in repository.list_artifacts(folder):
        if entry.is_dir:
            yield from _paths(repository, entry.path)
        else:
            yield entry.path


def _artifact_uris(client: "AssistantClient") -> Iterator[str]:
    for run in _runs(client):
        yield str(run.info.artifact_uri)
    for experiment in client.all_experiments():
        for model in _pages(partial(client.search_logged_models, [experiment.experiment_id])):
            yield str(model.artifact_location)


def _runs(client: "AssistantClient") -> Iterator[Any]:
    from mlflow.entities import ViewType

    experiments = [experiment.experiment_id for experiment in client.all_experiments()]
    yield from _pages(partial(client.search_runs, experiments, "", ViewType.ALL, max_results=PAGE))


def _pages(read: Callable[..., Any]) -> Iterator[Any]:
    token = None
    while True:
        page = read(page_token=token)
        yield from page
        token = page.token
        if not token:
            return
