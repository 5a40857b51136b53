"""``RunnerConfig``: where the tasks of a verb run."""

from typing import Literal

from pydantic import Field

from tasks_lib.config.strict import StrictModel


class RunnerConfig(StrictModel):
    """Where the tasks run that a verb's work is divided into."""

    task_runner: Literal["threads", "dask"] = Field(default="threads", description="Where batches run.")
    dask_address: str | None = Field(default=None, description="Dask scheduler; empty starts a local cluster.")
