"""Windows: without gaps, never twice, never in the future."""

from datetime import UTC, datetime, timedelta
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks_lib.config.monitor import MonitorConfig
from tasks_lib.errors import InputError
from tasks_lib.monitoring.reference import reference_windows
from tasks_lib.monitoring.window import PastWindow, Window, choose_window, watermark
from tasks_lib.registry.assistant_client import AssistantClient
from tasks_lib.registry.tracking import connect
from tests.tasks_lib.monitoring.conftest import MONDAY, QuickPlatform

DAY = timedelta(days=1)


def past(start: int, end: int, **changes: object) -> PastWindow:
    """A finished window from day `start` to day `end`."""
    fields = {"verdict": "healthy", "closed": True, "covers": True, "version": "1", "index": "a", "metrics": {}}
    moments = {"since": MONDAY + start * DAY, "until": MONDAY + end * DAY}
    return PastWindow(**{"run_id": f"{start}-{end}", **moments, **fields, **changes})


def window(start: int, end: int) -> Window:
    return Window(MONDAY + start * DAY, MONDAY + end * DAY, explicit=True, late_since=MONDAY + start * DAY)


def chosen(windows: list[PastWindow], version: str = "1", index: str = "a", **config: object) -> list[str]:
    found = reference_windows(windows, window(20, 27), version=version, index=index, config=MonitorConfig(**config))
    return [earlier.run_id for earlier in found]


def test_the_first_window_starts_with_the_first_trace() -> None:
    assert watermark([], MONDAY) == MONDAY
    assert watermark([], None) is None


def test_the_next_window_starts_where_the_last_one_ended() -> None:
    assert watermark([past(0, 7), past(7, 14)], MONDAY) == MONDAY + 14 * DAY


def test_a_window_that_covers_nothing_moves_no_watermark() -> None:
    assert watermark([past(0, 7), past(7, 14, covers=False)], MONDAY) == MONDAY + 7 * DAY


def test_traffic_before_an_explicit_window_is_not_skipped() -> None:
    assert watermark([past(0, 7), past(9, 14)], MONDAY) == MONDAY + 7 * DAY
    assert watermark([past(0, 7), past(9, 14), past(6, 9)], MONDAY) == MONDAY + 14 * DAY


@pytest.mark.parametrize("name", ["since", "until"])
def test_a_window_in_the_future_is_refused(place: QuickPlatform, name: str) -> None:
    now = datetime(2026, 3, 9, tzinfo=UTC)
    with pytest.raises(InputError, match="in the future"):
        choose_window(connect(place, "rag-assistant"), MonitorConfig(**{name: now + DAY}), now)


@given(
    st.lists(st.tuples(st.integers(0, 40), st.integers(1, 14)), max_size=5),
    st.integers(0, 60),
    st.integers(1, 40),
)
def test_a_clock_that_was_ahead_once_stops_no_later_window_and_hides_no_traffic(
    spans: list[tuple[int, int]], first: int, today: int
) -> None:
    windows = [past(start, start + length) for start, length in spans]
    now = MONDAY + today * DAY
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tasks_lib.monitoring.window.past_windows", lambda client: windows)
        patch.setattr("tasks_lib.monitoring.window.first_trace_at", lambda client: MONDAY + first * DAY)
        found = choose_window(cast("AssistantClient", None), MonitorConfig(), now)
    assert found.since <= found.until == now
    seen = [window for window in windows if window.until <= now] + [
        PastWindow(**{**vars(past(0, 1)), **vars_of(found)})
    ]
    for day in range(first, today):
        assert any(window.since <= MONDAY + day * DAY < window.until for window in seen), f"nobody looks at day {day}"
    overlapping = {window.run_id for window in windows if window.since < now and window.until > found.since}
    assert overlapping <= set(found.neighbours)  # what they have reported is not reported again


def vars_of(found: Window) -> dict[str, datetime]:
    return {"since": found.since, "until": found.until}


def test_without_any_trace_the_window_is_empty(place: QuickPlatform) -> None:
    now = datetime(2026, 3, 9, tzinfo=UTC)
    found = choose_window(connect(place, "rag-assistant"), MonitorConfig(), now)
    assert (found.since, found.until) == (now, now)


def test_the_reference_is_the_last_healthy_windows_before() -> None:
    windows = [
        past(0, 3),
        past(3, 6, verdict="drifted"),
        past(6, 9),
        past(9, 12),
        past(21, 24),
        past(12, 15, covers=False),
    ]
    assert chosen(windows) == ["0-3", "6-9", "9-12"]
    assert chosen(windows, reference_windows=2) == ["6-9", "9-12"]


def test_windows_of_the_version_come_before_those_of_the_index() -> None:
    windows = [past(0, 3), past(3, 6, version="2"), past(6, 9, version="2", index="b")]
    assert chosen(windows, version="1") == ["0-3"]
    assert chosen(windows, version="3", index="a") == ["0-3", "3-6"]
    assert chosen(windows, version="3", index="c") == []


def test_a_change_that_was_meant_starts_a_new_reference() -> None:
    assert chosen([past(0, 3), past(6, 9)], reference_since=MONDAY + 5 * DAY) == ["6-9"]
