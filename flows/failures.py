"""How a flow run tells what went wrong: message and hint in its state and its log, the traceback for who debugs."""

import logging
from collections.abc import Callable
from copy import copy
from functools import wraps
from typing import ParamSpec, TypeVar, cast

from flows.command.outages import outage
from flows.failed_verbs import record_failure
from tasks_lib.errors import LlmopsError
from tasks_lib.home import Home
from tasks_lib.storage_errors import storage_error

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


def telling_failures(function: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """Decorate the function of a flow: a named error ends the run as `Failed`, with message and hint as its message.

    Whoever calls the flow gets the error itself, as does who calls the function without a flow run. Errors without a
    name of ours are left to Prefect, which logs their traceback.
    """

    @wraps(function)
    def run(*arguments: Parameters.args, **parameters: Parameters.kwargs) -> Result:
        from prefect.context import FlowRunContext
        from prefect.states import Failed

        try:
            return function(*arguments, **parameters)
        except Exception as error:
            context = FlowRunContext.get()
            known = named(error)
            if known is None or context is None or context.flow is None or context.flow.fn is not run:
                raise
            said = in_a_line(known)
            _log(said, error)
            if context.flow_run and context.flow_run.deployment_id:  # a person at a terminal was told
                record_failure(context.flow.name, context.parameters or {}, said)
            return cast("Result", Failed(message=said, data=error))

    return run


def named(error: Exception) -> LlmopsError | None:
    """`error` as the command would print it; `None` if it is none that we know."""
    if isinstance(error, LlmopsError):
        return error
    return outage(error) or storage_error(error, Home.from_environment().root)


def in_a_line(error: LlmopsError) -> str:
    """Message and hint as one line."""
    message = " ".join(error.message.split())
    stop = "" if message.endswith((".", "!", "?")) or not error.hint else "."
    return f"{message}{stop} {error.hint}".strip()


def _log(said: str, error: Exception) -> None:
    from prefect.logging import get_run_logger

    logger = get_run_logger()
    logger.error(said)
    logger.debug("where it was raised:", exc_info=error)


class NamedErrors(logging.Filter):
    """Logs a task's named error with its hint instead of its traceback, which becomes a record of its own for debug."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Let every record pass, rewritten where it carries a named error."""
        error = record.exc_info[1] if record.exc_info else None
        if isinstance(error, LlmopsError) and record.levelno > logging.DEBUG:
            logger = logging.getLogger(record.name)
            if logger.isEnabledFor(logging.DEBUG):
                details = copy(record)
                details.levelno, details.levelname = logging.DEBUG, "DEBUG"
                logger.handle(details)
            record.msg, record.args = f"{record.getMessage()} {error.hint}".rstrip(), ()
            record.exc_info = record.exc_text = None
        return True


for name in ("prefect.task_runs", "prefect.flow_runs", "prefect.engine"):  # the end of a run is logged once more
    logging.getLogger(name).addFilter(NamedErrors())
