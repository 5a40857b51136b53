"""What is tried again, and what is not."""

from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from prefect.states import Failed

from tasks_lib import errors
from tasks_lib.errors import IndexUnavailableError, InputError, LlmopsError, ProviderError
from tasks_lib.ingestion.tasks import BatchTimeoutError
from tasks_lib.registry.retries import may_help

NAMED = sorted(
    (kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, LlmopsError)), key=str
)


def tried_again(error: BaseException) -> bool:
    nothing: Any = None
    return may_help(nothing, nothing, Failed(data=error))


@given(st.sampled_from(NAMED), st.text())
def test_only_what_a_service_failed_with_is_tried_again_among_named_errors(
    kind: type[LlmopsError], message: str
) -> None:
    assert tried_again(kind(message)) == issubclass(kind, ProviderError | IndexUnavailableError)
    assert not (issubclass(kind, InputError) and tried_again(kind(message)))


@pytest.mark.parametrize("error", [ConnectionResetError("gone"), httpx.ConnectError("refused"), OSError("no route")])
def test_lost_connections_are_tried_again(error: Exception) -> None:
    assert tried_again(error)


@pytest.mark.parametrize("error", [TimeoutError(), BatchTimeoutError("slow")])
def test_slowness_is_not_tried_again(error: Exception) -> None:
    assert not tried_again(error)
