"""Big values as parameters of Prefect tasks."""

from typing import TypeVar, cast

from prefect.utilities.annotations import quote

Value = TypeVar("Value")


def untraversed(value: Value) -> Value:
    """Hand `value` to a task as it is: Prefect would look for futures in each of its parts, for seconds.

    The task gets the value itself; only the type checker is told a small lie on the way.
    """
    return cast("Value", quote(value))
