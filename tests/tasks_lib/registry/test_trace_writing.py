"""How traces are written."""

from tasks_lib.registry.trace_writing import trace_writing


def test_traces_that_wait_for_storage_take_little_memory_in_production_and_are_all_kept_in_an_evaluation() -> None:
    queue = "MLFLOW_ASYNC_TRACE_LOGGING_MAX_QUEUE_SIZE"
    assert int(trace_writing("sqlite:///traces.db", "production")[queue]) < 1000
    assert queue not in trace_writing("sqlite:///traces.db", "evaluation")
    workers = "MLFLOW_ASYNC_TRACE_LOGGING_MAX_WORKERS"
    assert trace_writing("sqlite:///traces.db", "evaluation")[workers] == "1"
    assert int(trace_writing("http://mlflow.internal", "evaluation")[workers]) > 1
