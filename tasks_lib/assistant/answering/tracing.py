"""Haystack's spans as MLflow spans: every step of an answer with what it found, below the span that is open."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
from haystack import Document
from haystack.dataclasses import ChatMessage
from haystack.tracing.tracer import NullSpan, Span, Tracer, enable_tracing
from pydantic import BaseModel

from tasks_lib.assistant.answering.assistant import ANSWER_SPAN, INDEX_VERSION_TAG
from tasks_lib.assistant.contract.usage import model_of, usage_of

if TYPE_CHECKING:
    from mlflow.entities import LiveSpan

COMPONENT_RUN = "haystack.component.run"
MODEL_ATTRIBUTE = "llmops.model"
LONGEST_TEXT = 20_000
"""Characters of one text in a span."""

MOST_CANDIDATES = 20
"""Documents of a list that are shown, best first: a search finds many more than are read."""

LONGEST_NUMBERS = 16
"""Numbers of a list that are shown; a longer one is a vector."""

_KINDS = (
    ("PassageSelector", "RETRIEVER"),
    ("Retriever", "TASK"),
    ("HybridFusion", "RERANKER"),
    ("Embedder", "EMBEDDING"),
    ("ChatGenerator", "CHAT_MODEL"),
    ("PassageGuard", "GUARDRAIL"),
)
"""Parts of the names of components, and MLflow's type of their spans.

One retriever: MLflow's judges read every span of that type as what the answer was made from, and that is the passages
that were selected, not all that were found.
"""


def trace_into_mlflow() -> None:
    """Trace every pipeline of this process that runs below an MLflow span, and every answer."""
    enable_tracing(MlflowTracer())


class MlflowTracer(Tracer):
    """Opens an MLflow span for a step. Without an open span only an answer opens one: nothing else makes a trace."""

    @contextmanager
    def trace(
        self,
        operation_name: str,
        tags: dict[str, Any] | None = None,
        parent_span: Span | None = None,  # noqa: ARG002  (MLflow nests below the span that is open)
    ) -> Iterator[Span]:
        """Run the block in a span."""
        import mlflow

        if operation_name != ANSWER_SPAN and mlflow.get_current_active_span() is None:
            yield NullSpan()
            return
        name, kind = _name_and_kind(operation_name, tags or {})
        with mlflow.start_span(name=name, span_type=kind) as span:
            yield MlflowSpan(span)

    def current_span(self) -> Span | None:
        """The open span."""
        import mlflow

        span = mlflow.get_current_active_span()
        return MlflowSpan(span) if span is not None else None


class MlflowSpan(Span):
    """An MLflow span that takes Haystack's tags. Vectors are left out, and long texts cut."""

    def __init__(self, span: "LiveSpan") -> None:
        self._span = span

    def set_tag(self, key: str, value: Any) -> None:
        """Set an attribute, or a tag of the trace; Haystack's description of sockets and types is left out."""
        if key == INDEX_VERSION_TAG:
            import mlflow

            mlflow.update_current_trace(tags={key: str(value)})
        if key in {"haystack.component.visits", "direction"}:
            self._span.set_attribute(key, value)

    def set_content_tag(self, key: str, value: Any) -> None:
        """Set inputs and outputs."""
        if key.endswith("input"):
            self._span.set_inputs(readable(_without_documents(value)))
        elif key.endswith("output"):
            self._span.set_outputs(self._outputs(value))

    def raw_span(self) -> "LiveSpan":
        """The MLflow span."""
        return self._span

    def get_correlation_data_for_logs(self) -> dict[str, Any]:
        """Ids that find the trace of a log line."""
        return {"trace_id": self._span.trace_id, "span_id": self._span.span_id}

    def _outputs(self, value: Any) -> Any:
        replies = value.get("replies") if isinstance(value, Mapping) else None
        if replies:
            self._set_cost(replies)
        if self._span.span_type == "RETRIEVER" and isinstance(value, Mapping) and "documents" in value:
            return [_passage(document) for document in value["documents"]]
        return readable(value)

    def _set_cost(self, replies: Sequence[ChatMessage]) -> None:
        """Model, tokens and cost; MLflow's own attribute for the model would have it guess a cost that has no price."""
        used = usage_of(replies)
        total = used.input_tokens + used.output_tokens
        tokens = {"input_tokens": used.input_tokens, "output_tokens": used.output_tokens, "total_tokens": total}
        self._span.set_attribute("mlflow.chat.tokenUsage", tokens)
        self._span.set_attribute(MODEL_ATTRIBUTE, model_of(replies, ""))
        if used.cost is not None:
            self._span.set_attribute("mlflow.llm.cost", {"total_cost": used.cost})


def readable(value: Any) -> Any:
    """`value` as JSON types, fit to be shown: documents by their place and score, vectors by their length."""
    for kind, show in _SHOWN.items():
        if isinstance(value, kind):
            return show(value)
    return value if value is None or isinstance(value, bool | int | float) else type(value).__name__


def _text(text: str) -> str:
    return text if len(text) <= LONGEST_TEXT else f"{text[:LONGEST_TEXT]}…"


def _entries(entries: Sequence[Any]) -> Any:
    if len(entries) > LONGEST_NUMBERS and all(isinstance(entry, float) for entry in entries):
        return f"vector of {len(entries)} dimensions"
    if len(entries) > MOST_CANDIDATES and isinstance(entries[0], Document):
        return [*(_reference(entry) for entry in entries[:MOST_CANDIDATES]), f"{len(entries) - MOST_CANDIDATES} more"]
    return [readable(entry) for entry in entries]


def _passage(document: Document) -> dict[str, Any]:
    """A retrieved document as MLflow's evaluation and user interface know it."""
    meta = document.meta
    shown = {name: meta[name] for name in ("document", "start", "end", "heading", "page") if meta.get(name) is not None}
    metadata = {**shown, "score": document.score, "doc_uri": meta.get("document")}
    return {"page_content": _text(document.content or ""), "id": document.id, "metadata": metadata}


def _reference(document: Document) -> dict[str, Any]:
    """Where a document stands: the texts of those that were selected are in the retriever's span."""
    shown = ("document", "start", "end", "heading")
    location: dict[str, Any] = {name: document.meta[name] for name in shown if name in document.meta}
    return {**(location or {"id": document.id}), "score": document.score}


def _without_documents(inputs: Any) -> Any:
    """Inputs of a step with the number of the documents that it was handed: they are the outputs of the step before."""
    if not isinstance(inputs, Mapping):
        return inputs
    return {name: _number_of_documents(value) for name, value in inputs.items()}


def _number_of_documents(value: Any) -> Any:
    if isinstance(value, list | tuple) and value and all(isinstance(entry, Document) for entry in value):
        return f"{len(value)} documents"
    return value


_SHOWN: dict[type, Callable[[Any], Any]] = {
    str: _text,
    Document: _reference,
    np.ndarray: lambda array: f"vector of {array.size} dimensions",
    ChatMessage: lambda message: {"role": message.role.value, "content": _text(message.text or "")},
    BaseModel: lambda model: model.model_dump(mode="json"),
    Mapping: lambda mapping: {str(key): readable(entry) for key, entry in mapping.items()},
    list: _entries,
    tuple: _entries,
}


def _name_and_kind(operation: str, tags: Mapping[str, Any]) -> tuple[str, str]:
    if operation != COMPONENT_RUN:
        return operation, "GUARDRAIL" if "direction" in tags else "CHAIN"
    component_type = str(tags.get("haystack.component.type", ""))
    kind = next((kind for part, kind in _KINDS if part in component_type), "CHAIN")
    return str(tags.get("haystack.component.name", component_type)), kind
