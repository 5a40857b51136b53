"""Monitoring's tasks on a cluster."""

from typing import Any

import pytest

from tasks_lib.config.settings import Settings
from tasks_lib.monitoring.tasks import score_traces_on
from tasks_lib.monitoring.traces import Traffic
from tests.tasks_lib.monitoring.conftest import WordEmbedder
from tests.tasks_lib.monitoring.test_scores import record


class Place:
    """A platform without a judge."""

    def judge(self) -> None:
        """There is none."""

    def embedder(self, name: str) -> WordEmbedder:
        """Counts words."""
        return WordEmbedder()


@pytest.mark.flow
@pytest.mark.usefixtures("prefect_harness")
@pytest.mark.parametrize("size", [0, 7])
def test_batches_of_the_traces_are_scored_by_dask_workers(size: int) -> None:
    from distributed import LocalCluster
    from prefect import flow

    from flows.runners import task_runner

    place: Any = Place()
    traffic = Traffic([record(number) for number in range(size)], {})

    @flow
    def scored(address: str) -> Any:
        dask = {"task_runner": "dask", "dask_address": address, "batch_traces": 3, "sample": 5}
        settings = Settings.model_validate({"monitor": dask})
        with task_runner(settings.monitor) as runner:
            return score_traces_on(runner, place, traffic, settings)

    with LocalCluster(n_workers=2, threads_per_worker=1, processes=False, dashboard_address=None) as cluster:
        scores = scored(cluster.scheduler_address)
    assert [one.trace_id for one in scores.records] == [f"tr-{number}" for number in range(size)]
    assert scores.sampled == min(size, 5)
    assert scores.columns["groundedness"].size == size
