"""Tokens, cost and model of an answer, from the replies of whoever gave it."""

import mlflow
import pytest
from haystack.dataclasses import ChatMessage

from blocks.local import LocalPlatform
from tasks_lib.assistant.answering.builders import GeneratedAnswer
from tasks_lib.assistant.answering.tracing import MlflowSpan
from tasks_lib.assistant.contract.answer import Usage
from tasks_lib.assistant.contract.usage import add, usage_of
from tasks_lib.registry.tracking import activate, connect


def reply(cost: float | None, model: str = "bedrock/other") -> ChatMessage:
    usage = {"input_tokens": 10, "output_tokens": 2, "cost": cost}
    return ChatMessage.from_assistant("27 days.", meta={"usage": usage, "model": model})


@pytest.mark.parametrize(
    ("costs", "total"), [((0.5, 0.25), 0.75), ((0.5, None), 0.5), ((0.0,), 0.0), ((None, None), None), ((), None)]
)
def test_cost_is_the_sum_of_what_has_a_price(costs: tuple[float | None, ...], total: float | None) -> None:
    used = usage_of([reply(cost) for cost in costs])
    assert (used.input_tokens, used.cost) == (10 * len(costs), total)
    assert add(Usage(), used) == used


def test_the_answer_names_the_model_that_gave_it() -> None:
    component = GeneratedAnswer(model="bedrock/configured", refusal="No.")
    answered = component.run([], Usage(), [reply(0.5)])["answer"]
    assert (answered.model, answered.usage.cost) == ("bedrock/other", 0.5)
    unnamed = component.run([], Usage(), [ChatMessage.from_assistant("27 days.")])["answer"]
    assert unnamed.model == component.run([], Usage())["answer"].model == "bedrock/configured"


def test_a_span_tells_model_and_cost_as_mlflow_sums_them_up(handbook: LocalPlatform) -> None:
    activate(connect(handbook, "rag-assistant"))
    with mlflow.start_span("call", span_type="CHAT_MODEL") as span:
        MlflowSpan(span).set_content_tag("haystack.component.output", {"replies": [reply(0.5)]})
    mlflow.flush_trace_async_logging()
    trace = mlflow.get_trace(span.trace_id)
    assert trace is not None
    assert trace.data.spans[0].attributes["llmops.model"] == "bedrock/other"
    assert trace.info.cost == {"input_cost": 0.0, "output_cost": 0.0, "total_cost": 0.5}
