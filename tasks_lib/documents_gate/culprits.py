"""The changed documents that made questions worse, found by asking again with parts of the change."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager

from tasks_lib.assistant.contract.platform import Platform
from tasks_lib.assistant.contract.states import DocumentKey
from tasks_lib.config.gate import GateConfig
from tasks_lib.config.rag import RagConfig
from tasks_lib.config.settings import Settings
from tasks_lib.documents_gate.asking import Answering, Ask
from tasks_lib.documents_gate.blame import Blame, Worse, blame
from tasks_lib.documents_gate.comparison import Comparison, values_of
from tasks_lib.documents_gate.evidence import with_evidence
from tasks_lib.documents_gate.release import Proposal
from tasks_lib.documents_gate.trial_index import TrialIndex
from tasks_lib.errors import VersionError
from tasks_lib.gate.evaluate import measurement_of
from tasks_lib.gate.judge import GRADED
from tasks_lib.gate.measurement import Measurement
from tasks_lib.gate.pipeline import evaluation_pipeline
from tasks_lib.gate.prediction import Prediction, repeated
from tasks_lib.gate.scores import evaluate

Score = Callable[[Sequence[Prediction]], Measurement]
MOST_TRACED = 20
"""Questions whose documents are looked for, those first that lost most; of more, the documents are mostly the same."""


def find_culprits(
    platform: Platform,
    rag: RagConfig,
    proposal: Proposal,
    compared: Comparison,
    gate: GateConfig,
    answering: Answering,
    scored: Score,
) -> Blame:
    """The documents, by their paths, without whose changes the questions that got worse are as good as before.

    An assistant without a model says the same each time: what is known of both states is not asked again, so that of
    one changed document nothing is. One with a model is asked again on both, which shows what was chance.

    :param answering: Opens the assistant on a copy of the index.
    :param scored: Measures what it says.
    """
    traced = compared.worse[:MOST_TRACED]
    names = _names(proposal, compared, traced)
    known: dict[frozenset[str], Mapping[str, float]] = {}
    if platform.chat_generator(rag.llm) is None:
        known = {frozenset(names): compared.losses, frozenset(): {}}
    with _trials(platform, rag, proposal, compared, gate, names, answering, scored) as worse:
        try:
            found = blame(list(names), traced, worse, known=known)
        except VersionError:  # whoever answered a minute ago does not now
            found = Blame({}, tuple(traced))
    paths = {question: tuple(names[name][1] for name in culprits) for question, culprits in found.documents.items()}
    unresolved = (*found.unresolved, *compared.worse[MOST_TRACED:])
    return Blame(paths, unresolved, found.unexplained, found.evaluations)


def score(platform: Platform, settings: Settings, predictions: Sequence[Prediction]) -> Measurement:
    """What answers are worth in the metric that decides, without a run of MLflow for each part of a change."""
    primary = settings.gate.primary
    pipeline = evaluation_pipeline(platform, settings, metrics=None if primary == GRADED else [primary])
    return measurement_of(pipeline, predictions, evaluate(pipeline, predictions), version=0, primary=primary)


@contextmanager
def _trials(
    platform: Platform,
    rag: RagConfig,
    proposal: Proposal,
    compared: Comparison,
    gate: GateConfig,
    names: Mapping[str, DocumentKey],
    answering: Answering,
    scored: Score,
) -> Iterator[Worse]:
    """Asks the questions that got worse with parts of the change applied. Nothing is copied before it is called."""
    examples = repeated([compared.examples[name] for name in compared.worse[:MOST_TRACED]], gate)
    before = {name: compared.before[name] for name in compared.worse}
    with ExitStack() as stack:
        opened: list[tuple[TrialIndex, Ask]] = []

        def worse(applied: frozenset[str]) -> Mapping[str, float]:
            if not opened:
                trial = TrialIndex(platform, rag, (proposal.released, proposal.state))
                stack.enter_context(trial.copied())
                opened.append((trial, stack.enter_context(answering(trial.rag, ""))))
            trial, ask = opened[0]
            part = {names[name] for name in applied}
            trial.apply(part)
            answers = ask(examples)
            if answers.problem:
                raise VersionError(answers.problem)
            values = values_of(scored(with_evidence(answers.predictions, trial.index, part)))
            return {name: before[name] - value for name, value in values.items()}

        yield worse


def _names(proposal: Proposal, compared: Comparison, traced: Sequence[str]) -> dict[str, DocumentKey]:
    """What each changed document is called: its path, unless two sources have it. The likeliest come first."""
    often = Counter(key[1] for key in proposal.keys)
    likely = Counter(key for name in traced for key in compared.in_sight(name, proposal.keys))
    ordered = sorted(proposal.keys, key=lambda key: (-likely[key], key))
    return {key[1] if often[key[1]] == 1 else f"{key[0]} {key[1]}": key for key in ordered}
