"""Flow `release`: the documents' gate, and what a person decides in its place."""

import time
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Literal

from blocks.resolve import resolve_platform
from flows.approval import A_PERSON, APPROVAL_SECONDS
from flows.documents_approval import request_decision
from flows.naming import concluded, named_by_assistant
from flows.origin import Origin, in_short, origin
from flows.proposing import with_questions
from flows.verb import flow
from tasks_lib.assistant.contract.index import Index
from tasks_lib.assistant.contract.platform import Platform
from tasks_lib.config.load import for_assistant
from tasks_lib.config.settings import Settings
from tasks_lib.dataset.examples import Example
from tasks_lib.documents_gate import release as moves
from tasks_lib.documents_gate import tasks
from tasks_lib.documents_gate.blame import Blame
from tasks_lib.documents_gate.comparison import Comparison
from tasks_lib.documents_gate.decision import DocumentsDecision, unasked, with_findings
from tasks_lib.documents_gate.judgement import judged
from tasks_lib.documents_gate.plan import Plan
from tasks_lib.documents_gate.publish import ReleaseResult, announce, record, result_of
from tasks_lib.documents_gate.questions import Affected
from tasks_lib.documents_gate.readers import Reader, as_read, combined, readers_of
from tasks_lib.documents_gate.release import Proposal
from tasks_lib.errors import InputError
from tasks_lib.gate.asking import VersionAddress, VersionAnswers
from tasks_lib.gate.measurement import Measurement
from tasks_lib.gate.tasks import score_version
from tasks_lib.gate.turns import turn
from tasks_lib.ingestion.languages import languages_of
from tasks_lib.registry.audited import audited_run
from tasks_lib.registry.quarantine import let_in
from tasks_lib.registry.tracking import connect
from tasks_lib.untraversed import untraversed

LONGEST_SECONDS = 12 * 3600 + APPROVAL_SECONDS


Action = Literal["measure", "release all", "release without", "hold", "let in", "roll back"]


@flow(
    name="release",
    flow_run_name=named_by_assistant("release documents of"),
    description="Measure what an ingest changed, and let it be read if no answer gets worse; or as a person says.",
    timeout_seconds=LONGEST_SECONDS,
)
def release(
    settings: Settings | None = None,
    platform: str = "local",
    assistant: str | None = None,
    action: Action = "measure",
    documents: list[str] | None = None,
    to: str | None = None,
    reason: str = "",
) -> ReleaseResult:
    """Release what changed in the index since the released state, if production answers no question worse from it.

    Args:
        settings: The keys of a configuration file. Leave it empty for the defaults.
        platform: Platform that gives addresses and credentials.
        assistant: Name of the assistant. Leave it empty for the one that the settings name.
        action: `measure` asks the questions that the change could touch. The others do as you say, unasked.
        documents: Paths of documents, for `release without`, which quarantines them, and for `let in`, which lets them
            out of quarantine again.
        to: The state to `roll back` to. Leave it empty for the one that was released before.
        reason: Why; it is kept in the history.

    :raises InputError: If there is no index, a document did not change or is not in quarantine, none is named where
        they must be, or the state is not kept.
    :raises IndexUnavailableError: If a state was cleaned away, or another writer keeps the index for too long.
    """
    started, begun = origin(reason), time.monotonic()
    settings, named = for_assistant(settings, assistant), documents or []
    if action in {"release without", "let in"} and not named:
        raise InputError(f"{action!r} names no document", hint="Name documents by their paths.")
    resolved = resolve_platform(platform)
    settings = as_read(resolved, settings)
    index = resolved.open_index(settings.index_name)
    with turn(f"documents-{index.name}"):
        if action == "measure":
            result = _measured(resolved, index, settings, started)
        elif action == "let in":
            result = _let_in(index, settings, named)
        elif action == "roll back":
            result = _rolled_back(resolved, index, settings, started, to)
        else:
            result = _as_said(resolved, index, settings, started, action, named)
    asks = action == "measure" and settings.release.approve
    if asks and result.decision in {"held", "undecided"}:
        result = _as_approved(resolved, index, settings, result)
    result.seconds = round(time.monotonic() - begun, 3)
    if result.run_id:
        announce(result, by_gate=action == "measure" and not asks)
    return concluded(result, result.title, "; ".join(result.reasons))


