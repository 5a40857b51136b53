"""The plan of an ingest: how the documents of a source differ from what the index holds of it."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from tasks_lib.assistant.contract.index import Index
from tasks_lib.assistant.contract.states import IndexStates
from tasks_lib.config.ingest import IngestConfig
from tasks_lib.config.settings import Settings
from tasks_lib.errors import InputError
from tasks_lib.ingestion.attachments import by_message
from tasks_lib.ingestion.chunking import CHUNKER_VERSION
from tasks_lib.ingestion.converters.convert import (
    CONVERTER_VERSION,
    FORMATS,
    MESSAGES,
    format_of,
    has_extras,
    oversized,
    recognition_key,
)
from tasks_lib.ingestion.converters.extras import Extras
from tasks_lib.ingestion.masking import masking_key
from tasks_lib.ingestion.result import FailedDocument, IngestPlan, SkippedFiles
from tasks_lib.ingestion.sources.document_source import DocumentSource, SourceFile, with_suffix
from tasks_lib.ingestion.sources.identity import other_identities, repeated
from tasks_lib.ingestion.who_may_see import ListedDocument, StatedAccess, stated_access
from tasks_lib.progress import advance
from tasks_lib.registry.denials import NOTHING_DENIED, Denials
from tasks_lib.text.forms import composed

LISTED_AT_ONCE = 100
"""Files after which progress is told."""
_NAMED = 5
BATCH_BYTES = 8 * 2**20
"""A batch is full at this size, however few its documents: it bounds the memory of a run."""


class MassDeleteError(InputError):
    """The run would delete more of the index than it may unasked."""


@dataclass(frozen=True)
class PlannedDocument:
    """A document to convert, chunk and embed."""

    path: str
    """Its identity in the source, composed as all paths are that are compared."""
    size: int
    etag: str
    document_hash: str
    stored_as: str = ""
    """Its path as the source has it, where that is another form; see :attr:`location`."""
    suffix: str = ""
    """Tells its format where the end of its path does not."""

    @property
    def location(self) -> str:
        """The path by which the source reads it."""
        return self.stored_as or self.path

    @property
    def named(self) -> str:
        """A path whose end tells the format."""
        return with_suffix(self.path, self.suffix)


@dataclass(frozen=True)
class SyncPlan:
    """Differences between a source and what the index holds of it."""

    source: str
    add: list[PlannedDocument] = field(default_factory=list)
    update: list[PlannedDocument] = field(default_factory=list)
    delete: list[str] = field(default_factory=list)
    failed: list[FailedDocument] = field(default_factory=list)
    unchanged: int = 0
    known: int = 0
    """Documents of the source in the index before the run."""
    former: str = ""
    """Identity under which the index holds the source until this run, see :func:`other_identities`."""
    warnings: list[str] = field(default_factory=list)
    skipped: list[SkippedFiles] = field(default_factory=list)
    lost: int = 0
    """Documents to delete whose content is not among the added ones: a rename loses nothing."""
    parts: dict[str, list[str]] = field(default_factory=dict)
    """Message → what the index holds as its attachments; they are deleted with it, and not counted."""
    access: StatedAccess | None = None
    """Who may see what after the run."""
    quarantined: list[str] = field(default_factory=list)
    """Documents whose present content, or absence, is kept out of the index."""
    forgotten: int = 0
    """Documents that were forgotten, and are kept out; they are not named."""

    @property
    def work(self) -> int:
        """Documents to convert."""
        return len(self.add) + len(self.update)

    def paths(self) -> IngestPlan:
        """The plan as it is printed."""
        return IngestPlan(
            add=[document.path for document in self.add],
            update=[document.path for document in self.update],
            delete=self.delete,
        )


def document_hash(content_hash: str, path: str, settings: Settings, pipeline_key: str = "") -> str:
    """Identity of a document's chunks: its content, what is masked in it, and what converts and cuts it.

    :param pipeline_key: Tells a pipeline of one's own from the built one (`tasks_lib.ingestion.pipeline`).
    """
    converter = settings.ingest.converters.get(PurePosixPath(path).suffix.lower())
    others = settings.ingest.converters if format_of(path) in MESSAGES else {}
    parts = [
        content_hash,
        CONVERTER_VERSION,
        CHUNKER_VERSION,
        masking_key(settings),
        converter.model_dump_json() if converter else extras_key(path, settings.ingest),
        recognition_key(path),
        *(f"{suffix} {named.model_dump_json()}" for suffix, named in sorted(others.items())),
        pipeline_key,
    ]
    return hashlib.sha256("\x1f".join(filter(None, parts)).encode()).hexdigest()


def extras_key(path: str, config: IngestConfig) -> str:
    """Tells what is taken of a document beside what everybody reads; empty where its format has no more."""
    return (
        f"comments={config.comments} hidden={config.hidden}"
        if has_extras(path, Extras(config.comments, config.hidden))
        else ""
    )


def make_plan(
    source: DocumentSource, index: Index, settings: Settings, pipeline_key: str = "", denials: Denials = NOTHING_DENIED
) -> SyncPlan:
    """Compare every file of `source` with what `index` holds of it.

    Files that cannot be read are failures, and what the index holds of them is left alone. A source that the index
    holds under a former identity is compared with that.

    :param pipeline_key: As of :func:`document_hash`.
    :param denials: What was forgotten, and is kept out.
    """
    plan_add: list[PlannedDocument] = []
    plan_update: list[PlannedDocument] = []
    failed: list[FailedDocument] = []
    unchanged = 0
    manifest, former, suspicious = _held_before(source, index)
    states = index.states() if index.exists() else IndexStates()
    parts = by_message(manifest)
    attached = {path for paths in parts.values() for path in paths}
    gone = {path: digest for path, digest in manifest.items() if path not in attached}
    held = len(gone)
    hashes: dict[str, str] = {}
    quarantined: list[str] = []
    sealed: list[str] = []
    forgotten = 0
    listed: dict[str, ListedDocument] = {}
    for seen, file in enumerate(source.files(), start=1):
        if seen % LISTED_AT_ONCE == 0:
            advance("look for changes", seen)
        path = composed(file.path)
        if denials.keeps_out(source.uri, path, ""):
            forgotten += 1
            continue
        if file.seals:
            sealed.append(path)
        known = gone.pop(path, None)
        twin = path in hashes
        outcome = _same_name(file) if twin else _inspect(source, file, settings, pipeline_key)
        if not twin:
            hashes[path] = outcome.document_hash if isinstance(outcome, PlannedDocument) else ""
        listed.setdefault(path, _listed(file, path, hashes[path], known))
        if isinstance(outcome, FailedDocument):
            failed.append(outcome)
        elif denials.keeps_out(source.uri, path, outcome.document_hash):  # a copy of one that was forgotten
            forgotten += 1
            gone |= {path: known} if known else {}
        elif known == outcome.document_hash:
            unchanged += 1
        elif states.is_quarantined(source.uri, path, outcome.document_hash):
            quarantined.append(path)
        else:
            (plan_add if known is None else plan_update).append(outcome)
    deleted = {path: digest for path, digest in gone.items() if not path.startswith(tuple(sealed))}
    kept = [path for path in deleted if states.is_quarantined(source.uri, path, None)]
    deleted = {path: digest for path, digest in deleted.items() if path not in kept}
    below = [path for path in gone if path.startswith(tuple(sealed))]
    listed |= {path: ListedDocument(path, path, path, known=True, sealed=path in below) for path in [*below, *kept]}
    access = stated_access(
        source,
        (each for path, each in listed.items() if path not in sealed),
        index.access(),
        settings.ingest.access.default,
        former,
    )
    plan_add, plan_update = (
        [each for each in work if each.path not in access.unread] for work in (plan_add, plan_update)
    )
    failed += [FailedDocument(path=path, reason=reason) for path, reason in access.unread.items()]
    arrived = {document.document_hash for document in plan_add}
    return SyncPlan(
        source=source.uri,
        add=plan_add,
        update=plan_update,
        delete=sorted(deleted),
        failed=failed,
        unchanged=unchanged,
        known=held,
        former=former,
        warnings=repeated(hashes, source.uri, {source.uri, former}, index) if suspicious else [],
        skipped=source.skipped(),
        lost=sum(digest not in arrived for digest in deleted.values()),
        access=access,
        quarantined=sorted([*quarantined, *kept]),
        forgotten=forgotten,
        parts={message: [path for path in paths if path not in hashes] for message, paths in parts.items()},
    )


def _held_before(source: DocumentSource, index: Index) -> tuple[dict[str, str], str, bool]:
    """What the index holds of the source, under which former identity, and whether it may hold it under another."""
    manifest = index.manifest(source.uri) if index.exists() else {}
    others = other_identities(source, index)
    former = others[0] if others and not manifest else ""
    return index.manifest(former) if former else manifest, former, bool(others) or not manifest


def _listed(file: SourceFile, path: str, digest: str, known: str | None) -> ListedDocument:
    named = with_suffix(path, file.suffix)
    return ListedDocument(
        path, file.path, named, file.etag, digest, file.readers, known=bool(digest) and known == digest
    )


def _inspect(
    source: DocumentSource, file: SourceFile, settings: Settings, pipeline_key: str
) -> PlannedDocument | FailedDocument:
    if file.path == "/":
        msg = f"source {source.uri!r}: {file.problem}"
        raise InputError(msg, hint="Check that the folder may be read.")
    if file.problem:
        return FailedDocument(path=file.path, reason=file.problem)
    limit = max_bytes(settings.ingest)
    if file.size > limit:
        return FailedDocument(path=file.path, reason=oversized(file.size, limit))
    try:
        content = source.content_hash(file)
    except OSError as error:
        return FailedDocument(path=file.path, reason=f"cannot be read: {error.strerror or error}")
    path = composed(file.path)
    digest = document_hash(content, with_suffix(path, file.suffix), settings, pipeline_key)
    return PlannedDocument(path, file.size, file.etag, digest, "" if path == file.path else file.path, file.suffix)


def _same_name(file: SourceFile) -> FailedDocument:
    reason = f"another file has this name in another Unicode form ({file.path!a}): rename one of them"
    return FailedDocument(path=file.path, reason=reason)


def max_bytes(config: IngestConfig) -> int:
    """The largest file that is read."""
    return int(config.max_file_megabytes * 2**20)


def check_plan(plan: SyncPlan, config: IngestConfig) -> None:
    """Stop before harm is done. A single document may always go, unless it is the last one.

    :raises InputError: If the source has no document.
    :raises MassDeleteError: If more than `config.mass_delete_share` of the source's documents would be lost.
    """
    if not any((plan.work, plan.unchanged, plan.failed, plan.known, plan.quarantined, plan.forgotten)):
        wanted = f"that match {', '.join(config.include)}" if config.include else "of a format that is understood"
        msg = f"source {plan.source!r} holds no documents {wanted}"
        if plan.skipped:
            passed = ", ".join(f"{files.count} {files.suffix or 'without suffix'}" for files in plan.skipped[:_NAMED])
            msg += f": it has {passed}" + (", …" if len(plan.skipped) > _NAMED else "")
        formats = ", ".join(sorted({*FORMATS, *config.converters}))
        raise InputError(msg, hint=f"Formats: {formats}; ingest.converters adds others. Check --source and --include.")
    everything = plan.lost == plan.known
    too_many = everything or (plan.lost > 1 and plan.lost > config.mass_delete_share * plan.known)
    if plan.lost and too_many and not config.allow_mass_delete:
        msg = (
            f"this run would delete {plan.lost} of {plan.known} documents of {plan.source!r}, "
            f"more than the share of {config.mass_delete_share:.0%} that it may"
        )
        raise MassDeleteError(
            msg, hint="Check the source and its globs; if the documents are really gone, add --allow-mass-delete."
        )


def batches(plan: SyncPlan, documents: int) -> Iterator[list[PlannedDocument]]:
    """The work in portions of at most `documents` documents and, but for larger single ones, `BATCH_BYTES`."""
    batch: list[PlannedDocument] = []
    size = 0
    for document in [*plan.add, *plan.update]:
        if batch and (len(batch) == documents or size + document.size > BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(document)
        size += document.size
    if batch:
        yield batch
