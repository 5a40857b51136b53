"""The Prefect task that comes before all others of a run."""

from collections.abc import Sequence

from prefect import task
from prefect.cache_policies import NO_CACHE

from tasks_lib.assistant.contract.platform import Platform
from tasks_lib.config.rag import LlmConfig
from tasks_lib.registry import preflight
from tasks_lib.registry.retries import may_help

PAUSES = [2.0, 10.0]
"""Seconds before the second and the third attempt: a server that restarts may be back by then."""


@task(
    name="call-models",
    cache_policy=NO_CACHE,
    retries=len(PAUSES),
    retry_delay_seconds=PAUSES,
    retry_condition_fn=may_help,
)
def call_models(platform: Platform, embedder: str, llms: Sequence[LlmConfig] = (), *, judge: bool = False) -> None:
    """:func:`tasks_lib.registry.preflight.call_models`."""
    preflight.call_models(platform, embedder=embedder, llms=llms, judge=judge)
