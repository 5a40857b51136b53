"""`llmops premerge`: what a change of documents, prompts or configuration in a repository would do to the answers."""

import time
from collections.abc import Callable
from contextlib import chdir
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, Field

from blocks.resolve import resolve_platform
from flows.checkout import Checkout, checkout, commit_of, fork_point, prefix_of
from flows.dataset import dataset
from flows.deploy import CODE_PATHS, DeployResult, deploy
from flows.ingest import ingest
from tasks_lib.config.settings import Settings
from tasks_lib.documents_gate.publish import ReleaseResult, read_release
from tasks_lib.documents_gate.report import release_report
from tasks_lib.errors import InputError, LlmopsError
from tasks_lib.gate.publish import REPORT_FILE
from tasks_lib.ingestion.sources.named import with_chosen_source
from tasks_lib.progress import advance
from tasks_lib.registry.fingerprint import fingerprint
from tasks_lib.registry.live import require_live
from tasks_lib.registry.tracking import connect

PLATFORM = "local"
"""Nothing of the change is registered where others look: it runs in a home of its own."""
LONGEST_REPORT = 60_000
"""Characters; a comment of GitHub holds 65,536, one of GitLab a million."""
HEADLINES = {
    "passed": "no question of the evaluation set is answered worse; what none asks about is not seen",
    "rejected": "answers get worse, or something cannot be read or fails its tests",
    "undecided": "it is not proven that no answer gets worse",
}


Verdict = Literal["passed", "undecided", "rejected"]
ORDER: tuple[Verdict, ...] = ("passed", "undecided", "rejected")
"""From good to bad."""
OF_DOCUMENTS: dict[str, Verdict] = {"released": "passed", "held": "rejected"}
OF_VERSION: dict[str, Verdict] = {"promote": "passed", "unchanged": "passed", "reject": "rejected"}
"""What a gate decided → what it means here; all else is undecided."""


class PremergeResult(BaseModel):
    """What the gates said of a change that is not merged yet."""

    decision: Verdict
    base: str = Field(description="Commit that the change starts from.")
    head: str = Field(description="Commit of the change.")
    reasons: list[str] = Field(default_factory=list)
    documents: list[ReleaseResult] = Field(
        default_factory=list, description="Of the documents' gate, for each source that changed."
    )
    version: DeployResult | None = Field(
        default=None, description="Of the version's gate; null where configuration and prompt are the same."
    )
    report: str = Field(default="", description="Markdown, as long as a comment may be.")
    seconds: float = 0.0


def premerge(repository: Path, home: Path, base: str, head: str, read: Callable[[], Settings]) -> PremergeResult:
    """Deploy the state that a change starts from in an empty home, then bring the change and see what the gates say.

    :param repository: The folder to work in, inside a repository.
    :param home: The empty home; the work tree lies in it meanwhile.
    :param base: Revision that the change is to be merged into; the newest commit behind both is taken.
    :param head: Revision with the change.
    :param read: Reads the configuration; called in the work tree, at both commits.
    :raises InputError: If a revision is unknown, or the configuration names no source.
    """
    started = time.monotonic()
    changed = commit_of(repository, head)
    before = fork_point(repository, commit_of(repository, base), changed)
    result = PremergeResult(decision="passed", base=before, head=changed)
    if before == changed:
        result.reasons = ["the change has no commit of its own"]
    else:
        with checkout(repository, home / "change", before) as tree:
            _compare(result, tree, prefix_of(repository), read)
    result.report = _report(result)
    result.seconds = round(time.monotonic() - started, 1)
    return result


def _compare(result: PremergeResult, tree: Checkout, prefix: str, read: Callable[[], Settings]) -> None:
    advance("the state before", 0, 1)
    with chdir(tree.folder / prefix):
        settings = _gated(read())
        of_base = _deployed(settings)
    advance("the state before", 1, 1)
    if of_base.decision != "promote":
        result.decision, result.version = "undecided", of_base
        result.reasons = ["the state that the change starts from does not pass by itself, so nothing can be compared"]
        result.reasons += of_base.reasons
        return
    advance("the change", 0, 1)
    tree.move_to(result.head)
    try:
        with chdir(tree.folder / prefix):
            _changed(result, _gated(read()))
    except LlmopsError as error:  # the change cannot even be read: that is an answer, and no failure of this command
        result.decision = "rejected"
        result.reasons = [" ".join(part for part in (f"{error.message}.", error.hint) if part), *result.reasons]
    advance("the change", 1, 1)


