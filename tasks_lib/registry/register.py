"""Register a candidate: an MLflow model from code with pinned requirements and its lineage."""

import json
import re
from collections.abc import Mapping, Sequence
from contextlib import redirect_stderr
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, requires, version
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tasks_lib.config.rag import RagConfig
from tasks_lib.config.requirements import requirements_of
from tasks_lib.registry.candidate_alias import name_candidate
from tasks_lib.registry.carried import staged
from tasks_lib.registry.copied import log_copy
from tasks_lib.registry.tracking import DISTRIBUTION

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.models import Model

EXAMPLE = {"messages": [{"role": "user", "content": "How many days of annual leave do employees get?"}]}
IDENTITY_TAGS = ("fingerprint", "index", "index_version", "dataset")
"""Two versions that agree in these tags are the same candidate measured under the same conditions."""


@dataclass(frozen=True)
class CandidateVersion:
    """What is registered, and where it comes from.

    :param script: The models-from-code file.
    :param code_paths: The rooms whose carried files travel with the version.
    :param copied: Folder of a version of another registry that is registered as it is, instead of these.
    """

    model: str
    rag: RagConfig
    index_version: str
    script: Path
    code_paths: tuple[Path, ...]
    tags: dict[str, str] = field(default_factory=dict)
    copied: Path | None = None

    @property
    def identity(self) -> dict[str, str]:
        """The tags that tell whether a candidate was seen before."""
        return {name: self.tags[name] for name in IDENTITY_TAGS}


def register(client: "MlflowClient", candidate: CandidateVersion, alias: str) -> int:
    """Log and register `candidate` in the active run; returns the version that `alias` then names.

    A version that an interrupted run registered and never decided about is taken up again.
    """
    number = _undecided_version(client, candidate) or _log(candidate)
    name_candidate(client, candidate.model, alias, number)
    return number


def is_same(tags: Mapping[str, str], candidate: CandidateVersion) -> bool:
    """Whether the version with these tags has the identity of `candidate`."""
    return all(tags.get(name) == value for name, value in candidate.identity.items())


def tag_version(client: "MlflowClient", model: str, number: int, tags: Mapping[str, Any]) -> None:
    """Set tags of a version; booleans become `true` and `false`."""
    for name, value in tags.items():
        text = str(value).lower() if isinstance(value, bool) else str(value)
        client.set_model_version_tag(model, str(number), name, text)


def pinned_requirements(distribution: str = DISTRIBUTION) -> list[str]:
    """The direct requirements of `distribution`, each pinned to the installed version.

    Naming them keeps MLflow from inferring them, which takes 15 s and misses what is imported late.
    """
    try:
        declared = requires(distribution) or []
    except PackageNotFoundError:
        declared = ["mlflow"]
    names = (re.split(r"[\s\[<>=!~;(]", line, maxsplit=1)[0] for line in declared if "extra ==" not in line)
    return sorted(f"{name}=={version(name)}" for name in names)


def _undecided_version(client: "MlflowClient", candidate: CandidateVersion) -> int | None:
    known = versions_with(client, candidate.model, candidate.identity)
    newest = str(known[0]) if known else None
    if newest is None or "decision" in client.get_model_version(candidate.model, newest).tags:
        return None
    return int(newest)


def _log(candidate: CandidateVersion) -> int:
    from mlflow.models import Model

    if candidate.copied is not None:
        return log_copy(candidate.model, candidate.rag, candidate.index_version, candidate.copied, candidate.tags)
    packages = requirements_of(candidate.rag)
    with staged(candidate.code_paths) as rooms, redirect_stderr(StringIO()):  # MLflow announces each registration there
        info = Model.log(
            artifact_path=None,
            name=candidate.model,
            flavor=_PyfuncWithExample,
            registered_model_name=candidate.model,
            tags=candidate.tags,
            python_model=str(candidate.script),
            code_paths=[str(room) for room in rooms],
            model_config={
                "rag": candidate.rag.model_dump(mode="json"),
                "index_version": candidate.index_version,
                "plugins": packages,
            },
            pip_requirements=sorted({*pinned_requirements(), *packages}),
            validate_serving_input=False,
        )
    return int(info.registered_model_version)


class _PyfuncWithExample:
    """MLflow's pyfunc flavor, with an input example that is stored and not run.

    `pyfunc.log_model(input_example=…)` would load and ask the model in this process, whose rooms shadow the version's
    own code; the validation asks the example in a process of its own.
    """

    @staticmethod
    def save_model(path: str, mlflow_model: "Model", **arguments: Any) -> None:
        """Save as `mlflow.pyfunc` does, then add the example."""
        import mlflow
        from mlflow.models.model import MLMODEL_FILE_NAME

        del arguments["validate_serving_input"]  # read by `Model.log` itself
        mlflow.pyfunc.save_model(path=path, mlflow_model=mlflow_model, **arguments)
        (Path(path) / "input_example.json").write_text(json.dumps([EXAMPLE]), encoding="utf-8")
        mlflow_model.saved_input_example_info = {"artifact_path": "input_example.json", "type": "json_object"}
        mlflow_model.save(str(Path(path) / MLMODEL_FILE_NAME))


def versions_with(client: "MlflowClient", model: str, tags: Mapping[str, str]) -> Sequence[int]:
    """Versions of `model` that carry all of `tags`, newest first."""
    versions = client.search_model_versions(f"name = '{model}'", max_results=1000)
    matching = (v for v in versions if all(v.tags.get(name) == value for name, value in tags.items()))
    return sorted((int(v.version) for v in matching), reverse=True)
