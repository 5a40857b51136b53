"""The steps of erasure, in the order in which they are done: from the readers' reach first, then from every record."""

import time
from collections.abc import Callable, Collection
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from tasks_lib.forgetting import databases, files, indexes, prefect, server, sets, traces
from tasks_lib.forgetting.needles import Needles
from tasks_lib.forgetting.receipt import Kind, Remains, Removed
from tasks_lib.home import Home
from tasks_lib.registry.audit import erase_from_audit
from tasks_lib.registry.denials import deny_document, deny_text
from tasks_lib.registry.needs import pinned_states

if TYPE_CHECKING:
    from tasks_lib.assistant.contract.index import Index
    from tasks_lib.assistant.contract.platform import Platform
    from tasks_lib.registry.assistant_client import AssistantClient

GRACE_SECONDS = 6.0
"""For requests that read a state which was just written anew, and for the traces of their answers to be stored. Those
that take longer read on in what replaced it."""


@dataclass
class Work:
    """What is to be forgotten, and where.

    :param value: Of a text.
    :param documents: Source, path and hash of every content of a document.
    :param trace_ids: Experiment → traces, of a trace or a user.
    :param prefect_server: Whether a Prefect server is configured, instead of the one in the home.
    """

    kind: Kind
    by: str
    platform: "Platform"
    client: "AssistantClient"
    home: Home
    needles: Needles
    embedder: str
    lock_seconds: float
    value: str = ""
    documents: list[tuple[str, str, str]] = field(default_factory=list)
    trace_ids: dict[str, list[str]] = field(default_factory=dict)
    prefect_server: bool = False

    @property
    def keys(self) -> set[tuple[str, str]]:
        """Source and path of the documents."""
        return {(source, path) for source, path, _ in self.documents}

    @property
    def is_local(self) -> bool:
        """Whether MLflow is a sqlite file of the home."""
        return self.client.tracking_uri.startswith("sqlite") and str(self.home.root) in self.client.tracking_uri

    @property
    def of_documents(self) -> bool:
        """Whether indexes hold it."""
        return self.kind in {"document", "text"}

    def needles_of(self, database: Path) -> Needles:
        """What is looked for in a database. Another one's trace may ask the same as one that is forgotten."""
        if database == self.home.mlflow_database and not self.of_documents:
            return Needles(records=self.needles.records)
        return self.needles

    def indexes(self) -> "list[Index]":
        """All indexes of the platform that hold anything."""
        opened = [self.platform.open_index(name) for name in self.platform.indexes()] if self.of_documents else []
        return [index for index in opened if index.exists()]


def keep_out(work: Work) -> list[Removed]:
    """First of all, so that no ingest brings it back meanwhile."""
    if work.kind == "text":
        deny_text(work.home, work.value, work.by)
    for source, path in sorted(work.keys):
        hashes = [held[2] for held in work.documents if held[:2] == (source, path)]
        deny_document(work.home, source, path, hashes, work.by)
    return []


def rewrite_indexes(work: Work) -> list[Removed]:
    """Every kept state; from then on no reader finds it."""
    chunks, opened = 0, work.indexes()
    for index in opened:
        pinned = pinned_states(work.client, index.name)
        with index.writing(work.lock_seconds):
            if work.kind == "document":
                chunks += indexes.rewrite_without(index, work.keys, work.needles, pinned)
            else:
                embedder = indexes.embedder_of(work.platform, index.name, work.embedder)
                chunks += indexes.rewrite_blacked_out(index, work.needles, embedder, pinned)
    return indexes.as_removed(chunks, len(opened))


def purge_indexes(work: Work) -> list[Removed]:
    """The files of what was before; those of the index that holds the words go with them."""
    opened = work.indexes()
    time.sleep(GRACE_SECONDS if opened else 0)
    for index in opened:
        with index.writing(work.lock_seconds):
            index.purge(pinned_states(work.client, index.name))
    return []


def delete_caches(work: Work) -> list[Removed]:
    """Copies of sources and prepared batches, whatever they hold: no ingest is running while an index is locked."""
    if not work.of_documents:
        return []
    with ExitStack() as stack:
        for index in work.indexes():
            stack.enter_context(index.writing(work.lock_seconds))
        found = files.delete_caches(work.home)
    return [Removed(place="caches", what="files, which are fetched or made anew when needed", count=found)]


def delete_traces(work: Work) -> list[Removed]:
    """Traces with their spans, tags and assessments."""
    found = work.trace_ids or traces.traces_with(work.client, work.needles)
    return [
        Removed(place="traces", what="traces, with their assessments", count=traces.delete_traces(work.client, found))
    ]


def redact_sets(work: Work) -> list[Removed]:
    """Evaluation sets of every assistant."""
    redacted = made = 0
    for client in _clients(work.client):
        counts = sets.redact_sets(client, work.needles, work.keys)
        redacted, made = redacted + counts[0], made + counts[1]
    return [
        Removed(place="evaluation sets", what="versions without the examples that held it", count=redacted),
        Removed(place="evaluation sets", what="next versions made", count=made),
    ]


