"""A flow whose task fails twice; a worker runs it."""

import time

from prefect import flow, task
from prefect.runtime import task_run

SECONDS = 1.5


@task(retries=2, retry_delay_seconds=0, persist_result=False)
def third_time_lucky() -> None:
    if task_run.run_count < 3:
        raise RuntimeError(task_run.run_count)
    time.sleep(SECONDS)


@flow
def flaky() -> None:
    third_time_lucky()
