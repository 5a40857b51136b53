"""``flow``: Prefect's decorator as the flows of the verbs use it."""

from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from prefect import Flow

from flows.failures import telling_failures
from tasks_lib.config.settings import Settings

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


class VerbFlow(Flow[Parameters, Result]):
    """A flow whose runs show the keys that were given, not the whole configuration with its defaults."""

    def serialize_parameters(self, parameters: dict[str, Any]) -> dict[str, Any]:
        """The parameters as Prefect stores and shows them; validated again, they are the same settings."""
        given = {
            name: value.model_dump(mode="json", exclude_unset=True) if isinstance(value, Settings) else value
            for name, value in parameters.items()
        }
        return super().serialize_parameters(given)


def flow(**options: Any) -> Callable[[Callable[Parameters, Result]], VerbFlow[Parameters, Result]]:
    """Make a flow that tells its failures (`flows.failures`) and shows what it was given.

    :param options: Those of Prefect's `flow`.
    """
    return lambda function: VerbFlow(telling_failures(function), **options)