def redact_server(work: Work) -> list[Removed]:
    """Artifacts that lie elsewhere, and what an MLflow server tells."""
    found = [
        Removed(
            place="artifact store",
            what="files of runs and models",
            count=server.redact_artifacts(work.client, work.needles),
        )
    ]
    if not work.is_local:
        told = server.redact_tags(work.client, work.needles)
        found.append(Removed(place="MLflow", what="tags and descriptions", count=told))
    return found


def redact_prefect(work: Work) -> list[Removed]:
    """A Prefect server that is not in the home."""
    if not work.prefect_server:
        return []
    artifacts, runs = prefect.delete_from_prefect(work.needles)
    return [
        Removed(place="Prefect", what="artifacts", count=artifacts),
        Removed(place="Prefect", what="flow runs whose name, parameters or message held it", count=runs),
    ]


def redact_audit(work: Work) -> list[Removed]:
    """What lines of the audit tell."""
    changed = erase_from_audit(work.home, work.needles.found_in)
    return [Removed(place="audit", what="lines that lost what they told; their chain holds", count=changed)]


def redact_files(work: Work) -> list[Removed]:
    """Reports, artifacts and logs in the home."""
    return [Removed(place="files of the home", what="files", count=files.redact_files(work.home, work.needles))]


def redact_databases(work: Work) -> list[Removed]:
    """MLflow's and Prefect's sqlite files, and others; what was deleted from them before goes as well."""
    found = databases.sqlite_files(work.home.root)
    texts = sum(databases.redact_database(path, work.needles_of(path)) for path in found)
    return [Removed(place="databases", what=f"texts in {len(found)} sqlite files, written anew", count=texts)]


Step = Callable[[Work], list[Removed]]
STEPS: dict[str, Step] = {
    "keep out": keep_out,
    "indexes": rewrite_indexes,
    "index files": purge_indexes,
    "caches": delete_caches,
    "traces": delete_traces,
    "evaluation sets": redact_sets,
    "server": redact_server,
    "prefect": redact_prefect,
    "audit": redact_audit,
    "files": redact_files,
    "databases": redact_databases,
}
"""Name in the journal → step. Each may be done again after it was interrupted."""


def found(work: Work) -> list[Removed]:
    """What the steps would take out; nothing is changed."""
    needles = work.needles
    searched = needles if work.kind == "text" else None
    chunks = sum(indexes.count_in(index, work.keys, searched) for index in work.indexes())
    by_experiment = work.trace_ids or traces.traces_with(work.client, needles)
    examples = [each for client in _clients(work.client) for each in sets.examples_with(client, needles, work.keys)]
    counts = [
        ("index", "chunks of the present states", chunks),
        ("traces", "traces, with their assessments", sum(map(len, by_experiment.values()))),
        ("evaluation sets", "examples, over all versions", sum(number for _, number in examples)),
        ("artifact store", "files", server.redact_artifacts(work.client, needles, only_count=True)),
        ("files of the home", "files", len(files.files_with(work.home, needles))),
        (
            "databases",
            "texts",
            sum(
                databases.count_in_database(path, work.needles_of(path))
                for path in databases.sqlite_files(work.home.root)
            ),
        ),
    ]
    if not work.is_local:
        counts.append(("MLflow", "tags and descriptions", server.redact_tags(work.client, needles, only_count=True)))
    return [Removed(place=place, what=what, count=count) for place, what, count in counts if count]


def remains(work: Work, interrupted: int) -> list[Remains]:
    """What no step reaches."""
    told = [
        (
            "backups",
            "they are as they were; `llmops restore` forgets it once more, by this home's list: let others expire",
        ),
        ("disk", "blocks of deleted files stay on the disk until something is written over them"),
        ("memory", "running processes keep texts that they have seen, at their end at the latest they are gone"),
    ]
    if work.kind == "document":
        told.insert(0, ("source", "the document itself: it is kept out of the index; delete it there"))
    if work.kind == "text":
        told.insert(
            0, ("source", "documents that hold it: it is blacked out when they are ingested; change them there")
        )
    if not work.is_local:
        parameters = server.parameters_with(work.client, work.needles)
        told.append(("MLflow", "rows that its server has deleted, until its database is vacuumed"))
        if parameters:
            told.append(("MLflow", f"parameters of {parameters} runs, which MLflow never changes: delete these runs"))
    if work.prefect_server:
        told.append(("Prefect", "logs and events of its server, until they expire there"))
    if interrupted:
        told.append(("interrupted", f"{interrupted} other requests to forget did not end: run them again"))
    return [Remains(place=place, why=why) for place, why in told]


def _clients(client: "AssistantClient") -> "Collection[AssistantClient]":
    """A client for each assistant that anything was recorded for."""
    names = {client.assistant, *client.assistants()}
    return [type(client)(name) for name in sorted(names)]
