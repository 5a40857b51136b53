"""`llmops status`: the live version, its index and the last runs."""

from collections.abc import Sequence
from datetime import UTC, datetime
from shlex import quote
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, Field

from blocks.resolve import resolve_platform
from flows.failed_runs import RECENT, FailedRun, failed_runs
from flows.spending import MonthSpending, month_spending
from flows.waiting import WAITS, as_they_are, told
from tasks_lib.assistant.contract.platform import Platform
from tasks_lib.assistant.contract.states import HeldState, IndexStates
from tasks_lib.config.settings import Settings
from tasks_lib.registry.history import Entry, moment_of, read_history, read_live_entry, read_waiting
from tasks_lib.registry.moments import minute

if TYPE_CHECKING:
    from mlflow.entities import Run

    from tasks_lib.assistant.contract.index import Index
    from tasks_lib.registry.assistant_client import AssistantClient
    from tasks_lib.registry.live import LiveVersion

NEWEST = 20
"""Entries of the history that are looked at for what went wrong."""
TOO_LITTLE = "not_enough_traffic"
"""A verdict that says nothing of the answers."""

WAYS_OUT = {
    "undecided": "and was undecided: its reasons tell what would settle it",
    "reject": "and rejected them: its reasons tell what to change",
}
"""What to do after a gate that has seen the documents as they are, in place of the same gate again."""


class RunSummary(BaseModel):
    """One recorded run of a verb."""

    run_id: str
    at: str
    summary: dict[str, Any] = Field(default_factory=dict)


class VersionSummary(BaseModel):
    """A version that an alias names."""

    version: int
    model_uri: str
    llm: str
    embedder: str
    tags: dict[str, str]


class IndexState(BaseModel):
    """The index that production reads, as it is now."""

    name: str
    version: str | None
    gate_version: str | None = Field(description="Version that the gate saw.")
    follow: str
    chunks: int
    latest: str | None = Field(default=None, description="State of the last ingest, released or not.")
    earlier: list[str] = Field(default_factory=list, description="States that `rollback --documents` can go back to.")
    held: HeldState | None = Field(default=None, description="A state that was not released, and why.")
    pending: bool = Field(default=False, description="Documents changed, and nothing was decided about them yet.")
    quarantine: list[str] = Field(default_factory=list, description="Documents that are kept out as they are now.")
    languages: dict[str, float] = Field(
        default_factory=dict, description="Language (ISO 639-1) → share of the chunks in it, by a sample."
    )


class AssistantRow(BaseModel):
    """One of the platform's assistants, at a glance."""

    assistant: str
    production: int | None = Field(description="Version in production.")
    collection: str | None = Field(description="The documents that it reads.")
    last_gate: str | None = Field(description="Decision of the last gate.")
    last_monitoring: str | None = Field(description="Verdict on the last monitored window.")


class StatusResult(BaseModel):
    """The live version, the last runs, and whether the evaluation still fits the index."""

    assistant: str
    platform: str
    production: VersionSummary | None
    aliases: dict[str, int | None]
    live: Entry | None = Field(description="By which production came to be what it is, as `history` tells it.")
    index: IndexState | None
    dataset: str | None
    proposed_questions: int = Field(
        default=0, description="Questions of the set that a release proposed, and that nobody took in or dropped yet."
    )
    spending: MonthSpending | None = Field(
        default=None, description="Null where no endpoint of this home has a budget, or had one this month."
    )
    last_gate: RunSummary | None
    last_ingest: RunSummary | None
    last_monitoring: RunSummary | None
    stale: bool
    reasons: list[str]
    links: dict[str, str]
    failed_runs: list[FailedRun] = Field(
        default_factory=list,
        description="Within a day, of all assistants, newest first; empty without PREFECT_API_URL.",
    )
    assistants: list[AssistantRow] = Field(
        default_factory=list, description="All assistants of the platform, where none was named and there are several."
    )


