"""Where the tasks run that a flow's work is divided into."""

from typing import Any

from prefect.task_runners import TaskRunner, ThreadPoolTaskRunner

from tasks_lib.config.settings import RunnerConfig


def task_runner(config: RunnerConfig, threads: int = 1) -> TaskRunner[Any]:
    """`threads` threads of this process, or a Dask cluster: the one at the address, else one of this machine."""
    if config.task_runner == "dask":
        from prefect_dask.task_runners import DaskTaskRunner

        return DaskTaskRunner(address=config.dask_address)
    return ThreadPoolTaskRunner(max_workers=threads)
