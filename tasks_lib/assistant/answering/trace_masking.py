"""Personal data is masked in what traces store, whatever the guardrails let through or refuse."""

import logging
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from tasks_lib.assistant.guardrails.outcome import masked
from tasks_lib.assistant.guardrails.personal_data.finder import personal_data_finder
from tasks_lib.config.guardrails import PersonalDataConfig

if TYPE_CHECKING:
    from mlflow.entities import LiveSpan

KEPT_TEXTS = 4096
"""Texts whose masked form is remembered: the same passages come again and again."""
UNREAD = "left out of the trace: it could not be searched for personal data"

logger = logging.getLogger(__name__)


def mask_traces(config: PersonalDataConfig) -> None:
    """From now on, mask the inputs, outputs and errors of every span of this process before it is stored."""
    import mlflow

    mlflow.tracing.configure(span_processors=[span_mask(config)])


def span_mask(config: PersonalDataConfig) -> "Callable[[LiveSpan], None]":
    """A span processor of MLflow's that puts `<KIND>` in place of the entities of `config`, except those it allows.

    What cannot be searched is left out: MLflow would store it as it is if the processor failed.
    """
    from mlflow.entities import SpanStatus

    finder = personal_data_finder(config)

    @lru_cache(maxsize=KEPT_TEXTS)
    def without_personal_data(text: str) -> str:
        return masked(text, finder.find(text))

    def shown(value: Any) -> Any:
        try:
            return in_all_texts(value, without_personal_data)
        except Exception:
            logger.exception("a span could not be searched for personal data")
            return UNREAD

    def mask(span: "LiveSpan") -> None:
        for value, replace in ((span.inputs, span.set_inputs), (span.outputs, span.set_outputs)):
            if (masked_value := shown(value)) != value:
                replace(masked_value)
        if span.status.description:
            status = SpanStatus(span.status.status_code, shown(span.status.description))
            span.set_status(status)  # type: ignore[arg-type]  # taken, though not declared
        if span.events:
            _replace_events(span, shown)

    return mask


def _replace_events(span: "LiveSpan", shown: Callable[[Any], Any]) -> None:
    """Put what `shown` gives in place of what the events tell, such as the texts of exceptions.

    Neither MLflow nor OpenTelemetry has a way to change an event that was recorded.
    """
    from opentelemetry.sdk.trace import Event
    from opentelemetry.sdk.util import BoundedList

    events = []
    for event in span.events:
        masked = {name: shown(value) if isinstance(value, str) else value for name, value in event.attributes.items()}
        events.append(Event(event.name, masked, event.timestamp))
    span._span._events = BoundedList.from_seq(len(events), events)  # noqa: SLF001


def in_all_texts(value: Any, change: Callable[[str], str]) -> Any:
    """`value` of JSON types with `change` applied to each text in it, keys excepted."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, Mapping):
        return {key: in_all_texts(item, change) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [in_all_texts(item, change) for item in value]
    return value
