"""Evaluation questions made from an index: by a language model, or without one from the sentences themselves."""

import random
from collections.abc import Sequence
from dataclasses import dataclass

from haystack import Document
from haystack.components.generators.chat.types import ChatGenerator

from tasks_lib.assistant.contract.embedder import Embedder
from tasks_lib.assistant.contract.index import Index
from tasks_lib.config.settings import DatasetConfig
from tasks_lib.dataset import llm_questions
from tasks_lib.dataset.corpus import Corpus
from tasks_lib.dataset.coverage import Coverage
from tasks_lib.dataset.critic import Critic
from tasks_lib.dataset.examples import Example
from tasks_lib.dataset.extractive import making
from tasks_lib.dataset.filters import Candidate, Duplicates
from tasks_lib.dataset.generated import Collection, Wanted, example_of
from tasks_lib.dataset.off_topic import OFF_TOPIC
from tasks_lib.dataset.similarity import Similarity
from tasks_lib.errors import InputError

EXTRACTIVE = "extractive"
CHUNKS_PER_QUESTION = 12
FEWEST_CHUNKS = 300


@dataclass(frozen=True)
class Generated:
    """Examples, with how many candidates were dropped for which reason."""

    examples: tuple[Example, ...]
    rejected: dict[str, int]
    origin: str


def generate(
    index: Index,
    embedder: Embedder,
    config: DatasetConfig,
    *,
    generator: ChatGenerator | None = None,
    model: str = "",
    critic: ChatGenerator | None = None,
    kept: Sequence[Example] = (),
) -> Generated:
    """Questions about the documents of `index`; the same index and configuration give the same questions.

    :param generator: A language model; without one, questions are extracted.
    :param model: Its id, for the record.
    :param critic: Another model that judges the questions; without one, `generator` does.
    :param kept: Examples of an earlier version whose evidence still stands; they are taken first.
    :raises InputError: If the index is empty, or nothing in it makes a question.
    :raises LlmopsError: If a model cannot be asked, or is no use as a critic.
    """
    chunks = _sample(index, config)
    similarity = Similarity(embedder)
    coverage = Coverage(index, embedder)
    wanted = Wanted.of(config)
    taken = wanted.first_of(kept)
    collection = Collection(similarity, Duplicates(similarity, taken), taken)
    wanted = wanted.without(taken)
    if generator is not None:
        judge = Critic(critic or generator, coverage)
        llm_questions.add(chunks, wanted, judge, generator, collection, concurrency=config.concurrency)
    else:
        _extract(chunks, wanted, config, coverage, collection)
    _add_off_topic(_refusals(config, collection).off_topic, config.seed, coverage, collection)
    if all(example.must_refuse for example in collection.examples):
        raise _no_questions(len(chunks), index.name, collection, model if generator else "")
    origin = EXTRACTIVE if generator is None else model
    return Generated(tuple(collection.examples), dict(sorted(collection.rejected.items())), origin)


def still_standing(examples: Sequence[Example], index: Index) -> list[Example]:
    """The examples whose references are still in the documents, word for word and in their place."""
    corpus = Corpus.of(index)
    return [
        example
        for example in examples
        if not example.must_refuse and all(corpus.stands(reference) for reference in example.references)
    ]


def _sample(index: Index, config: DatasetConfig) -> list[Document]:
    if not index.exists() or not index.count():
        raise InputError(f"index {index.name!r} holds no documents to ask about", hint="Run `llmops ingest` first.")
    return index.sample(max(FEWEST_CHUNKS, CHUNKS_PER_QUESTION * config.size), config.seed)


def _no_questions(passages: int, index: str, collection: Collection, model: str) -> InputError:
    dropped = ", ".join(f"{count} {reason}" for reason, count in sorted(collection.rejected.items()))
    if not model:
        return InputError(
            f"none of the {passages} passages of index {index!r} states a fact that makes a question",
            hint="Ingest documents with running text, or import your own questions with `llmops dataset --import`.",
        )
    return InputError(
        f"no question of {model!r} about index {index!r} passed every filter; dropped: {dropped or 'none'}",
        hint="Name a larger model, or make the questions without one: --set llm.model=local/extractive.",
    )


def _extract(
    chunks: Sequence[Document], wanted: Wanted, config: DatasetConfig, coverage: Coverage, collection: Collection
) -> None:
    pool = making.Pool(chunks, config.size, collection.rejected)
    made = making.add_follow_ups(pool, wanted.follow_up, collection)
    making.add_answerable(pool, wanted.answerable + wanted.follow_up - made, collection)
    making.add_unanswerable(pool, _refusals(config, collection).unanswerable, coverage, config.seed, collection)


def _refusals(config: DatasetConfig, collection: Collection) -> Wanted:
    """The questions to refuse that are wanted still, in proportion to those with an answer."""
    return Wanted.in_proportion(config, collection.examples).without(collection.examples)


def _add_off_topic(wanted: int, seed: int, coverage: Coverage, collection: Collection) -> None:
    bank = list(OFF_TOPIC)
    random.Random(seed).shuffle(bank)  # noqa: S311  not for security
    added = 0
    for question in bank:
        if added == wanted:
            return
        if coverage.covers(question):
            collection.rejected["covered_by_the_documents"] += 1
        else:
            added += collection.add(Candidate(example_of("off_topic", question)))
