"""MLflow's client with the experiment of one assistant, in which all that it records and asks for lies."""

from collections.abc import Iterator

from mlflow import MlflowClient
from mlflow.entities import Experiment, LifecycleStage
from mlflow.exceptions import MlflowException

from tasks_lib.errors import LlmopsError
from tasks_lib.home import EXPERIMENT

ASSISTANT_TAG = "llmops.assistant"
"""Tag of an experiment: whose it is. The one of the default assistant is older than the tag."""
INDEX_TAG = "index"
"""Tag of a registered version that this project made: the index that it reads."""


class AssistantClient(MlflowClient):
    """MLflow's client for one assistant.

    :param assistant: Its name, which is that of its registered model and of its experiment, too.
    """

    def __init__(self, assistant: str) -> None:
        super().__init__()
        self.assistant = assistant
        self._experiment_id: str | None = None

    @property
    def known_experiment_id(self) -> str | None:
        """Id of the assistant's experiment; `None` where nothing was recorded yet."""
        if self._experiment_id is None:
            self._experiment_id = self._find()
        return self._experiment_id

    @property
    def experiment_id(self) -> str:
        """Id of the assistant's experiment, which is made where there is none.

        :raises LlmopsError: If it was deleted.
        """
        if self.known_experiment_id is None:
            self._experiment_id = self._create()
        return str(self._experiment_id)

    def assistants(self) -> list[str]:
        """All assistants: those with a registered version, and those for which something was recorded."""
        recorded = {
            experiment.tags.get(ASSISTANT_TAG, experiment.name)
            for experiment in self.all_experiments()
            if ASSISTANT_TAG in experiment.tags
        }
        return sorted(recorded | set(self.models()))

    def models(self) -> dict[str, dict[str, str]]:
        """Registered model → its aliases, for the models that this project registered."""
        ours: dict[str, dict[str, str]] = {}
        token = None
        while True:
            page = self.search_registered_models(max_results=100, page_token=token)
            for model in page:
                if any(INDEX_TAG in version.tags for version in model.latest_versions or []):
                    ours[model.name] = {alias: str(version) for alias, version in (model.aliases or {}).items()}
            token = page.token
            if not token:
                return ours

    def all_experiments(self) -> Iterator[Experiment]:
        """Experiments of every assistant, and others that a shared server holds."""
        token = None
        while True:
            page = self.search_experiments(max_results=100, page_token=token)
            yield from page
            token = page.token
            if not token:
                return

    def _find(self) -> str | None:
        experiment = self.get_experiment_by_name(self.assistant)
        if experiment is not None:
            if experiment.lifecycle_stage == LifecycleStage.DELETED:
                raise LlmopsError(
                    f"the MLflow experiment {self.assistant!r} was deleted",
                    hint=f"Restore it: mlflow experiments restore --experiment-id {experiment.experiment_id}",
                )
            return str(experiment.experiment_id)
        return self._shared() if self.assistant != EXPERIMENT else None

    def _shared(self) -> str | None:
        """The default's experiment, where the versions of one that was alone were recorded before each had its own."""
        versions = self.search_model_versions(f"name = '{self.assistant}'", max_results=1)
        if not versions or not versions[0].run_id or EXPERIMENT in self.models():
            return None
        try:
            experiment = self.get_experiment(self.get_run(versions[0].run_id).info.experiment_id)
        except MlflowException:
            return None
        return str(experiment.experiment_id) if experiment.name == EXPERIMENT else None

    def _create(self) -> str:
        try:
            return str(self.create_experiment(self.assistant, self._location(), tags={ASSISTANT_TAG: self.assistant}))
        except MlflowException:
            made = self.get_experiment_by_name(self.assistant)  # another process was faster
            if made is None:
                raise
            return str(made.experiment_id)

    def _location(self) -> str | None:
        """Without a server artifacts go where the default's go; a server knows its own place."""
        if self.tracking_uri.startswith(("http://", "https://", "databricks")):
            return None
        default = self.get_experiment_by_name(EXPERIMENT)
        return str(default.artifact_location) if default else None
