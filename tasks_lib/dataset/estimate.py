"""What the making of questions with a language model costs at least, told before the first call."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from statistics import fmean

from haystack.dataclasses import ChatMessage

from tasks_lib.assistant.contract.platform import Platform
from tasks_lib.assistant.retrieval.pipeline import index_as_read
from tasks_lib.config.settings import Settings
from tasks_lib.dataset import prompts
from tasks_lib.dataset.collection import Wanted
from tasks_lib.dataset.corpus import balanced
from tasks_lib.dataset.critic import PLANTED
from tasks_lib.dataset.examples import Example
from tasks_lib.dataset.journal import Journal
from tasks_lib.dataset.pipeline import journal_path, tariffs
from tasks_lib.dataset.purse import Tariff, tokens_of
from tasks_lib.dataset.questions import ACROSS, ACROSS_SHARE, passages_to_ask
from tasks_lib.errors import BudgetError

SAMPLED = 50
"""Passages whose length is taken for that of all."""
NEAREST = 2
"""Passages beside its own in which the answer to a question is looked for that is said to have none."""


@dataclass(frozen=True)
class QuestionsEstimate:
    """Calls and cost, as if no draft were dropped.

    :param paid: Replies of a run that ended early, which are not asked for again.
    """

    drafts: int
    verdicts: int
    paid: int
    cost: float

    def __str__(self) -> str:
        kept = f", {self.paid} of them paid for already" if self.paid else ""
        return f"{self.drafts} drafts and {self.verdicts} verdicts of the critic{kept}, if none is dropped"


def require_affordable(platform: Platform, settings: Settings, kept: Sequence[Example] = ()) -> None:
    """Where there is a budget, refuse to make questions that are known to exceed it; nothing is called.

    :param kept: Examples of an earlier version, which are not made again.
    :raises BudgetError: With the estimate; also if a model has no price, or a pipeline of one's own makes them.
    """
    budget = settings.dataset.budget
    if budget is None or (platform.chat_generator(settings.llm) is None and not settings.dataset.pipeline):
        return
    if settings.dataset.pipeline:
        raise BudgetError(
            f"nobody knows whether these questions cost at most dataset.budget={budget:g}: the pipeline "
            f"{settings.dataset.pipeline!r} makes them",
            hint="Leave dataset.budget or dataset.pipeline out.",
        )
    expected = estimate(platform, settings, kept)
    if expected.cost > budget:
        raise BudgetError(
            f"these questions are estimated to cost at least {expected.cost:.4g}, more than dataset.budget={budget:g} "
            f"({expected})",
            hint="Ask for fewer (dataset.size) or another model, or raise dataset.budget.",
        )


def estimate(platform: Platform, settings: Settings, kept: Sequence[Example] = ()) -> QuestionsEstimate:
    """Calls and cost of the built-in pipeline with a language model.

    :raises BudgetError: If a model has no price.
    """
    writer, critic = tariffs(platform, settings)
    config = settings.dataset
    wanted = Wanted.of(config)
    wanted = wanted.without(wanted.first_of(kept))
    across = round(wanted.answerable * ACROSS_SHARE)
    kinds = {
        "answerable": wanted.answerable - across,
        ACROSS: across,
        "follow_up": wanted.follow_up,
        "unanswerable": wanted.unanswerable,
    }
    drafts = sum(kinds.values())
    if not drafts:
        return QuestionsEstimate(0, 0, 0, 0.0)
    chunks = passages_to_ask(index_as_read(platform, settings.rag), config)
    planted = min(PLANTED, len(chunks))
    checks = planted * bool(wanted.answerable + wanted.follow_up) + planted * bool(wanted.unanswerable)
    verdicts = drafts + checks
    sample = [chunk.content or "" for chunk in islice(balanced(chunks), SAMPLED)]
    of_kind = {
        kind: (number, _draft(kind, sample, writer), _verdict(kind, sample, critic)) for kind, number in kinds.items()
    }
    cost = sum(number * (draft + verdict) for number, draft, verdict in of_kind.values())
    cost += checks * _verdict("answerable", sample, critic)
    paid = min(len(Journal(journal_path(settings))), drafts + verdicts)
    return QuestionsEstimate(drafts, verdicts, paid, cost * (1 - paid / (drafts + verdicts)))


def _draft(kind: str, passages: Sequence[str], tariff: Tariff) -> float:
    """What a draft costs: the task with passages of the usual length, and a reply as long as the example's."""
    task = prompts.TASKS[kind]
    number = 2 if kind == ACROSS else 1
    read = fmean(tokens_of(task.messages([text] * number)) for text in passages)
    return tariff.price.of(round(read), _tokens(json.dumps(task.example)))


def _verdict(kind: str, passages: Sequence[str], tariff: Tariff) -> float:
    example = prompts.TASKS[kind].example
    if kind == "unanswerable":
        prompt, number, reply = prompts.ANSWERED, 1 + NEAREST, '{"answered": false}'
    else:
        prompt, number = prompts.CRITIC, 2 if kind == ACROSS else 1
        reply = '{"groundedness": 5, "relevance": 5, "standalone": 5}'
    asked = {"question": example["question"], "answer": example.get("answer", "")}
    read = fmean(_tokens(prompt.format(passages="\n\n".join([text] * number), **asked)) for text in passages)
    return tariff.price.of(round(read), _tokens(reply))


def _tokens(text: str) -> int:
    return tokens_of([ChatMessage.from_user(text)])
