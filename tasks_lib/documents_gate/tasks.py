"""The Prefect tasks of the documents' gate."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from prefect import task
from prefect.cache_policies import NO_CACHE

from tasks_lib.assistant.contract.platform import Platform
from tasks_lib.config.rag import RagConfig
from tasks_lib.config.settings import GateConfig
from tasks_lib.dataset.examples import Example
from tasks_lib.documents_gate import asking, looking
from tasks_lib.documents_gate.finding import Finding
from tasks_lib.documents_gate.questions import moved, touched
from tasks_lib.documents_gate.release import Proposal
from tasks_lib.gate.asking import VersionAnswers
from tasks_lib.gate.prediction import Prediction
from tasks_lib.registry.live import LiveVersion


@task(name="find-touched-questions", cache_policy=NO_CACHE)
def find_touched(
    platform: Platform, live: LiveVersion, examples: Sequence[Example], proposal: Proposal
) -> list[Example]:
    """:func:`tasks_lib.documents_gate.questions.touched`."""
    return touched(platform, live.rag, examples, (proposal.released, proposal.state), proposal.keys)


@task(name="ask-on-both-states", cache_policy=NO_CACHE)
def ask_states(
    platform: Platform, live: LiveVersion, proposal: Proposal, examples: Sequence[Example], gate: GateConfig
) -> tuple[VersionAnswers, VersionAnswers]:
    """:func:`tasks_lib.documents_gate.asking.ask_states`."""
    return asking.ask_states(platform, live, (proposal.released, proposal.state), examples, gate)


@task(name="find-moved-evidence", cache_policy=NO_CACHE)
def with_moved_evidence(
    platform: Platform, live: LiveVersion, predictions: Sequence[Prediction], proposal: Proposal
) -> list[Prediction]:
    """The predictions, whose references are where the later state has their text."""
    index = platform.open_index(live.rag.index_name).at(proposal.state)
    examples = moved([prediction.example for prediction in predictions], index, proposal.keys)
    return [replace(prediction, example=example) for prediction, example in zip(predictions, examples, strict=True)]


@task(name="look-at-changed-documents", cache_policy=NO_CACHE)
def look_at_changes(
    platform: Platform, rag: RagConfig, proposal: Proposal, languages: Mapping[str, float], mass_delete_share: float
) -> list[Finding]:
    """:func:`tasks_lib.documents_gate.looking.look`."""
    return looking.look(platform, rag, proposal, languages, mass_delete_share)
