"""A version of one registry in another: its files as they are, with what it reads there."""

import shutil
from collections.abc import Mapping
from contextlib import redirect_stderr
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tasks_lib.config.rag import PromptConfig, RagConfig
from tasks_lib.registry.version_code import CODE

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.models import Model

    from tasks_lib.registry.live import LiveVersion


def download(version: "LiveVersion", folder: Path) -> Path:
    """Everything that a version is made of, from the registry that MLflow is pointed at."""
    from mlflow.artifacts import download_artifacts

    folder.mkdir(parents=True)
    return Path(download_artifacts(version.uri, dst_path=str(folder)))


def rooms_of(folder: Path) -> tuple[Path, ...]:
    """The packages that a downloaded version carries."""
    return tuple(sorted(path for path in (folder / CODE).iterdir() if path.is_dir()))


def log_copy(model: str, rag: RagConfig, index_version: str, folder: Path, tags: Mapping[str, str]) -> int:
    """Log and register what was downloaded to `folder` in the active run; the number that it got.

    Code, packages and signature are those of the version; only what it is configured to read is `rag` and
    `index_version`.
    """
    from mlflow.models import Model

    stored = Model.load(str(folder)).flavors["python_function"]["config"]
    with redirect_stderr(StringIO()):  # MLflow announces each registration there
        info = Model.log(
            artifact_path=None,
            name=model,
            flavor=_AsItWasSaved,
            registered_model_name=model,
            tags=dict(tags),
            folder=folder,
            model_config={**stored, "rag": rag.model_dump(mode="json"), "index_version": index_version},
            validate_serving_input=False,
        )
    return int(info.registered_model_version)


def place_prompt(client: "MlflowClient", prompt: PromptConfig, text: str) -> PromptConfig:
    """The prompt of that name in the client's registry that has this text; the next version of it where none has.

    A version of the registry is never changed, so the number may be another one than where the text comes from.
    """
    for uri in (f"prompts:/{prompt.name}/{prompt.version}", f"prompts:/{prompt.name}@latest"):
        found = client.load_prompt(uri, allow_missing=True)
        if found is not None and found.template == text:
            return prompt.model_copy(update={"version": int(found.version)})
    made = client.register_prompt(str(prompt.name), text)
    return prompt.model_copy(update={"version": int(made.version)})


class _AsItWasSaved:
    """MLflow's flavor of a model that was saved already: nothing is imported, and nothing inferred anew."""

    @staticmethod
    def save_model(path: str, mlflow_model: "Model", folder: Path, model_config: dict[str, Any], **_: Any) -> None:
        """Copy the folder, and describe it as it was, but for the configuration."""
        from mlflow.models import Model
        from mlflow.models.model import MLMODEL_FILE_NAME

        shutil.copytree(folder, path, ignore=shutil.ignore_patterns("__pycache__", "*.pyc"))
        stored = Model.load(path)
        function = {**stored.flavors["python_function"], "config": model_config}
        mlflow_model.flavors = {**stored.flavors, "python_function": function}
        mlflow_model.signature = stored.signature
        if stored.saved_input_example_info is not None:
            mlflow_model.saved_input_example_info = stored.saved_input_example_info
        mlflow_model.mlflow_version = stored.mlflow_version
        mlflow_model.save(str(Path(path) / MLMODEL_FILE_NAME))
