"""The flow `monitor` on Prefect's test server."""

import pytest

from blocks.local import LocalPlatform
from flows.monitor import monitor
from tasks_lib.config.settings import Settings


@pytest.mark.flow
@pytest.mark.usefixtures("prefect_harness")
def test_monitoring_without_traffic_ends_with_a_clear_verdict(platform: LocalPlatform) -> None:
    result = monitor(Settings(), "local").model_dump(mode="json")
    assert {"traces", "metrics", "drifted", "report", "verdict"} <= set(result)
    assert (result["verdict"], result["traces"], result["drifted"]) == ("not_enough_traffic", 0, [])
    assert str(platform.home.reports) in result["report"]
