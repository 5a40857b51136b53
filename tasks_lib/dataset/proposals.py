"""Questions proposed for documents that are new: the next change of these documents is measured by them, too."""

import random
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from haystack import Document, Pipeline
from pydantic import BaseModel, Field

from tasks_lib.assistant.contract.embedder import Embedder
from tasks_lib.assistant.contract.index import Index
from tasks_lib.assistant.contract.states import DocumentKey
from tasks_lib.dataset import collection
from tasks_lib.dataset.alternatives import Alternatives
from tasks_lib.dataset.corpus import Corpus
from tasks_lib.dataset.coverage import Coverage
from tasks_lib.dataset.datasets import Dataset, change
from tasks_lib.dataset.examples import Example
from tasks_lib.dataset.pipeline import run_pipeline
from tasks_lib.dataset.shown import choose
from tasks_lib.errors import InputError
from tasks_lib.registry.assistant_client import AssistantClient

MOST_DOCUMENTS = 50
"""New documents that are read for one proposal: those of a larger change are drawn."""
MOST_WAITING = 100
"""Proposed questions that may wait for a person; after that none is proposed until some are taken in or dropped."""


@dataclass(frozen=True)
class Proposed:
    """What became of the proposals of a set.

    :param new: Questions that were proposed.
    :param gone: Earlier proposals whose evidence is not in the released state any more.
    :param full: Whether :data:`MOST_WAITING` wait.
    """

    dataset: Dataset
    new: tuple[Example, ...] = ()
    gone: int = 0
    full: bool = False


def propose(
    client: AssistantClient,
    dataset: Dataset,
    states: tuple[Index, Index],
    changed: Collection[DocumentKey],
    embedder: Embedder,
    pipeline: Pipeline,
    *,
    limit: int,
    seed: int = 0,
) -> Proposed:
    """Propose questions about the new passages of the documents that changed, in the next version of `dataset`.

    Earlier proposals without evidence are left out. What was asked before and what is measured by stay as they are.

    :param states: The state that was read before, and the one that is read now.
    :param pipeline: Makes candidates; see :func:`tasks_lib.dataset.pipeline.questions_pipeline`.
    :param limit: Questions at most.
    """
    before, now = states
    standing = still_there(dataset.proposed, now, changed)
    room = max(0, min(limit, MOST_WAITING - len(standing)))
    passages = new_passages(before, now, changed, seed) if room else []
    asked = (*dataset.examples, *standing)
    new = _marked(_questions(passages, now, embedder, pipeline, asked, room), now) if passages else ()
    kept = {each.id: each for each in standing}
    gone = {each.id for each in dataset.proposed} - kept.keys()
    full = bool(limit) and len(standing) >= MOST_WAITING
    if not new and tuple(standing) == dataset.proposed:
        return Proposed(dataset, full=full)

    def next_of(newest: Dataset) -> tuple[Sequence[Example], Sequence[Example]]:
        known = {each.id for each in newest.every}
        left = [kept.get(each.id, each) for each in newest.proposed if each.id not in gone]
        return newest.examples, [*left, *(each for each in new if each.id not in known)]

    return Proposed(change(client, dataset.name, next_of), new, len(gone), full)


def still_there(examples: Sequence[Example], index: Index, changed: Collection[DocumentKey]) -> list[Example]:
    """The examples whose evidence is in the documents, word for word, with the place where it stands now.

    :param changed: Documents that evidence may have moved to, as it does where one is renamed.
    """
    if not examples:
        return []
    cited = {(reference.source, reference.document) for example in examples for reference in example.references}
    corpus = Corpus(chunk for source, names in _by_source({*cited, *changed}) for chunk in index.read(source, names))
    found = []
    for example in examples:
        places = [
            each
            if corpus.contains(each)
            else corpus.locate(each.content, each.document, each.source) or corpus.locate(each.content)
            for each in example.references
        ]
        if all(places):
            found.append(example.model_copy(update={"references": tuple(filter(None, places))}))
    return found


def new_passages(before: Index, now: Index, changed: Collection[DocumentKey], seed: int) -> list[Document]:
    """Chunks of documents that changed whose text stood in none of them before: a renamed document has none."""
    keys = sorted(changed)
    if len(keys) > MOST_DOCUMENTS:
        keys = sorted(random.Random(seed).sample(keys, MOST_DOCUMENTS))  # noqa: S311  not for security
    said = {chunk.content for source, names in _by_source(changed) for chunk in before.read(source, names)}
    chunks = [chunk for source, names in _by_source(keys) for chunk in now.read(source, names)]
    return [chunk for chunk in chunks if chunk.content not in said]


def _by_source(keys: Collection[DocumentKey]) -> list[tuple[str, list[str]]]:
    return [(source, sorted(d for s, d in keys if s == source)) for source in sorted({source for source, _ in keys})]


def _questions(
    passages: Sequence[Document],
    index: Index,
    embedder: Embedder,
    pipeline: Pipeline,
    asked: Sequence[Example],
    wanted: int,
) -> list[Example]:
    """Up to `wanted` questions with an answer, none of which asks what `asked` asks."""
    kept = collection.Collection(embedder, asked, Coverage.of(index, embedder))
    batch = run_pipeline(pipeline, ["answerable"], [[passage] for passage in passages])
    Alternatives([c for c in batch.candidates if c.example.kind == "answerable"], kept).take(wanted)
    return kept.examples[len(asked) :]


def _marked(examples: Sequence[Example], index: Index) -> tuple[Example, ...]:
    state = index.version() or ""
    return tuple(example.model_copy(update={"proposed_with": state}) for example in examples)


class Settled(BaseModel):
    """What a person made of proposed questions."""

    dataset: str
    version: int
    examples: int = Field(description="Questions that versions are measured by.")
    proposed: int = Field(description="Questions that are proposed still.")
    taken: int = 0
    dropped: int = 0


def settle(client: AssistantClient, dataset: Dataset, filters: Sequence[str], *, take: bool) -> Settled:
    """The next version of a set, in which proposed questions are examples like any other, or are none any more.

    :param filters: See :func:`tasks_lib.dataset.shown.choose`; without any, all that are proposed.
    :param take: Whether they are taken in; else they are dropped.
    :raises InputError: If no question is proposed, or none of them passes.
    """
    if not dataset.proposed:
        raise InputError(
            f"no question is proposed for {dataset.reference}",
            hint="`llmops release` proposes some when it releases new documents (release.proposed_questions).",
        )
    chosen = {each.id for each in choose(dataset, dataset.proposed, filters)}

    def next_of(newest: Dataset) -> tuple[Sequence[Example], Sequence[Example]]:
        taken = [each for each in newest.proposed if each.id in chosen] if take else []
        return [*newest.examples, *taken], [each for each in newest.proposed if each.id not in chosen]

    saved = change(client, dataset.name, next_of)
    counted = {"taken" if take else "dropped": len(chosen)}
    return Settled(
        dataset=saved.name,
        version=saved.version,
        examples=len(saved.examples),
        proposed=len(saved.proposed),
        **counted,
    )
