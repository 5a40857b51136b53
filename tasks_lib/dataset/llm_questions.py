"""Questions by a language model, as JSON that is checked; a critic then drops what falls short."""

import logging
import re
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice, pairwise

from haystack import Document
from haystack.components.generators.chat.types import ChatGenerator

from tasks_lib.assistant.contract.answer import Message
from tasks_lib.dataset import prompts
from tasks_lib.dataset.critic import Critic
from tasks_lib.dataset.examples import Reference
from tasks_lib.dataset.filters import Candidate
from tasks_lib.dataset.generated import Collection, Wanted, balanced, example_of, reference_of
from tasks_lib.dataset.prompts import Draft, Task, ask, copied
from tasks_lib.errors import LlmopsError

PATIENCE = 12
"""Replies in a row without JSON after which a model is not asked any more: a small one manages it now and then."""
LONGEST_DRY_SPELL = 40
"""Drafts in a row that were dropped, after which no more of their kind are paid for."""
ACROSS_SHARE = 0.15
"""Share of the answerable questions that need two passages."""

logger = logging.getLogger(__name__)
Passages = tuple[Document, ...]
ACROSS = "across_passages"


@dataclass(frozen=True)
class _Job:
    """One call: what to make from which passages."""

    kind: str
    task: Task
    passages: Passages


def add(
    chunks: Sequence[Document],
    wanted: Wanted,
    critic: Critic,
    generator: ChatGenerator,
    collection: Collection,
    *,
    concurrency: int,
) -> None:
    """Questions of every kind that the model is asked for, until there are enough or the chunks are used up.

    :param concurrency: Calls in flight.
    :raises LlmopsError: If the critic cannot tell wrong answers, every call of a batch failed, or `PATIENCE` replies in
        a row could not be read.
    """
    if wanted.answerable or wanted.follow_up:
        critic.check(chunks)
    across = round(wanted.answerable * ACROSS_SHARE)
    _add(_pairs(chunks), ACROSS, prompts.ACROSS, across, generator, critic, collection, concurrency)
    made = sum(example.kind == ACROSS for example in collection.examples)
    singles = [(chunk,) for chunk in balanced(chunks)]
    plan = [
        ("answerable", prompts.ANSWERABLE, wanted.answerable - min(made, across)),
        ("follow_up", prompts.FOLLOW_UP, wanted.follow_up),
    ]
    if wanted.unanswerable and critic.finds_answers(chunks):
        plan.append(("unanswerable", prompts.UNANSWERABLE, wanted.unanswerable))
    elif wanted.unanswerable:
        logger.warning("no unanswerable questions are made: the critic does not see where passages hold an answer")
    for kind, task, count in plan:
        _add(singles, kind, task, count, generator, critic, collection, concurrency)


def _pairs(chunks: Sequence[Document]) -> list[Passages]:
    """Neighbours in the same document, a pair a document at a time."""
    ordered = sorted(chunks, key=lambda chunk: (chunk.meta["source"], chunk.meta["document"], chunk.meta["start"]))
    pairs = {first.id: second for first, second in pairwise(ordered) if _same_document(first, second)}
    return [(chunk, pairs[chunk.id]) for chunk in balanced(chunks) if chunk.id in pairs]


def _same_document(first: Document, second: Document) -> bool:
    return all(first.meta[key] == second.meta[key] for key in ("source", "document"))


def _add(
    passages: Sequence[Passages],
    kind: str,
    task: Task,
    wanted: int,
    generator: ChatGenerator,
    critic: Critic,
    collection: Collection,
    concurrency: int,
) -> None:
    """One question a call, in batches; a batch is judged before the next one is paid for."""
    jobs = (_Job(kind, task, group) for group in passages)
    added, unread, dry = 0, 0, 0
    with ThreadPoolExecutor(concurrency) as threads:
        while added < wanted and (batch := list(islice(jobs, min(2 * concurrency, wanted - added + 1)))):
            drafts = list(threads.map(lambda job: _draft(generator, job), batch))
            unread = unread + len(batch) if all(isinstance(draft, Exception) for draft in drafts) else 0
            if unread and (unread >= PATIENCE or not any(isinstance(draft, ValueError) for draft in drafts)):
                raise LlmopsError(
                    f"the language model made no question: {drafts[0]}", hint="Check the model with `llmops doctor`."
                )
            candidates = list(_candidates(zip(batch, drafts, strict=True), collection))
            before = added
            for candidate, reason in zip(candidates, threads.map(critic.reason_to_drop, candidates), strict=True):
                if reason is not None:
                    collection.rejected[reason] += 1
                elif added < wanted:
                    added += collection.add(candidate)
            dry = dry + len(batch) if added == before else 0
            if dry >= LONGEST_DRY_SPELL:
                logger.warning("the last %d drafts of kind %s were dropped: no more are asked for", dry, kind)
                return


def _draft(generator: ChatGenerator, job: _Job) -> Draft | Exception:
    messages = job.task.messages([chunk.content or "" for chunk in job.passages])
    try:
        return ask(generator, messages, job.task.schema, Draft)
    except Exception as error:  # noqa: BLE001  providers raise their own errors; one bad call must not end the run
        return error


def _candidates(drafts: Iterator[tuple[_Job, Draft | Exception]], collection: Collection) -> Iterator[Candidate]:
    for job, draft in drafts:
        if isinstance(draft, Exception):
            collection.rejected["not_parsed" if isinstance(draft, ValueError) else "model_failed"] += 1
            continue
        candidate = _candidate(job, draft)
        reason = collection.reason_to_drop(candidate)
        if copied(candidate.example.question, candidate.passages):
            reason = "copied_from_the_example"
        if job.kind == ACROSS and len({reference.start for reference in candidate.example.references}) < 2:
            reason = reason or "one_passage_is_enough"
        if reason:
            collection.rejected[reason] += 1
        else:
            yield candidate


def _candidate(job: _Job, draft: Draft) -> Candidate:
    contents = [chunk.content or "" for chunk in job.passages]
    if job.kind == "unanswerable":
        return Candidate(example_of(job.kind, draft.question), contents)
    history: list[Message] = []
    if job.kind == "follow_up":
        history = [
            Message(role="user", content=draft.first_question),
            Message(role="assistant", content=draft.first_answer),
        ]
    references = [found for quote in draft.quotes if (found := _locate(quote, job.passages))]
    if len(references) < len(draft.quotes):
        references = []
    return Candidate(example_of(job.kind, draft.question, draft.answer, references, history), contents)


def _locate(quote: str, passages: Passages) -> Reference | None:
    """Where the quote stands, white space and case aside."""
    if not quote.strip():
        return None
    pattern = re.compile(r"\s+".join(map(re.escape, quote.split())), re.IGNORECASE)
    for chunk in passages:
        match = pattern.search(chunk.content or "")
        if match:
            start = int(chunk.meta["start"])
            return reference_of(chunk, start + match.start(), start + match.end(), match.group())
    return None
