"""Task runners of the flows: threads or Dask."""

from typing import Any

from prefect.task_runners import TaskRunner, ThreadPoolTaskRunner

from tasks_lib.config.runner import RunnerConfig


def task_runner(config: RunnerConfig, threads: int = 1) -> TaskRunner[Any]:
    """Prefect's task runner: `threads` threads, or Dask: the cluster at the address, else one on this machine."""
    if config.task_runner == "dask":
        from prefect_dask.task_runners import DaskTaskRunner

        return DaskTaskRunner(address=config.dask_address)
    return ThreadPoolTaskRunner(max_workers=threads)