def status(settings: Settings, platform: str = "local") -> StatusResult:
    """Read the registry, the index, the last runs and those that failed in Prefect; nothing is started or changed.

    :raises InputError: If there is no such assistant, or its production reads another collection than is given.
    """
    from tasks_lib.registry.agreement import require_agreement, require_known
    from tasks_lib.registry.candidate_alias import names_in_use
    from tasks_lib.registry.holds import read_hold
    from tasks_lib.registry.live import find_live
    from tasks_lib.registry.tracking import connect, last_ingests

    resolved = resolve_platform(platform)
    client = connect(resolved, settings.assistant)
    require_known(client)
    gate = settings.gate
    names = names_in_use(client.models().get(settings.assistant, {}), gate.aliases)
    versions = {alias: find_live(client, settings.assistant, alias) for alias in names.values()}
    live = versions[gate.aliases["production"]]
    require_agreement(live, settings)
    index = _index_state(resolved, live) if live else None
    last = {verb: _last(client, verb) for verb in ("deploy", "ingest")} | {"monitor": _last_verdict(client)}
    if live and (shared := last_ingests(client, live.rag.index_name)):
        last["ingest"] = _run_summary(shared[0])
    waits = as_they_are(read_waiting(client))
    reasons = [
        *_reasons(live, index, last["deploy"], waits),
        *_monitored(last["monitor"], _last(client, "monitor"), live),
    ]
    reasons += [told(entry, live.version if live else None) for entry in waits]
    reasons += _went_wrong(read_history(client, NEWEST))
    if hold := read_hold(client, settings.assistant):
        reasons.append(str(hold))
    return StatusResult(
        assistant=settings.assistant,
        platform=resolved.name,
        production=_summary(live) if live else None,
        aliases={alias: version.version if version else None for alias, version in versions.items()},
        live=read_live_entry(client, live.version) if live else None,
        index=index,
        dataset=live.tags.get("dataset") if live else None,
        proposed_questions=_proposed(client, live),
        spending=month_spending(settings),
        last_gate=last["deploy"],
        last_ingest=last["ingest"],
        last_monitoring=last["monitor"],
        stale=bool(live and index and index.follow == "latest" and index.version != index.gate_version),
        reasons=reasons,
        links=_links(resolved, last["monitor"]),
        failed_runs=failed_runs(),
        assistants=[] if settings.names_an_assistant else _rows(resolved, client, settings),
    )


def _rows(platform: Platform, client: "AssistantClient", settings: Settings) -> list[AssistantRow]:
    from tasks_lib.registry.live import find_live
    from tasks_lib.registry.tracking import connect

    names = client.assistants()
    rows = []
    for name in names if len(names) > 1 else []:
        own = connect(platform, name)
        live = find_live(own, name, settings.gate.aliases["production"])
        gate, monitoring = _last(own, "deploy"), _last_verdict(own)
        rows.append(
            AssistantRow(
                assistant=name,
                production=live.version if live else None,
                collection=live.rag.collection if live else None,
                last_gate=gate.summary.get("decision") if gate else None,
                last_monitoring=monitoring.summary.get("verdict") if monitoring else None,
            )
        )
    return rows


def _summary(live: "LiveVersion") -> VersionSummary:
    return VersionSummary(
        version=live.version,
        model_uri=live.uri,
        llm=live.rag.llm.model,
        embedder=live.rag.embedder,
        tags=live.tags,
    )


def _index_state(platform: Platform, live: "LiveVersion") -> IndexState:
    from tasks_lib.assistant.retrieval.pipeline import open_index
    from tasks_lib.ingestion.languages import languages_of

    index = open_index(platform, live.rag, live.index_version)
    latest = platform.open_index(live.rag.index_name)
    states = latest.states() if live.rag.index.follow == "gated" and latest.exists() else IndexStates()
    return IndexState(
        latest=latest.version(),
        pending=_is_undecided(latest, states),
        earlier=states.earlier,
        held=states.held,
        quarantine=[each.document for each in states.quarantine],
        name=live.rag.index_name,
        version=index.version(),
        gate_version=live.index_version,
        follow=live.rag.index.follow,
        chunks=index.count(),
        languages=languages_of(index),
    )


def _is_undecided(latest: "Index", states: IndexStates) -> bool:
    """Whether documents changed that no gate was about; not every new state has other documents."""
    from tasks_lib.assistant.contract.index import contents

    version, held = latest.version(), states.held
    if states.released in {None, version} or (held and held.state == version):
        return False
    return contents(latest) != contents(latest.at(str(states.released)))


def _proposed(client: "AssistantClient", live: "LiveVersion | None") -> int:
    from tasks_lib.dataset.datasets import count_proposed

    name = live.tags.get("dataset", "").partition(":")[0] if live else ""
    return count_proposed(client, name) if name else 0


def _last(client: "AssistantClient", verb: str, *, where: str = "") -> RunSummary | None:
    from tasks_lib.registry.tracking import last_runs

    runs = last_runs(client, verb, where=where)
    return _run_summary(runs[0]) if runs else None


def _run_summary(run: "Run") -> RunSummary:
    tags = {key.removeprefix("llmops."): value for key, value in run.data.tags.items() if key.startswith("llmops.")}
    at = moment_of(run).isoformat(timespec="seconds")
    return RunSummary(run_id=run.info.run_id, at=at, summary={**tags, **run.data.metrics})


