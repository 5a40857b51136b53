"""The traces of evaluated answers in MLflow."""

import logging
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from tasks_lib.gate.prediction import Prediction, messages_of

if TYPE_CHECKING:
    from mlflow.entities import Trace

ROOT_SPAN = "rag-assistant"


def traces_of(predictions: Sequence[Prediction], tags: Mapping[str, str]) -> "list[Trace]":
    """The traces that the version's process wrote; where it left none that can be read, ones with question and answer.

    Those are written first and read when all are written: waiting for each takes seconds.
    """
    import mlflow

    written = [_written_trace(prediction) for prediction in predictions]
    ids = {number: _write_trace(predictions[number], tags) for number, trace in enumerate(written) if trace is None}
    if ids:
        mlflow.flush_trace_async_logging()
    return [trace or mlflow.MlflowClient().get_trace(ids[number]) for number, trace in enumerate(written)]


def _written_trace(prediction: Prediction) -> "Trace | None":
    import mlflow
    from mlflow.exceptions import MlflowException

    if prediction.trace_id is None:
        return None
    try:
        written: Trace = mlflow.MlflowClient().get_trace(prediction.trace_id)
    except MlflowException as error:
        logging.getLogger(__name__).warning("trace %s is replaced: %s", prediction.trace_id, error)
        return None
    return written


def _write_trace(prediction: Prediction, tags: Mapping[str, str]) -> str:
    import mlflow

    with mlflow.start_span(ROOT_SPAN, span_type="CHAIN") as span:
        mlflow.update_current_trace(tags=dict(tags))
        span.set_inputs({"messages": messages_of(prediction.example)})
        span.set_outputs(prediction.payload)
        return str(span.trace_id)
