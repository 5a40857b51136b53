"""What a deployment would take, from one answer of the candidate that is timed."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import BaseModel, Field

from tasks_lib.assistant.contract.answer import Answer
from tasks_lib.assistant.contract.platform import Platform
from tasks_lib.config.gate import GateConfig
from tasks_lib.config.rag import EXTRACTIVE_MODEL
from tasks_lib.dataset.examples import Example
from tasks_lib.errors import BudgetError
from tasks_lib.gate.plan import Plan
from tasks_lib.gate.sequence import Look, looks_of
from tasks_lib.gate.validate import ASKED_AT_MOST, HOSTILE, PLANTED
from tasks_lib.registry.preflight import unavailable

START_SECONDS = 25.0
"""Registering, starting both processes and the smoke question, on two cores."""
PROBES = 2 * ASKED_AT_MOST + len(PLANTED) + len(HOSTILE) + 2
"""Questions of the validation, and the smoke question."""


class Estimate(BaseModel):
    """What a deployment would take."""

    questions: int
    calls: int = Field(description="Answers of both versions, with those of the validation.")
    language_model_calls: int
    judge_calls: int = Field(description="At most: refusals and failures are not judged by the model.")
    seconds_per_answer: float = Field(description="Of the answer that was timed.")
    minutes: float
    cost: float | None = Field(description="Of the answers, in the currency of the provider's prices; null: unknown.")
    basis: str = Field(description="What was timed.")
    assumptions: list[str] = Field(default_factory=list, description="What was not measured, and is taken for granted.")


@dataclass(frozen=True)
class TimedAnswer:
    """One answer of the candidate, and the seconds that it took."""

    example: Example
    answer: Answer
    seconds: float

    @property
    def reached(self) -> bool:
        """Whether the model had a part in it: questions may be refused before."""
        answer = self.answer
        return not answer.refused or answer.refusal_reason == "model" or answer.usage.input_tokens > 0


def estimate(platform: Platform, plan: Plan, gate: GateConfig) -> Estimate:
    """Calls, minutes and cost, as if every answer took what one answer of the candidate takes now.

    :raises ConfigurationError: If the provider refuses the call.
    :raises ModelUnavailableError: If the model does not answer.
    """
    model = plan.candidate.rag.llm.model
    timed = time_an_answer(platform, plan)
    looks = looks_of(gate, len(plan.dataset.examples), compared=not plan.unchanged and plan.production is not None)
    questions = looks[-1].questions * gate.repeats
    probes = 0 if plan.unchanged else PROBES + _forbidden(platform, plan, gate)
    own = questions + probes
    live = None if plan.unchanged else plan.production
    other = questions if live else 0
    by_model = own * _is_language_model(model) + (other * _is_language_model(live.rag.llm.model) if live else 0)
    judged = (questions * (2 if live else 1)) if platform.judge() else 0
    seconds = timed.seconds * (probes + (questions + judged) / gate.concurrency)
    cost = _cost(timed) if _is_language_model(model) else 0.0
    return Estimate(
        questions=questions,
        calls=own + other,
        language_model_calls=by_model,
        judge_calls=judged,
        seconds_per_answer=round(timed.seconds, 3),
        minutes=round((START_SECONDS + seconds) / 60, 1),
        cost=None if cost is None or (by_model and not _is_language_model(model)) else round(cost * by_model, 4),
        basis=f"one answer of {model!r} took {timed.seconds:.2f} s",
        assumptions=[*_early(looks), *_made(looks, plan), *_assumptions(plan, gate, timed, judged)],
    )


def require_affordable(platform: Platform, plan: Plan, gate: GateConfig) -> None:
    """Where there is a budget, refuse a deployment that is not known to keep it.

    :raises BudgetError: With the estimate.
    """
    if gate.budget is not None:
        require_within(gate.budget, estimate(platform, plan, gate))


def require_within(budget: float, expected: Estimate) -> None:
    """Refuse a deployment that is not known to cost at most `budget`.

    :param budget: In the currency of the provider's prices.
    :raises BudgetError: With the estimate.
    """
    told = (
        f"{expected.calls} answers, {expected.language_model_calls} of a language model, {expected.minutes:g} minutes"
    )
    if expected.language_model_calls and expected.cost is None:
        raise BudgetError(
            f"nobody knows whether this deployment costs at most gate.budget={budget:g}: the answers have no price "
            f"({told}: {'; '.join(expected.assumptions)})",
            hint="Give the model a price in `prices` of the provider's block, or leave gate.budget out.",
        )
    if expected.judge_calls:
        raise BudgetError(
            f"nobody knows whether this deployment costs at most gate.budget={budget:g}: a judge is asked "
            f"{expected.judge_calls} times, and what that costs is not estimated ({told})",
            hint="Deploy on a platform without a judge, or leave gate.budget out.",
        )
    if expected.cost is not None and expected.cost > budget:
        raise BudgetError(
            f"this deployment is estimated to cost {expected.cost:g}, more than gate.budget={budget:g} ({told}; "
            f"{expected.basis})",
            hint="Ask fewer questions (gate.maximum_questions) or another model, or raise gate.budget.",
        )


def time_an_answer(platform: Platform, plan: Plan) -> TimedAnswer:
    """An answer through the candidate's pipeline; where it does not reach the model, another question is tried.

    :raises ConfigurationError: If the provider refuses the call.
    :raises ModelUnavailableError: If the model does not answer.
    """
    from tasks_lib.assistant.pipeline import build_assistant

    rag = plan.candidate.rag
    answerable = [example for example in plan.dataset.examples if not example.must_refuse]
    examples = (answerable or list(plan.dataset.examples))[:ASKED_AT_MOST]
    # embedder, index and guardrails are loaded by the first answer of a process: here by one without the model
    extracting = rag.llm.model_copy(update={"model": EXTRACTIVE_MODEL, "fallback": ()})
    build_assistant(rag.model_copy(update={"llm": extracting}), platform).answer(list(examples[0].messages))
    assistant = build_assistant(rag, platform)
    assistant.warm_up()
    timed = []
    for example in examples:
        started = time.perf_counter()
        with unavailable(f"llm.model {rag.llm.model!r}"):
            answer = assistant.answer(list(example.messages))
        timed.append(TimedAnswer(example, answer, time.perf_counter() - started))
        if timed[-1].reached:
            break
    return timed[-1]


def _forbidden(platform: Platform, plan: Plan, gate: GateConfig) -> int:
    """At most so many questions about documents that the asker may not see."""
    controlled = platform.open_index(plan.candidate.rag.index_name).access().controlled
    return gate.forbidden_questions if controlled else 0


def _cost(timed: TimedAnswer) -> float | None:
    """Of the answer; one that the model had no part in tells nothing of what it costs."""
    return timed.answer.usage.cost if timed.reached else None


def _early(looks: Sequence[Look]) -> list[str]:
    sizes = " or ".join(str(look.questions) for look in looks[:-1])
    return [f"all questions are asked; {sizes} suffice where they prove it (gate.looks)"] if sizes else []


def _made(looks: Sequence[Look], plan: Plan) -> list[str]:
    more = looks[-1].most - len(plan.dataset.examples)
    return [f"{more} of them are made while it is undecided (gate.make_up_to), which costs more"] if more > 0 else []


def _is_language_model(model: str) -> bool:
    return model != EXTRACTIVE_MODEL


def _assumptions(plan: Plan, gate: GateConfig, timed: TimedAnswer, judged: int) -> list[str]:
    model, live = plan.candidate.rag.llm.model, plan.production
    said = [f"every answer takes as long as the one to {timed.example.question!r}, {gate.concurrency} at a time"]
    if not timed.reached:
        said.append("the model itself was not reached: the questions that were tried were refused before")
    if live and not plan.unchanged:
        theirs = live.rag.llm.model
        same = "" if theirs == model else f", although it asks {theirs!r}"
        said.append(f"version {live.version} in production answers meanwhile, and is no slower and no dearer{same}")
    if judged:
        said.append("a judgement takes as long as an answer; what it costs is not counted")
    if _is_language_model(model) and timed.answer.usage.cost is None:
        said.append(f"the provider's block has no price for {model!r}, so the cost is unknown")
    return said
