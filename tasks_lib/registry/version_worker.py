"""Runs one registered version in a process of its own and answers JSON lines. Started by path, never imported.

It imports the standard library and MLflow only: MLflow puts the version's own code first on `sys.path`, and because
nothing of ours was imported before, that code is what runs.

Protocol, one JSON object a line. Out, once: `{"ready": true, "seconds", "inputs", "outputs", "example"}` or
`{"ready": false, "error": {"type", "message"}}`. In: `{"id", "messages", "tags", "stream"}`, and if given `where`,
which are conditions, and `groups`, those of whoever asks.
Out, in any order: `{"id", "answer", "trace_id", "seconds"}`, with `error` in place of `answer` when the version
raised; where `stream` is true, `{"id", "piece"}` for each piece of the text comes before. In: `{"cancel": id}` ends a
stream that nobody reads any more. Out, now and then: `{"unstored", "reason"}` with the number of traces that were lost.
The end of its input ends it.
"""

import argparse
import ctypes
import gc
import json
import os
import shutil
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from threading import Lock, Thread
from typing import IO, Any

ROOT_SPAN = "rag-assistant"
SOURCE_TAG, ABANDONED = "llmops.source", "abandoned"
"""Where a trace comes from; an answer whose reader left before its end."""
TRACEPARENT = "llmops.traceparent"
"""Tag with the caller's trace, and the key under which the version finds it in OpenTelemetry's context."""
FLUSH_SECONDS = 60.0
PARENT_SECONDS = 0.5
ORPHAN_SECONDS = 5.0
"""How long it may write traces after its parent is gone."""
OF_GATEWAY = "fastapi"
"""What MLflow imports for its gateway only: a fifth of its import."""
_copies: list[str] = []


class Channel:
    """The original stdout, out of reach of anything that the version prints."""

    def __init__(self) -> None:
        self._out: IO[str] = os.fdopen(os.dup(1), "w", encoding="utf-8", buffering=1)
        self._lock = Lock()
        os.dup2(2, 1)

    def send(self, message: dict[str, Any]) -> None:
        """Write one line; what JSON does not know becomes text."""
        line = json.dumps(message, default=str)
        with self._lock:
            self._out.write(line + "\n")
            self._out.flush()


def main() -> int:
    """Load the version, then answer until the input ends."""
    Thread(target=_end_with_parent, args=(os.getppid(),), name="parent watch", daemon=True).start()
    channel = Channel()
    options = _options()
    started = time.perf_counter()
    try:
        model = _load(options)
    except BaseException as error:  # noqa: BLE001 - whatever stops a version from loading is reported, never raised
        channel.send({"ready": False, "error": _described(error)})
        return 1
    channel.send({"ready": True, "seconds": time.perf_counter() - started, **_contract(model)})
    base = json.loads(options.tags)
    traces = _watched_traces(channel)
    pool = ThreadPoolExecutor(options.workers, thread_name_prefix="version")
    cancelled: set[int] = set()
    for line in sys.stdin:
        request = json.loads(line)
        if "cancel" in request:
            cancelled.add(request["cancel"])
        else:
            pool.submit(_answer, model, request, base, channel, cancelled, traces)
    pool.shutdown(wait=False, cancel_futures=True)
    _flush_traces()
    traces.tell(ended=True)
    return 0


def _end_with_parent(parent: int) -> None:
    """The end of the input ends this process, but not while it loads, nor while an answer hangs."""
    while os.getppid() == parent:
        time.sleep(PARENT_SECONDS)
    time.sleep(ORPHAN_SECONDS)
    os._exit(1)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--model-uri", required=True)
    parser.add_argument("--tracking-uri", required=True)
    parser.add_argument("--experiment", required=True, help="id of the experiment of the traces")
    parser.add_argument("--folder", help="address of the version's artifacts, where the caller has read it")
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--tags", default="{}", help="JSON object of the tags that every trace carries")
    return parser.parse_args()


