"""`llmops diff`: what one registered version of an assistant is that another is not."""

from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, Field

from blocks.resolve import resolve_platform
from tasks_lib.assistant.answering.prompt import registered_template
from tasks_lib.assistant.contract.platform import Platform
from tasks_lib.config.rag import PromptConfig
from tasks_lib.config.settings import Settings
from tasks_lib.dataset.datasets import load
from tasks_lib.dataset.examples import Example
from tasks_lib.errors import ConfigurationError, IndexUnavailableError, InputError
from tasks_lib.registry.agreement import require_known
from tasks_lib.registry.changes import flat
from tasks_lib.registry.live import LiveVersion, version_named
from tasks_lib.registry.tracking import connect
from tasks_lib.registry.version_code import FileChange, code_changes, code_of, text_changes

if TYPE_CHECKING:
    from tasks_lib.registry.assistant_client import AssistantClient

BUILT_IN = "built-in"
ORIGIN = ("git_sha", "package_version", "platform")


class DiffedVersion(BaseModel):
    """One of the two versions."""

    version: int
    aliases: list[str]
    decision: str | None = Field(description="Of its gate; null while there is none.")
    prompt: str = Field(description="`name/version` of a registered prompt, `inline` or `built-in`.")
    index: str | None
    index_version: str | None = Field(description="State of the documents that its gate saw.")
    dataset: str | None
    origin: dict[str, str]


class Change(BaseModel):
    """A value that is another one; null where there is none."""

    name: str
    before: object
    after: object


class DocumentChange(BaseModel):
    """A document that is another one in the state that the second version's gate saw."""

    source: str
    document: str
    change: Literal["added", "removed", "changed"]


class QuestionChange(BaseModel):
    """A question of the sets that is another one."""

    id: str
    question: str
    change: Literal["added", "removed", "changed"]


class Figure(BaseModel):
    """A figure of the gates of both versions."""

    metric: str
    before: float | None
    after: float | None


class DiffResult(BaseModel):
    """What the second version is that the first is not."""

    model: str
    before: DiffedVersion
    after: DiffedVersion
    configuration: list[Change]
    prompt: list[str] = Field(description="Lines as `diff -u` writes them.")
    code: list[FileChange]
    documents: list[DocumentChange] | None = Field(description="Null where a state is not kept any more.")
    questions: list[QuestionChange] | None = Field(description="Null where a set is not there.")
    figures: list[Figure] = Field(description="Of the gates; on other questions they are no comparison.")
    same_questions: bool
    notes: list[str] = Field(description="What could not be compared, and why.")


def diff(before: str, after: str, settings: Settings, platform: str = "local") -> DiffResult:
    """Compare two versions of an assistant; nothing is changed.

    :param before: Number of a version, or an alias such as `production`.
    :raises InputError: If there is no such version.
    :raises UnknownAssistantError: If there is no such assistant.
    """
    resolved = resolve_platform(platform)
    client = connect(resolved, settings.assistant)
    require_known(client)
    one, other = version_named(client, before), version_named(client, after)
    notes: list[str] = []
    first, second = _told(client, one), _told(client, other)
    return DiffResult(
        model=settings.assistant,
        before=first,
        after=second,
        configuration=_configuration(one, other),
        prompt=text_changes(*(_prompt(version.rag.prompt, resolved, notes) for version in (one, other))),
        code=code_changes(code_of(one), code_of(other)),
        documents=_documents(resolved, first, second, notes),
        questions=_questions(client, first, second, notes),
        figures=_figures(client, one, other),
        same_questions=first.dataset == second.dataset,
        notes=notes,
    )


def _told(client: "AssistantClient", version: LiveVersion) -> DiffedVersion:
    aliases = client.models().get(client.assistant, {})
    tags, prompt = version.tags, version.rag.prompt
    named = f"{prompt.name}/{prompt.version}" if prompt.name else "inline" if prompt.template else BUILT_IN
    return DiffedVersion(
        version=version.version,
        aliases=sorted(alias for alias, number in aliases.items() if int(number) == version.version),
        decision=tags.get("decision"),
        prompt=named,
        index=tags.get("index"),
        index_version=tags.get("index_version"),
        dataset=tags.get("dataset"),
        origin={name: tags[name] for name in ORIGIN if tags.get(name)},
    )


def _configuration(one: LiveVersion, other: LiveVersion) -> list[Change]:
    old, new = (dict(flat(version.rag.model_dump(mode="json"))) for version in (one, other))
    return [
        Change(name=name, before=old.get(name), after=new.get(name))
        for name in sorted({*old, *new})
        if old.get(name) != new.get(name) and name != "prompt.template"
    ]


def _prompt(config: PromptConfig, platform: Platform, notes: list[str]) -> str:
    """Its text; of a built-in one the name: its text is a part of the code."""
    if config.name is None:
        return config.template or BUILT_IN
    try:
        return registered_template(config, platform)
    except ConfigurationError as error:
        notes.append(error.message)
        return f"{config.name}/{config.version}"


def _documents(
    platform: Platform, first: DiffedVersion, second: DiffedVersion, notes: list[str]
) -> list[DocumentChange] | None:
    if (first.index, first.index_version) == (second.index, second.index_version):
        return []
    try:
        old, new = _manifest(platform, first), _manifest(platform, second)
    except IndexUnavailableError as error:
        notes.append(f"the documents cannot be compared: {error.message}")
        return None
    return [
        DocumentChange(source=source, document=path, change=_kind(old.get((source, path)), new.get((source, path))))
        for source, path in sorted({*old, *new})
        if old.get((source, path)) != new.get((source, path))
    ]


def _manifest(platform: Platform, version: DiffedVersion) -> dict[tuple[str, str], str]:
    """Source and path → hash of every document of the state."""
    if version.index is None or version.index not in platform.indexes() or not version.index_version:
        raise IndexUnavailableError(f"there is no index {version.index!r} of version {version.version} any more")
    index = platform.open_index(version.index).at(version.index_version)
    return {
        (source, path): digest for source in index.info().sources for path, digest in index.manifest(source).items()
    }


def _questions(
    client: "AssistantClient", first: DiffedVersion, second: DiffedVersion, notes: list[str]
) -> list[QuestionChange] | None:
    if first.dataset == second.dataset:
        return []
    try:
        old, new = ({each.id: each for each in load(client, version.dataset).examples} for version in (first, second))
    except InputError as error:
        notes.append(f"the questions cannot be compared: {error.message}")
        return None
    return [
        QuestionChange(id=name, question=_asked(old, new, name), change=_kind(old.get(name), new.get(name)))
        for name in sorted({*old, *new})
        if old.get(name) != new.get(name)
    ]


def _asked(old: dict[str, Example], new: dict[str, Example], name: str) -> str:
    return (new.get(name) or old[name]).question


def _kind(before: object, after: object) -> Literal["added", "removed", "changed"]:
    if before is None:
        return "added"
    return "removed" if after is None else "changed"


def _figures(client: "AssistantClient", one: LiveVersion, other: LiveVersion) -> list[Figure]:
    """Those of the runs that registered the versions; of one that was never measured there are none."""
    old, new = (dict(client.get_run(version.run_id).data.metrics) if version.run_id else {} for version in (one, other))
    names = sorted(name for name in {*old, *new} if not name.startswith("system/"))
    return [Figure(metric=name, before=old.get(name), after=new.get(name)) for name in names]