def _gated(settings: Settings) -> Settings:
    """The settings, with documents that pass a gate: `latest` and `pinned` have none of their own."""
    if settings.ingest.source is None and not settings.ingest.sources:
        raise InputError(
            "the configuration names no source of documents", hint="Name the folder: `--set ingest.source=docs`."
        )
    index = settings.index.model_copy(update={"follow": "gated"})
    gate = settings.gate.model_copy(update={"approve": False})
    return settings.model_copy(update={"index": index, "gate": gate})


def _each_source(settings: Settings) -> list[Settings]:
    chosen = [settings.ingest.source] if settings.ingest.source else [one.name for one in settings.ingest.sources]
    of_each = [settings.ingest.model_copy(update={"source": name}) for name in chosen]
    return [with_chosen_source(settings.model_copy(update={"ingest": each})) for each in of_each]


def _deployed(settings: Settings) -> DeployResult:
    """Documents, questions and a first production of the state before."""
    for each in _each_source(settings):
        ingest(each, PLATFORM)
    dataset(settings, PLATFORM)
    first = settings.model_copy(update={"gate": settings.gate.model_copy(update={"first": True})})
    return deploy(first, PLATFORM, reason="the state before the change")


def _changed(result: PremergeResult, settings: Settings) -> None:
    """What the gates say of the documents, and then of the version."""
    platform = resolve_platform(PLATFORM)
    client = connect(platform, settings.assistant)
    for each in _each_source(settings):
        synchronised = ingest(each, PLATFORM)
        if failed := [f"{one.path} cannot be read: {one.reason}" for one in synchronised.failed]:
            _add(result, "rejected", failed)
        if synchronised.decision is not None:
            decided = read_release(client, settings.index_name)
            result.documents.append(decided)
            _add(result, OF_DOCUMENTS.get(decided.decision, "undecided"), decided.reasons)
    if settings.dataset.import_file:
        dataset(settings, PLATFORM)
    live = require_live(client, settings.assistant, settings.gate.aliases["production"])
    if live.tags["fingerprint"] == fingerprint(settings.rag, CODE_PATHS):
        return  # documents have a gate of their own
    result.version = deploy(settings, PLATFORM, reason="the change")
    _add(result, OF_VERSION.get(str(result.version.decision), "undecided"), result.version.reasons)


def _add(result: PremergeResult, verdict: Verdict, reasons: list[str]) -> None:
    """The worse of two verdicts, with the reasons of what did not pass."""
    result.decision = max(result.decision, verdict, key=ORDER.index)
    if verdict != "passed":
        result.reasons += reasons


def _report(result: PremergeResult) -> str:
    parts = [
        f"# Answers after this change: {result.decision}",
        f"Between {result.base[:12]} and {result.head[:12]}: {HEADLINES[result.decision]}.",
        "\n".join(f"- {reason}" for reason in result.reasons),
        *(release_report(each) for each in result.documents),
        _of_version(result.version),
    ]
    report = "\n\n".join(part.strip() for part in parts if part) + "\n"
    if len(report) <= LONGEST_REPORT:
        return report
    return report[:LONGEST_REPORT] + "\n\n… cut: it is longer than a comment may be.\n"


def _of_version(version: DeployResult | None) -> str:
    """The report of the version's gate, folded; nothing where it did not come to one."""
    import mlflow

    if version is None or version.run_id is None or not version.metrics:
        return ""
    whole = mlflow.artifacts.load_text(f"runs:/{version.run_id}/{REPORT_FILE}")
    title, _, rest = whole.partition("\n")
    return f"## {title.removeprefix('# ')}\n\n<details><summary>The gate's report</summary>\n{rest}\n</details>"
