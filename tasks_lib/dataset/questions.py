"""How many questions of each kind are made of an index, by a pipeline that gives candidates."""

import logging
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import islice, pairwise
from operator import itemgetter
from typing import Any

from haystack import Document, Pipeline

from tasks_lib.assistant.contract.access import OPERATOR, asked_by
from tasks_lib.assistant.contract.embedder import Embedder
from tasks_lib.assistant.contract.index import Index
from tasks_lib.config.settings import DatasetConfig
from tasks_lib.dataset.alternatives import Alternatives
from tasks_lib.dataset.askers import open_to_somebody, with_askers
from tasks_lib.dataset.clarifications import clarifications
from tasks_lib.dataset.collection import Collection, Wanted
from tasks_lib.dataset.corpus import LARGEST, Corpus, balanced
from tasks_lib.dataset.coverage import Coverage
from tasks_lib.dataset.critic import Critic
from tasks_lib.dataset.examples import CandidateQuestion, Example, example_of
from tasks_lib.dataset.extractive.generator import ExtractiveQuestionGenerator
from tasks_lib.dataset.filters import judged, reason_to_drop
from tasks_lib.dataset.llm_generator import MODEL_FAILED, NOT_PARSED
from tasks_lib.dataset.off_topic import OFF_TOPIC
from tasks_lib.dataset.patterns.page import pages_of
from tasks_lib.dataset.pipeline import run_pipeline
from tasks_lib.errors import InputError, LlmopsError, ProviderError