def _load(options: argparse.Namespace) -> Any:
    """Load the version, without looking for garbage: what is imported stays, and is never looked at again."""
    gc.disable()
    try:
        with _file("../deferred.py").deferred(OF_GATEWAY):
            import mlflow.pyfunc

        mlflow.set_tracking_uri(options.tracking_uri)
        mlflow.set_registry_uri(options.tracking_uri)
        if options.folder:
            _open_store_late(options.experiment)
        else:
            mlflow.set_experiment(experiment_id=options.experiment)
        mlflow.tracing.disable_notebook_display()  # type: ignore[no-untyped-call]  # else each answer looks for IPython
        folder = _folder_of_a_copy(options.tracking_uri)
        return mlflow.pyfunc.load_model(options.folder or options.model_uri, suppress_warnings=True, dst_path=folder)
    finally:
        gc.enable()
        gc.freeze()
        _return_freed_memory()


def _open_store_late(experiment: str) -> None:
    """MLflow opens its store with the first span, which takes a second on sqlite: open it to write the first trace.

    Whoever gave the folder of the version has read that the experiment is there.
    """
    import mlflow
    from mlflow.entities.trace_location import MlflowExperimentLocation
    from mlflow.tracing.client import TracingClient

    def prepare(client: TracingClient, tracking_uri: str | None = None) -> None:
        client.tracking_uri = tracking_uri or mlflow.get_tracking_uri()

    TracingClient.__init__ = prepare  # type: ignore[method-assign, assignment]
    os.environ["MLFLOW_EXPERIMENT_ID"] = experiment
    mlflow.tracing.set_destination(MlflowExperimentLocation(experiment))


def _return_freed_memory() -> None:
    """What models were read from and prepared in: 65 MB that glibc would keep. Other C libraries need no telling."""
    with suppress(AttributeError, OSError):
        ctypes.CDLL(None).malloc_trim(0)


def _folder_of_a_copy(tracking_uri: str) -> str | None:
    """MLflow takes a percent sign in a version's path for an escape, so such a home's versions run from a copy."""
    if "%" not in tracking_uri:
        return None
    folder = tempfile.mkdtemp(prefix="llmops-version-")
    _copies.append(folder)
    return folder


def _watched_traces(channel: Channel) -> Any:
    """What becomes of the traces, told to the parent."""
    tell = _file("unstored_traces.py").UnstoredTraces
    traces = tell(lambda count, reason: channel.send({"unstored": count, "reason": reason}))
    traces.watch()
    return traces


def _file(path: str) -> Any:
    """A module of ours, loaded by its path from here: an import would find another, or keep the version's out."""
    loader = SourceFileLoader(f"llmops_{Path(path).stem}", str(Path(__file__).parent / path))
    module: Any = module_from_spec(spec_from_loader(loader.name, loader))  # type: ignore[arg-type]  # it has a loader
    loader.exec_module(module)
    return module


def _contract(model: Any) -> dict[str, Any]:
    """Signature and input example, as the registry holds them."""
    signature = model.metadata.signature
    return {
        "inputs": signature.inputs.to_dict() if signature and signature.inputs else None,
        "outputs": signature.outputs.to_dict() if signature and signature.outputs else None,
        "example": model.input_example,
    }