def _minute(run: RunSummary) -> str:
    return minute(datetime.fromisoformat(run.at))


def _last_verdict(client: "AssistantClient") -> RunSummary | None:
    """The last monitoring that saw enough traffic for a verdict, else the last one at all."""
    return _last(client, "monitor", where=f"tags.`llmops.verdict` != '{TOO_LITTLE}'") or _last(client, "monitor")


def _reasons(
    live: "LiveVersion | None", index: IndexState | None, gate: RunSummary | None, waits: Sequence[Entry]
) -> list[str]:
    said = _gated(gate)
    if live is None or index is None:
        return [f"nothing is in production: {said or 'run `llmops deploy`'}"]
    reasons = [f"version {live.version} is in production: it passed its tests and its thresholds"]
    if gate and str(gate.summary.get("version")) != str(live.version):
        reasons.append(f"the last gate was about version {gate.summary.get('version', '–')}")
    if index.version is None:
        reasons.append(f"index {index.name} is missing: run `llmops ingest`")
    elif index.follow == "latest" and index.version != index.gate_version:
        changed = f"the documents changed since the gate (index version {index.gate_version} → {index.version})"
        asked = (entry for entry in waits if entry.what == WAITS)
        measured = next((entry.version for entry in asked if entry.index_version == index.version), None)
        done = f"version {measured}, which waits for approval, was measured on them"
        reasons.append(f"{changed}: {done if measured else _what_to_do(index, gate)}")
    return [*reasons, *_documents(index)]


def _documents(index: IndexState) -> list[str]:
    """What the documents' gate left undone, where the index is gated."""
    reasons = []
    if held := index.held:
        why = held.reasons[0] if held.reasons else held.decision
        told = f"the documents of state {held.state} are {held.decision} since {minute(held.since)}"
        reasons.append(f"{told}, and state {index.version} is read: {why}; `llmops release` tells more")
    if index.pending:
        told = f"the documents of state {index.latest} were not measured yet, and state {index.version} is read"
        reasons.append(f"{told}: run `llmops release`")
    return reasons


def _gated(gate: RunSummary | None) -> str:
    """Version, decision and reason of a gate; empty where there was none."""
    if gate is None or "decision" not in gate.summary:
        return ""
    version, decision, why = (gate.summary.get(name) for name in ("version", "decision", "reasons"))
    return f"the last gate ({_minute(gate)}): version {version or '–'}: {decision}{f': {why}' if why else ''}"


def _went_wrong(entries: Sequence[Entry]) -> list[str]:
    """What was interrupted or held back within a day; what failed is told by Prefect."""
    since = datetime.now(UTC) - RECENT
    found = [entry for entry in entries if entry.what in {"interrupted", "held back"} and entry.at > since]
    return [f"{entry.title} ({minute(entry.at)}), by {entry.by}: {entry.reason}" for entry in found]


def _what_to_do(index: IndexState, gate: RunSummary | None) -> str:
    """Measuring again helps only where these documents were not measured yet."""
    found = gate.summary if gate else {}
    decision = found.get("decision")
    if (found.get("index"), found.get("index_version")) != (index.name, index.version) or decision not in WAYS_OUT:
        return "run `llmops deploy` to measure again"
    return f"the last gate measured them already {WAYS_OUT[decision]}"


def _monitored(verdict: RunSummary | None, newest: RunSummary | None, live: "LiveVersion | None") -> list[str]:
    """What the last verdict said, and the last run, which may have seen too little for one."""
    if live is None:
        return []
    if verdict is None or newest is None:
        return ["no traffic was monitored yet: run `llmops monitor`"]
    reasons = []
    if verdict.summary.get("verdict") == "drifted":
        reasons.append(f"monitoring saw drift in {verdict.summary.get('drifted', 'some metrics')}")
    if newest.summary.get("verdict") == TOO_LITTLE:
        traces = newest.summary.get("traces", "0")
        reasons.append(
            f"the last monitoring run ({_minute(newest)}) saw {traces} traces: not enough traffic for a verdict"
        )
    return reasons


def _links(platform: Platform, monitoring: RunSummary | None) -> dict[str, str]:
    uri = platform.tracking_uri()
    links = {"mlflow": uri if uri.startswith("http") else f"mlflow ui --backend-store-uri {quote(uri)}"}
    if monitoring and "report" in monitoring.summary:
        links["report"] = monitoring.summary["report"]
    return links