EXTRACTIVE = "extractive"
ACROSS = "across_passages"
CHUNKS_PER_QUESTION = 12
FEWEST_CHUNKS = 300
PATIENCE = 12
"""Replies in a row without JSON after which a model is not asked any more: a small one manages it now and then."""
LONGEST_DRY_SPELL = 40
"""Groups of passages in a row without a question, after which no more of their kind are paid for."""
ACROSS_SHARE = 0.15
"""Share of the answerable questions that need two passages."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Generated:
    """Examples, with how many candidates were dropped for which reason."""

    examples: tuple[Example, ...]
    rejected: dict[str, int]
    origin: str
    pipeline: str = ""
    """Digest of the file of `dataset.pipeline`, where one made them."""
    dropped: dict[str, str] = field(default_factory=dict)
    """Reason → one question that was dropped for it."""
    doubtful: tuple[dict[str, Any], ...] = ()
    """Imported examples whose evidence a person should look at."""
    found: int = 0
    """Imported answers whose evidence was looked up."""


def generate(
    pipeline: Pipeline,
    index: Index,
    embedder: Embedder,
    config: DatasetConfig,
    *,
    model: str,
    kept: Sequence[Example] = (),
) -> Generated:
    """Questions about the documents of `index`; the same index, pipeline and configuration give the same questions.

    Each is asked by somebody who may see its evidence.

    :param pipeline: Makes candidates; see :func:`tasks_lib.dataset.pipeline.questions_pipeline`.
    :param model: Id of the language model, for the record.
    :param kept: Examples of an earlier version whose evidence still stands; they are taken first.
    :raises InputError: If the index is empty, or nothing in it makes a question.
    :raises LlmopsError: If a model cannot be asked, or is no use as a critic.
    """
    with asked_by(OPERATOR):
        made = _generate(pipeline, index, embedder, config, model, kept)
    return replace(made, examples=tuple(with_askers(made.examples, index)))


def _generate(
    pipeline: Pipeline, index: Index, embedder: Embedder, config: DatasetConfig, model: str, kept: Sequence[Example]
) -> Generated:
    extractive = origin_of(pipeline, model) == EXTRACTIVE
    chunks = passages_to_ask(index, config, whole=extractive)
    coverage = Coverage.of(index, embedder)
    wanted = Wanted.of(config)
    taken = wanted.first_of(with_askers(kept, index))
    collection = Collection(embedder, taken, coverage)
    wanted = wanted.without(taken)
    origin = origin_of(pipeline, model)
    language = main_language(chunks)
    if extractive:
        _extract(pipeline, chunks, wanted, config, collection)
    else:
        _ask_in_batches(pipeline, chunks, wanted, config, collection)
    _add_off_topic(_refusals(config, collection).off_topic, config.seed, coverage, collection, language)
    if all(example.must_refuse for example in collection.examples):
        raise _no_questions(len(chunks), index.name, collection, origin)
    rejected = dict(sorted(collection.rejected.items()))
    return Generated(tuple(collection.examples), rejected, origin, dropped=collection.dropped)


def unclear(index: Index, config: DatasetConfig) -> list[Example]:
    """The turns of `dataset.clarifications` conversations that begin with a question that is not clear."""
    if not config.clarifications:
        return []
    return clarifications(pages_of(passages_to_ask(index, config, whole=True)), config.clarifications, config.seed)


def origin_of(pipeline: Pipeline, model: str) -> str:
    """`extractive` where the pipeline turns sentences into questions, else the id of the model."""
    makers = (component for _, component in pipeline.walk())
    return EXTRACTIVE if any(isinstance(maker, ExtractiveQuestionGenerator) for maker in makers) else model


def still_grounded(examples: Sequence[Example], index: Index) -> list[Example]:
    """The examples whose references are still in the documents, word for word and at their position."""
    corpus = Corpus.of(index)
    return [
        example
        for example in examples
        if not example.must_refuse and all(corpus.contains(reference) for reference in example.references)
    ]


def require_documents(index: Index) -> None:
    """Refuse to ask about nothing.

    :raises InputError: If the index is missing or empty.
    """
    if not index.exists() or not index.count():
        raise InputError(f"index {index.name!r} holds no documents to ask about", hint="Run `llmops ingest` first.")


def main_language(chunks: Sequence[Document]) -> str:
    """ISO 639-1 of most of the documents; English where none can be told."""
    languages = Counter(page.language for page in pages_of(chunks) if page.language)
    return languages.most_common(1)[0][0] if languages else "en"


def passages_to_ask(index: Index, config: DatasetConfig, *, whole: bool = False) -> list[Document]:
    """Chunks to ask about: all of them where reading them costs no calls, so that no fact is missed."""
    require_documents(index)
    wanted = LARGEST if whole else max(FEWEST_CHUNKS, CHUNKS_PER_QUESTION * config.size)
    return open_to_somebody(index.sample(min(wanted, index.count()), config.seed), index.access())


def _no_questions(passages: int, index: str, collection: Collection, origin: str) -> InputError:
    dropped = ", ".join(f"{number} {reason}" for reason, number in sorted(collection.rejected.items()))
    if origin == EXTRACTIVE:
        why = f"; dropped: {dropped}" if dropped else ""
        return InputError(
            f"none of the {passages} passages of index {index!r} states a fact that makes a question{why}",
            hint="Ingest documents with running text, or import your own questions with `llmops dataset --import`.",
        )
    return InputError(
        f"no question of {origin!r} about index {index!r} passed every filter; dropped: {dropped or 'none'}",
        hint="Name a larger model, or make the questions without one: --set llm.model=local/extractive.",
    )


def _extract(
    pipeline: Pipeline, chunks: Sequence[Document], wanted: Wanted, config: DatasetConfig, collection: Collection
) -> None:
    """All candidates cost little: they are made at once, and tried in turn until there are enough."""
    kinds = {
        "follow_up": wanted.follow_up,
        "answerable": wanted.answerable + wanted.follow_up,
        "unanswerable": wanted.unanswerable,
    }
    batch = run_pipeline(pipeline, [kind for kind, number in kinds.items() if number], [[chunk] for chunk in chunks])
    collection.rejected.update(batch.rejected)
    of_kind = {kind: [c for c in batch.candidates if c.example.kind == kind] for kind in kinds}
    made = _take_in_turn(of_kind["follow_up"], wanted.follow_up, collection)
    answerable = Alternatives(of_kind["answerable"], collection)
    answerable.take(wanted.answerable + wanted.follow_up - made)
    unanswerable = _refusals(config, collection).unanswerable
    missing = unanswerable - _take_in_turn(of_kind["unanswerable"], unanswerable, collection)
    if missing:  # documents whose facts name nothing that another name could stand for
        answerable.take(missing)


def _take_in_turn(candidates: Sequence[CandidateQuestion], wanted: int, collection: Collection) -> int:
    """Returns how many were taken."""
    added = 0
    for candidate in candidates:
        if added == wanted:
            break
        added += collection.add(candidate)
    return added


def _ask_in_batches(
    pipeline: Pipeline, chunks: Sequence[Document], wanted: Wanted, config: DatasetConfig, collection: Collection
) -> None:
    """Questions of one kind after the other, until there are enough or the chunks are used up.

    :raises LlmopsError: If a critic cannot tell wrong answers, or `PATIENCE` replies in a row could not be read.
    :raises ProviderError: If every call of a batch failed.
    """
    critics = [component for _, component in pipeline.walk() if isinstance(component, Critic)]
    if wanted.answerable or wanted.follow_up:
        for critic in critics:
            critic.check(chunks)
    across = round(wanted.answerable * ACROSS_SHARE)
    _ask(pipeline, ACROSS, _neighbours(chunks), across, config.concurrency, collection)
    made = min(across, sum(example.kind == ACROSS for example in collection.examples))
    singles = [[chunk] for chunk in balanced(chunks)]
    plan = {"answerable": wanted.answerable - made, "follow_up": wanted.follow_up}
    if wanted.unanswerable and all(critic.finds_answers(chunks) for critic in critics):
        plan["unanswerable"] = wanted.unanswerable
    elif wanted.unanswerable:
        logger.warning("no unanswerable questions are made: the critic does not see where passages hold an answer")
    for kind, number in plan.items():
        _ask(pipeline, kind, singles, number, config.concurrency, collection)


def _neighbours(chunks: Sequence[Document]) -> list[list[Document]]:
    """Pairs of neighbours in the same document, a pair a document at a time."""
    document = itemgetter("source", "document")
    ordered = sorted(chunks, key=lambda chunk: (*document(chunk.meta), chunk.meta["start"]))
    following = {a.id: b for a, b in pairwise(ordered) if document(a.meta) == document(b.meta)}
    return [[chunk, following[chunk.id]] for chunk in balanced(chunks) if chunk.id in following]


def _ask(
    pipeline: Pipeline,
    kind: str,
    passages: Sequence[list[Document]],
    wanted: int,
    concurrency: int,
    collection: Collection,
) -> None:
    """One question a call, in batches; a batch is judged before the next one is paid for."""
    groups = iter(passages)
    added, unread, dry = 0, 0, 0
    while added < wanted and (asked := list(islice(groups, min(2 * concurrency, wanted - added + 1)))):
        batch = run_pipeline(pipeline, [kind], asked)
        failed = batch.rejected.get(NOT_PARSED, 0) + batch.rejected.get(MODEL_FAILED, 0)
        unread = unread + len(asked) if failed >= len(asked) else 0
        if unread and (unread >= PATIENCE or not batch.rejected.get(NOT_PARSED)):
            failure = LlmopsError if batch.rejected.get(NOT_PARSED) else ProviderError
            raise failure(
                f"the language model made no question: {batch.error}", hint="Check the model with `llmops doctor`."
            )
        collection.rejected.update(batch.rejected)
        passed = [candidate for candidate in batch.candidates if not candidate.reason]
        for candidate in batch.candidates:
            if candidate.reason:
                collection.reject(candidate, candidate.reason)
        taken = _take_in_turn(passed, wanted - added, collection)
        added += taken
        dry = 0 if taken else dry + len(asked)
        if dry >= LONGEST_DRY_SPELL:
            logger.warning("the last %d drafts of kind %s were dropped: no more are asked for", dry, kind)
            return


def _refusals(config: DatasetConfig, collection: Collection) -> Wanted:
    """The questions to refuse that are wanted still, in proportion to those with an answer."""
    return Wanted.in_proportion(config, collection.examples).without(collection.examples)


def _add_off_topic(wanted: int, seed: int, coverage: Coverage, collection: Collection, language: str) -> None:
    """Questions of a list that the documents do not cover, in the documents' language where there is a list."""
    questions = list(OFF_TOPIC.get(language, OFF_TOPIC["en"]))
    random.Random(seed).shuffle(questions)  # noqa: S311  not for security
    added = 0
    for question in questions:
        if added == wanted:
            return
        if coverage.covers(question, language):
            collection.reject(CandidateQuestion(example_of("off_topic", question)), "covered_by_the_documents")
        else:
            candidate = CandidateQuestion(example_of("off_topic", question), language=language)
            added += collection.add(judged(candidate, reason_to_drop))
