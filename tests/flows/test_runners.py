"""Where tasks run."""

from flows.runners import task_runner
from tasks_lib.config.runner import RunnerConfig


def test_tasks_run_on_the_configured_runner() -> None:
    assert type(task_runner(RunnerConfig())).__name__ == "ThreadPoolTaskRunner"
    assert type(task_runner(RunnerConfig(task_runner="dask", dask_address="tcp://h:1"))).__name__ == "DaskTaskRunner"
