"""Personal data is masked in what traces store, whatever the guardrails let through or refuse."""

import logging
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from tasks_lib.config.rag import PersonalDataConfig
from tasks_lib.guardrails.outcome import masked
from tasks_lib.guardrails.personal_data.detector import personal_data_finder
from tasks_lib.guardrails.results import Hit

if TYPE_CHECKING:
    from mlflow.entities import LiveSpan

KEPT_TEXTS = 4096
"""Texts whose masked form is remembered: the same passages come again and again."""
UNREAD = "left out of the trace: it could not be searched for personal data"

logger = logging.getLogger(__name__)


def mask_traces(config: PersonalDataConfig) -> None:
    """From now on, mask the inputs and outputs of every span of this process before it is stored."""
    import mlflow

    mlflow.tracing.configure(span_processors=[span_mask(config)])


def span_mask(config: PersonalDataConfig) -> "Callable[[LiveSpan], None]":
    """A span processor of MLflow's that puts `<KIND>` in place of the entities of `config`, except those it allows.

    What cannot be searched is left out: MLflow would store it as it is if the processor failed.
    """
    finder = personal_data_finder(config)

    @lru_cache(maxsize=KEPT_TEXTS)
    def without_personal_data(text: str) -> str:
        found = [
            Hit(validator="personal_data", kind=f.entity, start=f.start, end=f.end, score=f.score, action="mask")
            for f in finder.find(text)
        ]
        return masked(text, found)

    def mask(span: "LiveSpan") -> None:
        for value, replace in ((span.inputs, span.set_inputs), (span.outputs, span.set_outputs)):
            try:
                shown = in_all_texts(value, without_personal_data)
            except Exception:
                logger.exception("a span could not be searched for personal data")
                shown = UNREAD
            if shown != value:
                replace(shown)

    return mask


def in_all_texts(value: Any, change: Callable[[str], str]) -> Any:
    """`value` of JSON types with `change` applied to each text in it, keys excepted."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, Mapping):
        return {key: in_all_texts(item, change) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [in_all_texts(item, change) for item in value]
    return value
