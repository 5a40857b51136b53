"""The LitServe server: for each assistant workers and slots of its own, and the routes over all of them."""

import time
from collections.abc import Collection, Sequence
from typing import Any

from starlette.routing import Route

from serving.access import AccessGuard
from serving.answers import Answers
from serving.api import INTERNAL_PATH, AssistantAPI
from serving.assistants import Assistants, ServedAssistant
from serving.budget import MonthlyBudget
from serving.callers import Callers
from serving.conditions import Conditions
from serving.counted import CountedAnswers
from serving.errors import add_errors
from serving.feedback import FeedbackWorker, RecentTraces
from serving.limits import RateLimits
from serving.logs import RequestLog
from serving.mcp.endpoint import add_mcp
from serving.metrics import Metrics
from serving.oidc.login import Login
from serving.openai_routes import add_openai_routes
from serving.origins import cors
from serving.page_routes import add_page
from serving.responses.routes import add_responses_route
from serving.routes import add_routes
from serving.worker_calls import WorkerCalls
from serving.workers import Server
from tasks_lib.config.pseudonyms import Pseudonyms

LITSERVE_HEALTH = f"{INTERNAL_PATH}health"
REPLACED = {"/", "/info"}
"""Routes of LitServe's own that are not offered, beside those below `INTERNAL_PATH`."""
LARGEST_BODY = 2**20
"""Bytes."""
TITLE = "Assistants"
"""Their names are told to callers that may ask them."""
DESCRIPTION = "Answers questions from the documents, with the production version."


def build_server(
    apis: Sequence[AssistantAPI],
    *,
    callers: Callers,
    limits: RateLimits,
    budget: MonthlyBudget,
    hosts: Collection[str] = (),
    origins: Collection[str] = (),
    filters: Collection[str] = (),
    login: Login | None = None,
    pseudonyms: Pseudonyms | None = None,
    open_metrics: bool = False,
) -> Server:
    """A server for the versions that `apis` ask; each answers once one of its workers has loaded its version.

    :param apis: One for each assistant, with different numbers.
    :param callers: Who may ask.
    :param budget: What the answers of a month may take.
    :param hosts: Names, beside this machine's own, under which an endpoint without keys is called.
    :param origins: Origins whose pages may call the endpoint from a browser.
    :param filters: Metadata by which a request may choose its passages.
    :param login: How the page logs people in, if it does.
    :param pseudonyms: What callers are called on traces.
    :param open_metrics: Whether `/metrics` is read by whoever reaches it.
    """
    guard = {
        "callers": callers,
        "limits": limits,
        "largest_body": LARGEST_BODY,
        "hosts": hosts,
        "origins": origins,
        "pseudonyms": pseudonyms,
        "open_metrics": open_metrics,
    }
    server = Server(
        list(apis),
        accelerator="cpu",
        workers_per_device={api.api_path: api.workers for api in apis},
        timeout=apis[0].timeout_seconds,
        healthcheck_path=LITSERVE_HEALTH,
        restart_workers=True,
        middlewares=[(AccessGuard, guard), (RequestLog, {}), *cors(origins)],
        max_payload_size=LARGEST_BODY,
    )
    app = server.app
    app.title, app.description = TITLE, DESCRIPTION
    app.router.routes = [route for route in app.router.routes if not _is_litserves(route)]
    metrics, traces = Metrics(), RecentTraces()
    assistants = Assistants((_served(server, api, metrics, limits, budget, traces) for api in apis), traces)
    conditions = Conditions(filters)
    add_routes(app, assistants, metrics, conditions, callers)
    add_page(app, assistants, origins, conditions, login)
    add_openai_routes(app, assistants, conditions, created=int(time.time()))
    add_responses_route(app, assistants, conditions)
    add_mcp(app, assistants, conditions, largest_body=LARGEST_BODY)
    add_errors(app)
    return server


def _is_litserves(route: Any) -> bool:
    return isinstance(route, Route) and (route.path in REPLACED or route.path.startswith(INTERNAL_PATH))


def _served(
    server: Server,
    api: AssistantAPI,
    metrics: Metrics,
    limits: RateLimits,
    budget: MonthlyBudget,
    traces: RecentTraces,
) -> ServedAssistant:
    name, slots = api.model_name, api.answer_slots
    counts = metrics.of(name, slots.ready_workers)
    metrics.show_budget(name, budget)
    answers = CountedAnswers(
        name,
        Answers(server, api),
        counts,
        limits,
        budget,
        lambda trace_id, caller: traces.note(trace_id, caller, name),
    )
    calls = WorkerCalls(server, api, slots)
    return ServedAssistant(name, slots, answers, FeedbackWorker(WorkerCalls(server, api, slots)), calls)
