"""Points in time as people read them."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from tasks_lib.registry.moments import minute

EARLY, LATE = datetime(1900, 1, 2), datetime(9999, 12, 30)  # noqa: DTZ001  (hypothesis adds the timezone)


@given(moment=st.datetimes(timezones=st.timezones(), min_value=EARLY, max_value=LATE))
def test_a_moment_of_any_timezone_is_told_on_one_clock_that_is_named(moment: datetime) -> None:
    told = datetime.strptime(minute(moment), "%Y-%m-%d %H:%M UTC").replace(tzinfo=UTC)
    assert told == moment.astimezone(UTC).replace(second=0, microsecond=0)
