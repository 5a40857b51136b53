"""Questions for what was released: the last step of the flow `release`, which can fail without harm."""

import logging

from tasks_lib.assistant.contract.platform import Platform
from tasks_lib.config.settings import Settings
from tasks_lib.dataset.proposals import Proposed
from tasks_lib.documents_gate import tasks
from tasks_lib.documents_gate.plan import Plan
from tasks_lib.documents_gate.publish import ReleaseResult
from tasks_lib.documents_gate.readers import readers_of
from tasks_lib.documents_gate.release import Proposal
from tasks_lib.untraversed import untraversed

logger = logging.getLogger(__name__)


def with_questions(platform: Platform, settings: Settings, proposal: Proposal, result: ReleaseResult) -> ReleaseResult:
    """The result, once questions were proposed for what `proposal` changed in the state that is read now.

    Each assistant that reads the index has its own set. One of which `gate.dataset` names a version stays as it is.
    Readers were moved already: what goes wrong here is told in the log.
    """
    if not proposal.changed or result.decision not in {"released", "rolled back"}:
        return result
    for reader in readers_of(platform, settings):
        plan, own = reader.plan, reader.settings
        if not isinstance(plan, Plan) or ":" in (own.gate.dataset or ""):
            continue
        if not own.release.proposed_questions and not plan.dataset.proposed:
            continue
        state = tasks.propose_questions(
            platform,
            own,
            plan.live,
            untraversed(plan.dataset),
            untraversed(proposal),
            result.released_state,
            return_state=True,
        )
        if not state.is_completed():
            logger.warning("no questions are proposed for %s: %s", own.assistant, state.message)
            continue
        proposed: Proposed = state.result()
        result.proposed += len(proposed.new)
        result.reasons += _told(proposed, result.released_state)
    return result


def _told(proposed: Proposed, state: str) -> list[str]:
    told, name = [], proposed.dataset.reference
    if proposed.new:
        told.append(
            f"{len(proposed.new)} questions were proposed for what is new ({name}): "
            f"`llmops dataset --show --only proposed={state}`"
        )
    if proposed.gone:
        told.append(f"{proposed.gone} proposed questions are left out, since their evidence is gone ({name})")
    if proposed.full:
        told.append(
            f"{len(proposed.dataset.proposed)} proposed questions wait for a person, and no more are proposed: "
            "`llmops dataset --proposed take`, or `drop`"
        )
    return told
