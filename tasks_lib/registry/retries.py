"""Which failures of a task are worth another attempt; Prefect shows it as the states `AwaitingRetry` and `Retrying`."""

from typing import TYPE_CHECKING, Any

from tasks_lib.errors import IndexUnavailableError, LlmopsError, ProviderError

if TYPE_CHECKING:
    from prefect.client.schemas.objects import State, TaskRun
    from prefect.tasks import Task

PASSING = (ProviderError, IndexUnavailableError)
"""Named errors of services, which may be back a moment later. The others say what a person has to change."""


def may_help(task: "Task[Any, Any]", task_run: "TaskRun", state: "State[Any]") -> bool:  # noqa: ARG001
    """Prefect's `retry_condition_fn`: whether trying again may mend what the attempt failed with.

    It mends neither wrong input nor slowness; what has no name of ours, such as a lost connection, it may.
    """
    if isinstance(state.data, LlmopsError):
        return isinstance(state.data, PASSING)
    return not isinstance(state.data, TimeoutError)


def again(retries: int = 2) -> dict[str, Any]:
    """Options of a Prefect task that is attempted again, 5 s later, where that may help; nothing is cached."""
    from prefect.cache_policies import NO_CACHE

    return {
        "cache_policy": NO_CACHE,
        "retries": retries,
        "retry_delay_seconds": 5,
        "retry_condition_fn": may_help,
    }
