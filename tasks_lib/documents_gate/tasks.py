"""The Prefect tasks of the documents' gate."""

from collections.abc import Mapping, Sequence
from functools import partial

from prefect import task
from prefect.cache_policies import NO_CACHE

from tasks_lib.assistant.contract.platform import Platform
from tasks_lib.config.gate import GateConfig
from tasks_lib.config.rag import LlmConfig, RagConfig
from tasks_lib.config.settings import DatasetConfig, Settings
from tasks_lib.dataset import proposals
from tasks_lib.dataset.datasets import Dataset
from tasks_lib.dataset.examples import Example
from tasks_lib.dataset.pipeline import questions_pipeline
from tasks_lib.dataset.proposals import Proposed
from tasks_lib.documents_gate import asking, culprits, evidence, looking, questions
from tasks_lib.documents_gate.blame import Blame
from tasks_lib.documents_gate.comparison import Comparison
from tasks_lib.documents_gate.finding import Finding
from tasks_lib.documents_gate.questions import Affected
from tasks_lib.documents_gate.readers import naming
from tasks_lib.documents_gate.release import Proposal
from tasks_lib.gate.asking import VersionAnswers
from tasks_lib.gate.prediction import Prediction
from tasks_lib.registry.live import LiveVersion
from tasks_lib.registry.tracking import connect


@task(name="find-affected-questions", cache_policy=NO_CACHE)
def find_affected(platform: Platform, live: LiveVersion, examples: Sequence[Example], proposal: Proposal) -> Affected:
    """:func:`tasks_lib.documents_gate.questions.find_affected`."""
    states = proposal.released, proposal.state
    return questions.find_affected(platform, live.rag, examples, states, proposal.keys)


@task(name="ask-on-both-states", cache_policy=NO_CACHE)
def ask_states(
    platform: Platform, live: LiveVersion, proposal: Proposal, examples: Sequence[Example], gate: GateConfig
) -> tuple[VersionAnswers, VersionAnswers]:
    """:func:`tasks_lib.documents_gate.asking.ask_states`, of a version in fresh processes."""
    answering = asking.version_on(platform, live, gate)
    return asking.ask_states(answering, live.rag, (proposal.released, proposal.state), examples)


@task(name="find-evidence", cache_policy=NO_CACHE)
def with_evidence(
    platform: Platform, live: LiveVersion, proposal: Proposal, before: VersionAnswers, after: VersionAnswers
) -> tuple[list[Prediction], list[Prediction]]:
    """:func:`tasks_lib.documents_gate.evidence.on_both_states`."""
    return evidence.on_both_states(platform.open_index(live.rag.index_name), proposal, before, after)


@task(name="find-culprits", cache_policy=NO_CACHE)
def find_culprits(
    platform: Platform, live: LiveVersion, proposal: Proposal, compared: Comparison, settings: Settings
) -> Blame:
    """:func:`tasks_lib.documents_gate.culprits.find_culprits`, by a version in fresh processes."""
    gate = settings.gate
    answering, score = asking.version_on(platform, live, gate), partial(culprits.score, platform, settings)
    return culprits.find_culprits(platform, live.rag, proposal, compared, gate, answering, score)


@task(name="look-at-changed-documents", cache_policy=NO_CACHE)
def look_at_changes(
    platform: Platform, rag: RagConfig, proposal: Proposal, languages: Mapping[str, float], mass_delete_share: float
) -> list[Finding]:
    """:func:`tasks_lib.documents_gate.looking.look`."""
    return looking.look(platform, rag, proposal, languages, mass_delete_share)


@task(name="propose-questions", cache_policy=NO_CACHE)
def propose_questions(
    platform: Platform, settings: Settings, live: LiveVersion, dataset: Dataset, proposal: Proposal, released: str
) -> Proposed:
    """:func:`tasks_lib.dataset.proposals.propose`, about what `proposal` changed in the state that is read now.

    The questions are made without a model, whatever makes the rest of the set: a release that nobody attends costs
    nothing.
    """
    opened, limit = platform.open_index(live.rag.index_name), settings.release.proposed_questions
    made = DatasetConfig(name=dataset.name, size=max(1, limit), seed=settings.dataset.seed)
    keyless = naming(settings, live.rag).model_copy(update={"llm": LlmConfig(), "dataset": made})
    return proposals.propose(
        connect(platform, settings.assistant),
        dataset,
        (opened.at(proposal.released), opened.at(released)),
        proposal.keys,
        platform.embedder(live.rag.embedder),
        questions_pipeline(platform, keyless),
        limit=limit,
        seed=settings.dataset.seed,
    )