def _writing(index: Index, settings: Settings) -> AbstractContextManager[None]:
    return index.writing(settings.ingest.lock_timeout_seconds)


def _let_in(index: Index, settings: Settings, documents: Sequence[str]) -> ReleaseResult:
    with _writing(index, settings):
        states = let_in(index.states(), documents)
        index.save_states(states)
    state = states.released or index.version() or ""
    said = unasked("released", f"out of quarantine: {', '.join(documents)}; the next ingest brings them in")
    return result_of(settings.assistant, index.name, state, state, said, [])


def _as_said(
    platform: Platform, index: Index, settings: Settings, started: Origin, action: Action, documents: Sequence[str]
) -> ReleaseResult:
    """Release or hold as a person says, without a question."""
    why = f": {started.reason}" if started.reason else ""
    with _writing(index, settings):
        proposal = moves.propose(index, settings.release.held_days)
        if not proposal.changed and action != "release without":  # which names a document that did not change
            return _unchanged(index, settings, proposal)
        state = proposal.state
        if action == "hold":
            decision = unasked("held", f"held by {started.by}{why}")
            moves.hold(index, proposal, decision)
        elif action == "release without":
            state = moves.release_without(index, proposal, documents, started.by, started.reason)
            decision = unasked("released", f"released by {started.by} without {', '.join(documents)}{why}")
            proposal = proposal.without(documents)
        else:
            late = moves.release(index, proposal)
            decision = unasked("undecided", late) if late else unasked("released", f"released by {started.by}{why}")
    return _recorded(platform, index, settings, started, proposal, state, decision)


def _rolled_back(
    platform: Platform, index: Index, settings: Settings, started: Origin, to: str | None
) -> ReleaseResult:
    """Let readers go back to an earlier state, and quarantine what changed since."""
    with _writing(index, settings):
        before = index.states().released if index.exists() else None
        states, changed = moves.roll_back(index, to, started.by, started.reason)
    state = str(states.released)
    why = f": {started.reason}" if started.reason else ""
    decision = unasked("rolled back", f"rolled back from state {before} to {state} by {started.by}{why}")
    return _recorded(platform, index, settings, started, Proposal(state, state, tuple(changed)), state, decision)


def _measured(platform: Platform, index: Index, settings: Settings, started: Origin) -> ReleaseResult:
    """Measure what changed, decide, and move readers if nothing else moved them meanwhile."""
    with _writing(index, settings):
        proposal = moves.propose(index, settings.release.held_days)
        held = index.states().held
    if not proposal.changed:
        return _unchanged(index, settings, proposal)
    if settings.release.approve and held and held.state == proposal.state:  # it was measured, and a person is asked
        return _result(index, settings, proposal, proposal.state, moves.as_held(held))
    client = connect(platform, settings.assistant)
    with audited_run(
        client, "documents", started.tags, name=f"documents of {settings.assistant}: under evaluation"
    ) as run:
        decision = _judged(platform, settings, proposal, run.info.run_id)
        with _writing(index, settings):
            if decision.decision == "released" and (late := moves.release(index, proposal)):
                decision = decision.model_copy(update={"decision": "undecided", "reasons": [late, *decision.reasons]})
            elif decision.decision != "released":
                moves.hold(index, proposal, decision)
            result = _result(index, settings, proposal, proposal.state, decision)
        result.run_id = run.info.run_id
        record(result, list(proposal.changed))
    return with_questions(platform, settings, proposal, result)


def _judged(platform: Platform, settings: Settings, proposal: Proposal, run_id: str) -> DocumentsDecision:
    """Ask production the questions that the change could touch, look at the documents themselves, and decide."""
    readers = readers_of(platform, settings)
    decided = readers[0].plan
    if isinstance(decided, DocumentsDecision) and decided.decision == "released":
        return decided
    plans = [reader.plan for reader in readers if isinstance(reader.plan, Plan)]
    rag = plans[0].live.rag if plans else settings.rag
    languages = languages_of(platform.open_index(rag.index_name).at(proposal.released))
    findings = tasks.look_at_changes(platform, rag, proposal, languages, settings.ingest.mass_delete_share)
    decisions = {reader.settings.assistant: _of(platform, reader, proposal, run_id) for reader in readers}
    return with_findings(combined(decisions), findings)


