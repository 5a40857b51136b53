"""A version of another registry as a candidate here: what is fetched, and the plan of its gate."""

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from tasks_lib.assistant.answering.prompt import registered_template
from tasks_lib.assistant.contract.platform import Platform
from tasks_lib.assistant.retrieval.pipeline import index_as_read
from tasks_lib.config.rag import PromptConfig, RagConfig
from tasks_lib.config.settings import Settings
from tasks_lib.dataset.datasets import ARTIFACT, load
from tasks_lib.errors import InputError
from tasks_lib.gate.configuration import CONFIGURATION_FILE
from tasks_lib.gate.plan import Plan, plan_deployment
from tasks_lib.gate.publish import REPORT_FILE
from tasks_lib.registry.copied import download, place_prompt, rooms_of
from tasks_lib.registry.fingerprint import fingerprint, prompt_version
from tasks_lib.registry.live import LiveVersion
from tasks_lib.registry.tracking import connect

if TYPE_CHECKING:
    from tasks_lib.registry.assistant_client import AssistantClient

COPIED_TAG = "copied_from"
"""Tag of a version: the platform and the version that it is a copy of."""
ORIGIN = "origin"
"""Folder of the gate's run with what the version brought: the report of its own gate and the questions of that."""
BROUGHT = (REPORT_FILE, "report.html", "report.json", CONFIGURATION_FILE)
QUESTIONS = "questions.jsonl"
OF_CODE = ("git_sha", "package_version", "plugins")
"""Tags of a version that tell of its code, whoever copies it."""


@dataclass(frozen=True)
class CopiedVersion:
    """A version as it was fetched.

    :param platform: Where from.
    :param folder: The model.
    :param brought: Folder of report and questions.
    :param prompt: Text of its prompt, where that is in the registry.
    :param missing: What it should have brought and is not there any more.
    """

    platform: str
    version: LiveVersion
    folder: Path
    brought: Path
    prompt: str | None = None
    missing: tuple[str, ...] = ()

    @property
    def named(self) -> str:
        """For people, such as `staging, version 3`."""
        return f"{self.platform}, version {self.version.version}"


def fetch(platform: Platform, client: "AssistantClient", version: LiveVersion, folder: Path) -> CopiedVersion:
    """Download a version with all that belongs to it; nothing is changed where it comes from.

    :param client: Of the registry that it is in, which MLflow is pointed at.
    :param folder: An empty one.
    :raises ConfigurationError: If its prompt is not in the registry any more.
    """
    brought = folder / ORIGIN
    brought.mkdir()
    missing = [*_bring_report(client, version, brought), *_bring_questions(client, version, brought)]
    told = {"platform": platform.name, "model": version.model, "version": version.version, "tags": version.tags}
    (brought / "version.json").write_text(json.dumps(told, indent=2, ensure_ascii=False), encoding="utf-8")
    prompt = version.rag.prompt
    return CopiedVersion(
        platform=platform.name,
        version=version,
        folder=download(version, folder / "model"),
        brought=brought,
        prompt=registered_template(prompt, platform) if prompt.name is not None else None,
        missing=tuple(missing),
    )


def require_supplied(platform: Platform, copied: CopiedVersion, settings: Settings) -> None:
    """Refuse before anything is written a version that cannot be measured, or could not answer, on `platform`.

    :raises ConfigurationError: If the platform lacks a model.
    :raises InputError: If it lacks the index, or the questions.
    :raises IndexUnavailableError: If the state that readers of the index see is gone.
    """
    rag = copied.version.rag
    platform.embedder(rag.embedder)
    platform.chat_generator(rag.llm)
    at = "" if platform.name == "local" else f" --platform {platform.name}"
    if rag.index_name not in platform.indexes():
        raise InputError(
            f"platform {platform.name!r} has no index {rag.index_name!r}, which {copied.named} reads; it has: "
            f"{', '.join(platform.indexes()) or 'none'}",
            hint=f"Make it with `llmops ingest{at} {_as_flags(rag)}`.",
        )
    index_as_read(platform, rag).info()
    try:
        load(connect(platform, settings.assistant), settings.gate.dataset)
    except InputError as error:
        raise InputError(
            f"platform {platform.name!r} has no questions to measure by: {error.message}",
            hint=f"Make them with `llmops dataset{at} {_as_flags(rag)}`, or import them.",
        ) from error


def plan_copy(platform: Platform, settings: Settings, copied: CopiedVersion) -> Plan:
    """Load what the gate needs, as for a candidate of this checkout; its prompt is put into the registry last.

    :raises LlmopsError: As `plan_deployment`.
    """
    rooms = rooms_of(copied.folder)
    plan = plan_deployment(platform, settings, copied.folder, rooms)
    if plan.too_few:
        return plan
    known, rag = copied.version, settings.rag
    if copied.prompt is not None:
        rag = rag.model_copy(update={"prompt": _placed(platform, settings, copied.prompt)})
    same = rag == known.rag and "fingerprint" in known.tags
    tags = {
        **plan.candidate.tags,
        **{name: known.tags[name] for name in OF_CODE if name in known.tags},
        "fingerprint": known.tags["fingerprint"] if same else fingerprint(rag, rooms),
        "prompt": prompt_version(rag),
        COPIED_TAG: copied.named,
    }
    return replace(
        plan, candidate=replace(plan.candidate, rag=rag, tags=tags, copied=copied.folder), brought=copied.brought
    )


def keep_brought(folder: Path | None) -> None:
    """Keep what a version brought with the active MLflow run."""
    import mlflow

    if folder is not None:
        mlflow.log_artifacts(str(folder), ORIGIN)


def _placed(platform: Platform, settings: Settings, text: str) -> PromptConfig:
    """The prompt of the platform's registry; an estimate writes nothing, and takes the text itself."""
    if settings.gate.estimate:
        return PromptConfig(template=text)
    return place_prompt(connect(platform, settings.assistant), settings.prompt, text)


def _bring_report(client: "AssistantClient", version: LiveVersion, folder: Path) -> list[str]:
    if not version.run_id:
        return ["the report of its gate"]
    there = {file.path for file in client.list_artifacts(version.run_id)}
    for name in BROUGHT:
        if name in there:
            client.download_artifacts(version.run_id, name, str(folder))
    return [] if REPORT_FILE in there else ["the report of its gate"]


def _bring_questions(client: "AssistantClient", version: LiveVersion, folder: Path) -> list[str]:
    """The set that its gate asked. It does not become one that versions are measured by here."""
    reference = version.tags.get("dataset")
    try:
        dataset = load(client, reference)
    except InputError:
        return [f"the questions {reference}"]
    downloaded = Path(client.download_artifacts(dataset.run_id, ARTIFACT, str(folder)))
    downloaded.rename(folder / QUESTIONS)
    return []


def _as_flags(rag: RagConfig) -> str:
    """What names the index, as the command takes it."""
    given = {"collection": rag.collection, "embedder": rag.embedder}
    cut = {f"chunking.{name}": value for name, value in rag.chunking.model_dump(exclude_defaults=True).items()}
    analyser = {"index.analyser": rag.index.analyser} if rag.index.analyser else {}
    return " ".join(f"--set {name}={value}" for name, value in {**given, **cut, **analyser}.items())
