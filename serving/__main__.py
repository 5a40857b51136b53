"""`python -m serving`: the endpoint as a process; `llmops serve` starts it with the configured values."""

import logging
import multiprocessing
import os
import signal
from collections.abc import Collection, Mapping
from threading import Event
from types import FrameType
from typing import Annotated

from cyclopts import App, Parameter

from blocks.key_stores import platform_keys
from tasks_lib.config.api_keys import ApiKey
from tasks_lib.config.key_ring import KeyRing
from tasks_lib.config.oidc import OIDC_VARIABLE, OidcConfig
from tasks_lib.config.pseudonyms import pseudonyms
from tasks_lib.errors import LlmopsError
from tasks_lib.home import Home
from tasks_lib.network import prepare_network
from tasks_lib.registry.orphans import children_end_with_this_process
from tasks_lib.registry.spending import SpendingFile

STORAGE_VARIABLE = "LLMOPS_LIMITS_STORAGE"
"""Not a flag: the URL may hold a password, and whoever is on the machine reads the command line."""

logger = logging.getLogger("serving")
app = App(name="serving", help="Serve the production versions.")


@app.default
def serve(
    *,
    host: str = "127.0.0.1",
    port: int = 8000,
    workers: int = 1,
    timeout: Annotated[float, Parameter(help="Deadline of one answer, in seconds.")] = 60.0,
    slots: Annotated[int, Parameter(help="Answers under way at a time; more get HTTP 429.")] = 16,
    poll: Annotated[float, Parameter(help="Seconds between two polls of the alias.")] = 10.0,
    requests: Annotated[int | None, Parameter(help="Requests a minute for each key.")] = None,
    tokens: Annotated[int | None, Parameter(help="Tokens a minute for each key.")] = None,
    month_tokens: Annotated[int | None, Parameter(help="Tokens of an assistant's answers in a month.")] = None,
    month_cost: Annotated[float | None, Parameter(help="Cost of an assistant's answers in a month.")] = None,
    limits_storage: Annotated[
        str, Parameter(help="URL of the storage of rate limits.", env_var=STORAGE_VARIABLE)
    ] = "memory://",
    model: Annotated[
        tuple[str, ...], Parameter(negative="", help="Registered model of an assistant; repeat it for several.")
    ] = ("rag-assistant",),
    alias: str = "production",
    allow_host: Annotated[
        tuple[str, ...], Parameter(negative="", help="Further name under which it is called without API keys.")
    ] = (),
    allow_origin: Annotated[
        tuple[str, ...], Parameter(negative="", help="Origin whose pages may call it from a browser.")
    ] = (),
    allow_filter: Annotated[
        tuple[str, ...], Parameter(negative="", help="Metadata by which a request may choose its passages.")
    ] = (),
    oidc: Annotated[
        str | None, Parameter(help="The section serve.oidc of the configuration, as JSON.", env_var=OIDC_VARIABLE)
    ] = None,
    open_metrics: Annotated[bool, Parameter(negative="", help="Whether /metrics needs no key.")] = False,
) -> None:
    """Run until SIGINT or SIGTERM; the platform is named by ``LLMOPS_PLATFORM``."""
    from serving.api import AssistantAPI
    from serving.budget import MonthlyBudget, MonthlyLimits
    from serving.callers import Callers
    from serving.limits import RateLimits
    from serving.logs import log_as_json
    from serving.oidc.login import Login
    from serving.oidc.tokens import Tokens
    from serving.server import build_server

    stopping = Event()
    log_as_json(stopping)
    for line in prepare_network():
        logging.getLogger("serving").warning("%s", line)
    _stop_on_signals(stopping)
    names, platform = tuple(dict.fromkeys(model)), os.environ.get("LLMOPS_PLATFORM") or "local"
    apis = [
        AssistantAPI(
            platform=platform,
            model=name,
            alias=alias,
            timeout_seconds=timeout,
            workers=workers,
            slots=slots,
            poll_seconds=poll,
            number=number,
            required=len(names) == 1,
        )
        for number, name in enumerate(names)
    ]
    people = OidcConfig.model_validate_json(oidc) if oidc else None
    people_tokens = Tokens(people) if people else None
    keys = _keys(host, platform, tokens=people is not None)
    _tell_of_unserved(keys.holders(), names)
    rates = RateLimits(requests, tokens, limits_storage)
    home = Home.from_environment().ensure()
    server = build_server(
        apis,
        callers=Callers(keys, people_tokens),
        limits=rates,
        budget=MonthlyBudget(MonthlyLimits(month_tokens, month_cost), SpendingFile(home.spending)),
        hosts=allow_host,
        origins=allow_origin,
        filters=allow_filter,
        login=Login(people, people_tokens.issuer) if people and people_tokens and people.client_id else None,
        pseudonyms=pseudonyms(home),
        open_metrics=open_metrics,
    )
    try:
        server.serve_at(host, port, num_api_servers=1, generate_client_file=False, log_level="warning")
    except KeyboardInterrupt:
        return
    except (RuntimeError, OSError) as error:  # the worker has logged why, or it cannot listen
        logger.error("the endpoint does not start: %s", error)  # noqa: TRY400  (no traceback)
        raise SystemExit(1) from None
    finally:
        for child in multiprocessing.active_children():  # workers that are still starting
            child.terminate()


def _keys(host: str, platform: str, *, tokens: bool) -> KeyRing:
    try:
        return platform_keys(host, platform, tokens=tokens)
    except LlmopsError as error:
        logger.error("the endpoint does not start: %s %s", error.message, error.hint)  # noqa: TRY400  (no traceback)
        raise SystemExit(error.exit_code) from None


def _tell_of_unserved(keys: Mapping[str, ApiKey], names: Collection[str]) -> None:
    """Keys may be bound to assistants of another endpoint; or to a name that is misspelt."""
    for key in keys.values():
        for name in sorted((key.assistants or set()) - set(names)):
            logger.warning("the key %r is bound to the assistant %r, which is not served here", key.name, name)


def _stop_on_signals(stopping: Event) -> None:
    """Both signals end the main process as Ctrl-C does, having set `stopping`.

    LitServe's child has served to the end when uvicorn raises the signal once more: it just goes.
    """
    main = os.getpid()

    def stop(number: int, frame: FrameType | None) -> None:
        stopping.set()
        if os.getpid() == main:
            signal.default_int_handler(number, frame)
        raise SystemExit(0)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)


children_end_with_this_process(__name__)
if __name__ == "__main__":
    app()
