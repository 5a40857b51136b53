"""Erasure: a document, a text, a trace or a user's traces are taken out of everything that the loop has written."""

import time
from collections.abc import Callable

from filelock import FileLock, Timeout

from blocks.local import LocalPlatform
from blocks.resolve import resolve_platform
from flows.command.environment import prefect_server_is_configured
from flows.origin import origin
from tasks_lib.config.keyed_digest import keyed_digest
from tasks_lib.config.pseudonyms import pseudonyms
from tasks_lib.config.settings import Settings
from tasks_lib.errors import InputError, LlmopsError
from tasks_lib.forgetting import steps, traces
from tasks_lib.forgetting.documents import find_document
from tasks_lib.forgetting.needles import Needles, of_records, of_value
from tasks_lib.forgetting.receipt import Journal, Kind, Receipt, Removed, interrupted
from tasks_lib.home import Home
from tasks_lib.ingestion.sources.name import source_name
from tasks_lib.progress import advance
from tasks_lib.registry.audit import write_audit
from tasks_lib.registry.denials import digest_of_document, digest_of_text, let_in
from tasks_lib.registry.tracking import connect
from tasks_lib.text.forms import composed

Consent = Callable[[list[Removed]], bool]
"""Shows a person what was found, and asks whether it is to go."""


class LetIn(Receipt):
    """A document or text that may come in again."""

    let_in: bool = True


def erase(
    kind: Kind,
    what: str,
    settings: Settings,
    platform: str | LocalPlatform = "local",
    *,
    source: str | None = None,
    dry_run: bool = False,
    consent: Consent = lambda _: True,
) -> Receipt:
    """Take a document, a text, a trace or a user's traces out of everything, and keep it out.

    A run that was killed is brought to its end by the next one of the same request.

    :param platform: Its name; or that of a home which is not the present one.
    :param what: Path of the document, the person's value, id of the trace, or name or pseudonym of the user.
    :param source: Of the document, where several have its path.
    :param consent: Asked before anything is changed; not where an interrupted run goes on.
    :raises InputError: If there is nothing of it, or the value would be found in texts about others.
    :raises IndexUnavailableError: If an index is being written for too long.
    """
    started = time.monotonic()
    home = (Home.from_environment() if isinstance(platform, str) else platform.home).ensure()
    lock = FileLock(home.locks / "forget.lock", timeout=0)
    try:
        with lock:
            return _erase(kind, what, settings, platform, source, home, started, dry_run=dry_run, consent=consent)
    except Timeout as error:
        raise LlmopsError("something else is being forgotten now", hint="Wait for its end.") from error


def allow_again(path: str | None, source: str | None, value: str | None) -> LetIn:
    """Let a document or a text come in again with the next ingest.

    :raises InputError: If it was not forgotten.
    """
    home = Home.from_environment()
    kind: Kind = "text" if value is not None else "document"
    if value is not None:
        digest = digest_of_text(home, value)
    else:
        if path is None or source is None:
            raise InputError("a document is let in by path and source", hint="Add --source.")
        digest = digest_of_document(home, source_name(source), composed(path))
    let_in(home, digest)
    write_audit(
        home, "let in", {"by": origin().by, "about": f"{kind} {digest}", "before": "kept out", "after": "let in"}
    )
    return LetIn(kind=kind, digest=digest, done=True, removed=[], remains=[])


def _erase(
    kind: Kind,
    what: str,
    settings: Settings,
    platform: str | LocalPlatform,
    source: str | None,
    home: Home,
    started: float,
    *,
    dry_run: bool,
    consent: Consent,
) -> Receipt:
    digest = _digest(home, kind, what, source)
    journal = Journal(home.unfinished, kind, digest)
    work = _work(kind, what, settings, platform, source, home, journal)
    receipt = Receipt(
        kind=kind,
        digest=digest,
        done=False,
        removed=[],
        remains=steps.remains(work, interrupted(home.unfinished, digest)),
    )
    if dry_run or not journal.resumed:
        receipt = receipt.model_copy(update={"removed": steps.found(work)})
        if dry_run:
            return receipt
        if not receipt.removed and kind != "text":
            raise InputError(f"nothing of that {kind} is left", hint="It was forgotten before.")
        if not consent(receipt.removed):
            raise InputError(
                "nothing was forgotten: nobody said yes to it", hint="Answer the question with yes, or give --yes."
            )
        journal.save()
    for number, (name, step) in enumerate(steps.STEPS.items()):
        advance("forget", number, len(steps.STEPS))
        journal.run(name, lambda step=step: step(work))  # type: ignore[misc]
    advance("forget", len(steps.STEPS), len(steps.STEPS))
    done = receipt.model_copy(
        update={
            "done": True,
            "removed": journal.progress.removed,
            "kept_out": work.of_documents,
            "resumed": journal.resumed,
            "seconds": round(time.monotonic() - started, 2),
        }
    )
    before = "; ".join(f"{each.count} {each.what} ({each.place})" for each in done.removed)
    told = {"by": work.by, "about": f"{kind} {digest}", "before": before, "after": "nothing"}
    write_audit(home, "forgot", told)
    journal.close()
    return done


def _digest(home: Home, kind: Kind, what: str, source: str | None) -> str:
    if not what.strip():
        raise InputError(f"an empty {kind} cannot be forgotten", hint="Name what is to be forgotten.")
    if kind == "text":
        of_value(what)
        return digest_of_text(home, what)
    return keyed_digest(home).of(kind, source_name(source) if source else "", composed(what))


def _work(
    kind: Kind,
    what: str,
    settings: Settings,
    platform: str | LocalPlatform,
    source: str | None,
    home: Home,
    journal: Journal,
) -> steps.Work:
    resolved = resolve_platform(platform) if isinstance(platform, str) else platform
    client = connect(resolved, settings.assistant)
    work = steps.Work(
        kind=kind,
        by=origin().by,
        platform=resolved,
        client=client,
        home=home,
        needles=journal.progress.needles or Needles(),
        embedder=settings.embedder,
        lock_seconds=settings.ingest.lock_timeout_seconds,
        documents=journal.progress.documents,
        trace_ids=journal.progress.trace_ids,
        prefect_server=prefect_server_is_configured(),
    )
    if kind == "text":
        work.value, work.needles = what, of_value(what)
    elif not journal.resumed:
        _look_up(work, what, source)
        progress = journal.progress
        progress.needles, progress.documents, progress.trace_ids = work.needles, work.documents, work.trace_ids
    return work


def _look_up(work: steps.Work, what: str, source: str | None) -> None:
    if work.kind == "document":
        document = find_document(work.platform, what, source)
        if document is None:
            raise InputError(
                f"no index holds a document {what!r}" + (f" of {source!r}" if source else "") + f" ({work.home.root})",
                hint="Write its path as `llmops search` shows it; `llmops index sources` lists sources.",
            )
        work.documents, work.needles = document.held, document.needles
        return
    if work.kind == "trace":
        wanted = [traces.require_trace(work.client, what)]
    else:
        wanted = traces.traces_of_user(work.client, pseudonyms(work.home), what)
        if not wanted:
            raise InputError(
                f"there are no traces of {what!r}",
                hint="Name the holder of a key, or the pseudonym that `llmops.caller` of a trace tells.",
            )
    for trace in wanted:
        work.trace_ids.setdefault(str(trace.info.experiment_id), []).append(trace.info.trace_id)
    ids = [each for found in work.trace_ids.values() for each in found]
    work.needles = of_records(ids, [question for trace in wanted for question in traces.questions_of(trace)])
