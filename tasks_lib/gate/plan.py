"""Plan a deployment before any model is called; all wrong input is refused here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tasks_lib.assistant.contract.platform import Platform
from tasks_lib.assistant.retrieval.pipeline import index_as_read
from tasks_lib.config.requirements import requirements_of
from tasks_lib.config.settings import Settings
from tasks_lib.dataset.datasets import Dataset, load
from tasks_lib.errors import InputError
from tasks_lib.gate.asking import VersionAddress
from tasks_lib.gate.decide import first_of_few, too_few
from tasks_lib.gate.pipeline import evaluation_pipeline, require_measured
from tasks_lib.plugins import plugins
from tasks_lib.registry.agreement import require_known, require_same_collection
from tasks_lib.registry.changes import CHANGED_TAG, changes, in_short
from tasks_lib.registry.fingerprint import fingerprint, git_revision, prompt_version
from tasks_lib.registry.live import LiveVersion, find_live
from tasks_lib.registry.register import CandidateVersion, is_same
from tasks_lib.registry.tracking import connect, package_version

FIRST_TAG = "first_production"
"""Tag of a version that `gate.first` let into production on fewer questions than the gate needs."""


@dataclass(frozen=True)
class Plan:
    """A candidate, the questions, and the production version that it must not be worse than."""

    candidate: CandidateVersion
    dataset: Dataset
    production: LiveVersion | None
    too_few: tuple[str, ...] = ()
    """Why the questions can decide nothing, and what would help."""
    brought: Path | None = None
    """Folder of what a version of another registry brings with it, which is kept with the gate's run."""

    @property
    def move(self) -> str:
        """What is said first of a candidate that reads another collection than production; else empty."""
        live, collection = self.production, self.candidate.rag.collection
        if live is None or live.rag.collection == collection:
            return ""
        return (
            f"the documents change: version {live.version} in production reads the collection "
            f"{live.rag.collection!r}, the candidate {collection!r}"
        )

    @property
    def unchanged(self) -> bool:
        """Whether production is this very candidate, measured under these very conditions."""
        return self.production is not None and is_same(self.production.tags, self.candidate)

    @property
    def lineage(self) -> dict[str, str]:
        """Tags of the run: what the candidate is made of."""
        return {f"llmops.{name}": value for name, value in self.candidate.tags.items()}

    @property
    def compared(self) -> dict[str, str]:
        """Tags of the run: the version in production, and what is another in the candidate; none for the first one."""
        live = self.production
        if live is None:
            return {}
        found = changes(live.rag, self.candidate.rag, live.tags, self.candidate.tags)
        changed = {} if self.unchanged else {CHANGED_TAG: in_short(found) or "nothing"}
        return {"llmops.compared_with": str(live.version), **changed}

    def tagged(self, tags: Mapping[str, str]) -> "Plan":
        """The plan of a candidate with more tags; they do not make it another one."""
        return replace(self, candidate=replace(self.candidate, tags={**self.candidate.tags, **tags}))

    @property
    def production_version(self) -> int | None:
        """The version that the candidate is compared with."""
        return self.production.version if self.production else None

    @property
    def production_address(self) -> VersionAddress | None:
        """Where production is found."""
        live = self.production
        return VersionAddress(live.model, live.version, live.rag.index_name) if live else None


def plan_deployment(platform: Platform, settings: Settings, script: Path, code_paths: Sequence[Path]) -> Plan:
    """Load what the gate needs.

    :param script: The models-from-code file that is registered.
    :param code_paths: The rooms that travel with the version.
    :raises ConfigurationError: For a metric that does not exist, or that needs a judge where there is none.
    :raises InputError: Without an index or a dataset, with questions of another collection, with `gate.first` where a
        version is in production, if there is no such assistant, or its production reads another collection.
    """
    gate, rag = settings.gate, settings.rag
    require_measured(evaluation_pipeline(platform, settings), gate)
    client = connect(platform, settings.assistant)
    require_known(client)
    production = find_live(client, settings.assistant, gate.aliases["production"])
    require_same_collection(production, settings)
    dataset = load(client, gate.dataset)
    _require_own_set(dataset, settings)
    if gate.first and production is not None:
        raise InputError(
            f"version {production.version} is in production: --first is for the first one only",
            hint="Deploy without it; the gate then compares the two.",
        )
    index_version = index_as_read(platform, rag).version()
    if index_version is None:
        existing = ", ".join(platform.indexes()) or "none"
        raise InputError(
            f"there is no index {rag.index_name!r}; indexes: {existing}",
            hint="Run `llmops ingest` with the same collection, embedder and chunking first.",
        )
    tags = {
        "fingerprint": fingerprint(rag, code_paths),
        "index": rag.index_name,
        "index_version": index_version,
        "dataset": dataset.reference,
        "prompt": prompt_version(rag),
        "git_sha": git_revision(code_paths[0]),
        "platform": platform.name,
        "package_version": package_version(),
    }
    if said := first_of_few(len(dataset.examples), gate):
        tags[FIRST_TAG] = said
    packages = sorted({*requirements_of(rag), *(part.requirement for part in plugins("metrics").values())})
    if packages:
        tags["plugins"] = ", ".join(packages)
    candidate = CandidateVersion(settings.assistant, rag, index_version, script, tuple(code_paths), tags)
    short = too_few(len(dataset.examples), dataset.reference, gate, in_production=production is not None)
    return Plan(candidate, dataset, production, tuple(short))


def _require_own_set(dataset: Dataset, settings: Settings) -> None:
    """Questions of other documents measure nothing."""
    made_from, is_ours, _ = dataset.index.partition("__")
    if is_ours and made_from != settings.collection and not settings.gate.move_collection:
        raise InputError(
            f"the evaluation set {dataset.reference!r} was made for the collection {made_from!r}, and this version "
            f"reads {settings.collection!r}",
            hint="Make one from these documents with `llmops dataset`, or allow it with --move-collection.",
        )
