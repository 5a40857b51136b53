"""A run that fails says what was wrong and what to do in its state and its log, where people look first."""

import logging
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from prefect import flow, task
from prefect.client.orchestration import get_client
from prefect.settings import PREFECT_API_URL

from flows import dataset, deploy, ingest, monitor, rollback, tune
from flows.failures import in_a_line, telling_failures
from tasks_lib import errors
from tasks_lib.config.settings import Settings
from tasks_lib.errors import InputError, LlmopsError, NotDeployedError, ProviderError
from tasks_lib.home import Home

pytestmark = [pytest.mark.flow, pytest.mark.usefixtures("prefect_harness", "home")]

KINDS = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, LlmopsError)]
NAMES = ("flow", "task")
TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=60)


@pytest.fixture
def logged(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    """What runs of flows and tasks log."""
    loggers = [logging.getLogger(f"prefect.{name}_runs") for name in NAMES]
    for logger in loggers:
        logger.addHandler(caplog.handler)
    with caplog.at_level(logging.DEBUG, "prefect.task_runs"), caplog.at_level(logging.DEBUG, "prefect.flow_runs"):
        yield caplog
    for logger in loggers:
        logger.removeHandler(caplog.handler)


def raising(error: Exception) -> Any:
    @flow
    @telling_failures
    def fails() -> int:
        raise error

    return fails


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(kind=st.sampled_from(KINDS), message=TEXTS, hint=TEXTS)
def test_message_and_hint_of_any_named_error_are_the_message_of_the_state(
    kind: type[LlmopsError], message: str, hint: str
) -> None:
    error = kind(message, hint=hint)
    state = raising(error)(return_state=True)
    assert state.is_failed()
    with get_client(sync_client=True) as client:
        kept = client.read_flow_run(state.state_details.flow_run_id).state
    assert kept is not None
    assert (kept.type, kept.message or "") == ("FAILED", in_a_line(error))
    assert "\n" not in in_a_line(error)
    with pytest.raises(kind) as raised:
        raising(error)()
    assert (raised.value.message, raised.value.hint) == (message, hint)


def test_a_named_error_is_logged_in_a_line_and_its_traceback_for_who_debugs(logged: pytest.LogCaptureFixture) -> None:
    @task
    def fails() -> None:
        raise ProviderError("the model is gone", hint="Name another one.")

    @flow
    @telling_failures
    def outer() -> None:
        fails()

    with pytest.raises(ProviderError):
        outer()
    seen = [record for record in logged.records if record.levelno > logging.INFO]
    assert not [record for record in seen if record.exc_info or record.exc_text]
    said = {name: {record.getMessage() for record in seen if record.name == f"prefect.{name}_runs"} for name in NAMES}
    assert said["flow"] == {"the model is gone. Name another one."}
    assert "Task run failed with exception: ProviderError('the model is gone') Name another one." in said["task"]
    details = [record for record in logged.records if record.exc_info and record.levelno == logging.DEBUG]
    assert {record.name for record in details} == {"prefect.flow_runs", "prefect.task_runs"}


def test_an_error_without_a_name_keeps_its_traceback(logged: pytest.LogCaptureFixture) -> None:
    state = raising(ValueError("a fault of ours"))(return_state=True)
    assert state.message == "Flow run encountered an exception: ValueError: a fault of ours"
    assert [record for record in logged.records if record.levelno == logging.ERROR and record.exc_info]


def test_a_server_that_is_down_is_named_in_the_state_and_the_caller_gets_what_was_raised() -> None:
    address = PREFECT_API_URL.value()
    error = httpx.ConnectError("refused", request=httpx.Request("GET", f"{address}/flows/"))
    state = raising(error)(return_state=True)
    assert state.message.startswith(f"no Prefect server answers at {address}. Start it")
    with pytest.raises(httpx.ConnectError):
        raising(error)()


def test_a_flow_below_another_fails_as_it_fails_alone() -> None:
    inner = raising(InputError("no such file", hint="Name one that exists."))

    @flow
    @telling_failures
    def outer() -> None:
        inner()

    state = outer(return_state=True)
    assert state.message == "no such file. Name one that exists."


def test_without_a_flow_run_the_function_raises() -> None:
    with pytest.raises(InputError, match="no such file"):
        raising(InputError("no such file")).fn()


@pytest.mark.parametrize("module", [dataset, deploy, ingest, monitor, rollback, tune])
def test_every_flow_tells_its_failures(module: Any, home: Home) -> None:
    verb = module.__name__.rpartition(".")[2]
    wrong = {"ingest": {"source": str(home.root / "nowhere")}, "dataset": {"import_file": "nowhere.csv"}}
    wrong["monitor"] = {"since": "2999-01-01T00:00:00+00:00"}
    state = getattr(module, verb)(Settings.model_validate(wrong), return_state=True)
    error = state.result(raise_on_failure=False)
    assert isinstance(error, LlmopsError)
    assert error.hint
    assert state.message == in_a_line(error)
    assert verb != "rollback" or isinstance(error, NotDeployedError)
