"""The assistant's steps as MLflow spans."""

import base64
from collections.abc import Iterator
from typing import Any

import mlflow
import pytest
from haystack import Document, component
from haystack.tracing.tracer import disable_tracing
from mlflow.entities import Trace

from blocks.local import LocalPlatform
from tasks_lib.assistant.answering.assistant import Assistant
from tasks_lib.assistant.answering.tracing import readable, trace_into_mlflow
from tasks_lib.assistant.contract.answer import Message
from tasks_lib.assistant.pipeline import build_assistant
from tasks_lib.assistant.retrieval.pipeline import PASSAGES, inputs_of, search_pipeline
from tasks_lib.config.rag import RagConfig
from tasks_lib.registry.environment import trace_writing
from tasks_lib.registry.tracking import activate, connect

QUESTION = Message(role="user", content="How many days of annual leave do full-time employees receive?")


@pytest.fixture(scope="module")
def traced(handbook: LocalPlatform) -> Iterator[LocalPlatform]:
    activate(connect(handbook, "rag-assistant"))
    trace_into_mlflow()
    yield handbook
    disable_tracing()


def trace_of(ask: Any) -> Trace:
    with mlflow.start_span("request") as span:
        ask()
    mlflow.flush_trace_async_logging()
    trace = mlflow.get_trace(span.trace_id)
    assert trace is not None
    return trace


@pytest.fixture(scope="module")
def assistant(traced: LocalPlatform) -> Assistant:
    return build_assistant(RagConfig(), traced)


def test_every_step_is_a_span_below_the_request(assistant: Assistant) -> None:
    trace = trace_of(lambda: assistant.answer([QUESTION]))
    by_id = {span.span_id: span for span in trace.data.spans}
    kinds = {span.name: span.span_type for span in trace.data.spans}
    expected = {"embedder": "EMBEDDING", "vector": "TASK", "keyword": "TASK", "fusion": "RERANKER"}
    assert expected.items() <= kinds.items()
    assert [name for name, kind in kinds.items() if kind == "RETRIEVER"] == [PASSAGES]
    (root,) = [span for span in trace.data.spans if span.parent_id is None]
    assert root.name == "request"
    retriever = next(span for span in trace.data.spans if span.name == "vector")
    assert by_id[by_id[retriever.parent_id].parent_id].name == "assistant.answer"


def test_passages_carry_scores_and_places_and_no_vectors(assistant: Assistant) -> None:
    trace = trace_of(lambda: assistant.answer([QUESTION]))
    (passages,) = [span.outputs for span in trace.data.spans if span.name == PASSAGES]
    assert {"document", "start", "end", "score"} <= passages[0]["metadata"].keys()
    assert any("27 days" in passage["page_content"] for passage in passages)
    (fused,) = [span for span in trace.data.spans if span.name == "fusion"]
    assert fused.inputs["vector"].endswith(" documents")
    assert {"document", "start", "end", "score"} <= fused.outputs["documents"][0].keys()
    assert "content" not in str(fused.outputs)
    (embedded,) = [span.outputs for span in trace.data.spans if span.name == "embedder"]
    assert embedded == {"embedding": "vector of 384 dimensions"}
    (answer,) = [span.outputs for span in trace.data.spans if span.name == "assistant.answer"]
    assert "27 days" in answer["response"]


def test_of_many_candidates_the_best_are_shown_and_the_others_counted() -> None:
    found = [Document(content="x", meta={"document": f"{n}.md"}, score=1 - n / 100) for n in range(43)]
    shown = readable({"documents": found})["documents"]
    assert [place["document"] for place in shown[:-1]] == [f"{n}.md" for n in range(20)]
    assert shown[-1] == "23 more"


def test_what_a_guardrail_refuses_is_in_no_span_of_the_assistant(assistant: Assistant) -> None:
    card = Message(role="user", content="My card is 4111 1111 1111 1111.")
    trace = trace_of(lambda: assistant.answer([card]))
    assert "4111" not in str([(span.inputs, span.outputs) for span in trace.data.spans])


def test_a_model_call_names_its_tokens(traced: LocalPlatform, with_model: Any, model_rag: RagConfig) -> None:
    model = build_assistant(model_rag, with_model(lambda _: "27 days."))
    trace = trace_of(lambda: model.answer([QUESTION]))
    (call,) = [span for span in trace.data.spans if span.span_type == "CHAT_MODEL"]
    assert call.attributes["mlflow.chat.tokenUsage"] == {"input_tokens": 100, "output_tokens": 7, "total_tokens": 107}
    assert call.attributes["llmops.model"] == "mock/canned"
    assert "mlflow.llm.cost" not in call.attributes
    assert call.inputs["messages"][0]["role"] == "system"


def test_a_pipeline_outside_of_a_request_leaves_no_trace(traced: LocalPlatform) -> None:
    pipeline = search_pipeline(traced, RagConfig())
    before = mlflow.get_last_active_trace_id()
    pipeline.run(inputs_of(pipeline, "leave"))
    assert mlflow.get_last_active_trace_id() == before


def test_a_failing_step_marks_its_span(traced: LocalPlatform) -> None:
    from haystack import Pipeline
    from haystack.core.errors import PipelineRuntimeError

    @component
    class Failing:
        @component.output_types(value=str)
        def run(self, text: str) -> dict[str, str]:
            raise ValueError(text)

    pipeline = Pipeline()
    pipeline.add_component("failing", Failing())

    def ask() -> None:
        with pytest.raises(PipelineRuntimeError):
            pipeline.run({"failing": {"text": "broken"}})

    trace = trace_of(ask)
    assert [s.status.status_code.value for s in trace.data.spans if s.name == "failing"] == ["ERROR"]


def test_values_are_shown_as_json_types() -> None:
    shown = readable({"a": (1, "x" * 30_000), "b": Document(content="c", meta={"document": "d"}), "c": object()})
    assert shown["a"][0] == 1
    assert len(shown["a"][1]) < 21_000
    assert {**shown["b"], "id": ""} == {"id": "", "document": "d", "score": None}
    assert shown["c"] == "object"


def test_what_is_encoded_in_a_text_stays_there_and_is_not_stored_beside_the_trace(
    traced: LocalPlatform, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in trace_writing(traced.tracking_uri(), "production").items():
        monkeypatch.setenv(name, value)
    asked = "data:image/png;base64," + base64.b64encode(b"jane.doe@example.com " * 20).decode()
    with mlflow.start_span("request") as span:
        span.set_inputs({"question": asked})
        assert span.inputs == {"question": asked}


def test_the_trace_names_the_state_that_was_read(traced: LocalPlatform) -> None:
    """Of a version that is gated or pinned; one that follows the latest documents reads no certain one."""
    gated, pinned = (RagConfig.model_validate({"index": {"follow": follow}}) for follow in ("gated", "pinned"))
    index = traced.open_index(gated.index_name)
    state = str(index.version())
    index.save_states(index.states().with_released(state))
    for rag in (gated, pinned, RagConfig()):
        assistant = build_assistant(rag, traced, index_version=state)
        tags = trace_of(lambda assistant=assistant: assistant.answer([QUESTION])).info.tags
        assert tags.get("llmops.index_version") == (state if rag.index.follow != "latest" else None)