def _of(platform: Platform, reader: Reader, proposal: Proposal, run_id: str) -> DocumentsDecision:
    """What one reader's answers say."""
    plan = reader.plan
    if not isinstance(plan, Plan):
        return plan
    steps = _Asked(platform, reader.settings, plan, proposal, run_id)
    return judged(steps, proposal.keys, reader.settings.gate)


@dataclass(frozen=True)
class _Asked:
    """The steps of the documents' gate as tasks; production answers."""

    platform: Platform
    settings: Settings
    plan: Plan
    proposal: Proposal
    run_id: str

    def select(self) -> Affected:
        examples = untraversed(self.plan.dataset.every)
        return tasks.find_affected(self.platform, self.plan.live, examples, self.proposal)

    def ask(self, examples: Sequence[Example]) -> tuple[VersionAnswers, VersionAnswers]:
        return tasks.ask_states(self.platform, self.plan.live, self.proposal, untraversed(examples), self.settings.gate)

    def score(self, before: VersionAnswers, after: VersionAnswers) -> tuple[Measurement, Measurement]:
        live = self.plan.live
        both = tasks.with_evidence(self.platform, live, self.proposal, untraversed(before), untraversed(after))
        address = VersionAddress(live.model, live.version, live.rag.index_name)
        theirs, ours = (
            score_version(self.platform, address, untraversed(predictions), self.settings, self.run_id)
            for predictions in both
        )
        return theirs, ours

    def blame(self, compared: Comparison) -> Blame:
        return tasks.find_culprits(self.platform, self.plan.live, self.proposal, untraversed(compared), self.settings)


def _as_approved(platform: Platform, index: Index, settings: Settings, result: ReleaseResult) -> ReleaseResult:
    """The result once a person was asked; an answer about a state that is not the last moves nothing."""
    answer = request_decision(result)
    with turn(f"documents-{index.name}"):
        with _writing(index, settings):
            proposal = moves.propose(index, settings.release.held_days)
        late = "documents changed meanwhile: what is in the index now waits for its own decision"
        if (proposal.state, proposal.released) != (result.state, result.released_state):
            return result.model_copy(update={"reasons": [late, *result.reasons], "run_id": None})
        if answer is None:
            nobody = f"nobody decided within {APPROVAL_SECONDS // 3600} hours"
            return result.model_copy(update={"reasons": [nobody, *result.reasons], "run_id": None})
        by = Origin(in_short(answer.name) or A_PERSON, reason=in_short(answer.comment))
        try:
            return _as_said(platform, index, settings, by, answer.decision, answer.without)
        except InputError as error:
            return result.model_copy(update={"reasons": [error.message, *result.reasons], "run_id": None})


def _unchanged(index: Index, settings: Settings, proposal: Proposal) -> ReleaseResult:
    gone = f"; held too long, and in quarantine now: {', '.join(proposal.expired)}" if proposal.expired else ""
    decision = unasked("released", f"nothing changed since state {proposal.released}, which is read{gone}")
    return _result(index, settings, proposal, proposal.released, decision)


def _recorded(
    platform: Platform,
    index: Index,
    settings: Settings,
    started: Origin,
    proposal: Proposal,
    state: str,
    decision: DocumentsDecision,
) -> ReleaseResult:
    result = _result(index, settings, proposal, state, decision)
    client = connect(platform, settings.assistant)
    with audited_run(client, "documents", started.tags, name=result.title) as run:
        result.run_id = run.info.run_id
        record(result, list(proposal.changed))
    return with_questions(platform, settings, proposal, result)


def _result(
    index: Index, settings: Settings, proposal: Proposal, state: str, decision: DocumentsDecision
) -> ReleaseResult:
    if proposal.expired:
        told = f"held for more than {settings.release.held_days:g} days, and in quarantine now"
        decision = decision.model_copy(
            update={"reasons": [*decision.reasons, f"{told}: {', '.join(proposal.expired)}"]}
        )
    states = index.states()
    result = result_of(
        settings.assistant, index.name, state, states.released or state, decision, list(proposal.changed)
    )
    result.quarantined = [each.document for each in states.quarantine]
    return result