def _answer(
    model: Any, request: dict[str, Any], base: dict[str, str], channel: Channel, cancelled: set[int], traces: Any
) -> None:
    import mlflow
    from mlflow.entities.span import NO_OP_SPAN_TRACE_ID
    from opentelemetry import context

    callers = context.attach(context.set_value(TRACEPARENT, request.get("tags", {}).get(TRACEPARENT, "")))
    reply: dict[str, Any] = {"id": request["id"], "trace_id": None}
    started = time.perf_counter()
    try:
        with mlflow.start_span(ROOT_SPAN, span_type="CHAIN") as span:
            if span.trace_id != NO_OP_SPAN_TRACE_ID:  # else MLflow was told to sample, and leaves this one out
                reply["trace_id"] = span.trace_id
                mlflow.update_current_trace(tags={**base, **request.get("tags", {})})
            span.set_inputs(_question(request, ("messages", "where")))
            started = time.perf_counter()
            ask = _streamed if request.get("stream") else _predicted
            try:
                reply["answer"] = ask(model, request, channel, cancelled)
            finally:
                reply["seconds"] = time.perf_counter() - started
                if reply["trace_id"]:
                    traces.ended(reply["trace_id"])
            span.set_outputs(reply["answer"])
    except Exception as error:  # noqa: BLE001 - one bad question must not end the process
        reply.pop("answer", None)
        reply.setdefault("seconds", time.perf_counter() - started)
        reply["error"] = _described(error)
    finally:
        context.detach(callers)
    channel.send(reply)


class Cancelled(Exception):  # noqa: N818  (it is no error)
    """Nobody reads the stream any more."""


def _predicted(model: Any, request: dict[str, Any], channel: Channel, cancelled: set[int]) -> Any:  # noqa: ARG001
    return _first(model.predict([_question(request)]))


def _question(request: dict[str, Any], names: tuple[str, ...] = ("messages", "where", "groups")) -> dict[str, Any]:
    """What the version is given: conditions and groups only where there are any, as earlier versions know none."""
    return {name: request[name] for name in names if name in request}


def _streamed(model: Any, request: dict[str, Any], channel: Channel, cancelled: set[int]) -> Any:
    """The answer, its pieces being sent as they come; a version that cannot stream is one piece."""
    if not model.metadata.flavors["python_function"].get("streamable"):
        return _in_one_piece(model, request, channel)
    import mlflow
    import pandas as pd

    number = request["id"]
    # one unnamed column, as the signature of a list has it; MLflow takes a list of one apart and refuses it
    chunks = model.predict_stream(pd.DataFrame([[_question(request)]]))
    try:
        for chunk in chunks:
            if number in cancelled:
                # nothing went wrong with the answer: the trace must not count as production's
                mlflow.update_current_trace(tags={SOURCE_TAG: ABANDONED})
                raise Cancelled("the reader has left")
            if "answer" in chunk:
                return chunk["answer"]
            if chunk["piece"]:
                channel.send({"id": number, "piece": chunk["piece"]})
    finally:
        cancelled.discard(number)
        chunks.close()
    raise RuntimeError("the version's stream ended without an answer")


def _in_one_piece(model: Any, request: dict[str, Any], channel: Channel) -> Any:
    answer = _first(model.predict([_question(request)]))
    channel.send({"id": request["id"], "piece": answer.get("response", "") if isinstance(answer, dict) else ""})
    return answer


def _first(prediction: Any) -> Any:
    """The one answer of a prediction, as plain JSON types where the version gave a model."""
    if hasattr(prediction, "to_dict") and hasattr(prediction, "columns"):
        prediction = prediction.to_dict(orient="records")
    answer = prediction[0] if isinstance(prediction, list | tuple) and len(prediction) == 1 else prediction
    return answer.model_dump(mode="json") if hasattr(answer, "model_dump") else answer


def _described(error: BaseException) -> dict[str, str]:
    text = " ".join(str(error).split())
    return {"type": type(error).__name__, "message": text[:2000]}


def _flush_traces() -> None:
    """Write the last traces; not for ever: who started this process may be gone, and MLflow too."""
    flush = Thread(target=_flush, daemon=True)
    flush.start()
    flush.join(FLUSH_SECONDS)


def _flush() -> None:
    import mlflow

    try:
        mlflow.flush_trace_async_logging()
    except Exception as error:  # noqa: BLE001 - at the end there is nobody left to handle it
        sys.stderr.write(f"traces were not flushed: {error}\n")


if __name__ == "__main__":
    code = main()
    for copy in _copies:
        shutil.rmtree(copy, ignore_errors=True)
    sys.stderr.flush()
    os._exit(code)  # a question that hangs must not keep the process alive
