"""What each route asks of its caller."""

from fastapi import FastAPI
from starlette.routing import BaseRoute, Mount

from serving.access import OPEN_BELOW, OPEN_PATHS
from serving.assistants import Assistants
from serving.callers import Callers
from serving.conditions import Conditions
from serving.feedback import RecentTraces
from serving.metrics import Metrics
from serving.openai_routes import add_openai_routes
from serving.page_routes import add_page
from serving.roles import ANY_CALLER, refusal, role_of
from serving.routes import add_routes
from tasks_lib.config.api_keys import ApiKey
from tasks_lib.config.key_ring import KeyRing


def paths_of(routes: list[BaseRoute]) -> set[str]:
    return {getattr(route, "path", "") for route in routes if not isinstance(route, Mount)}


def test_each_route_is_open_asks_for_a_role_or_is_for_every_caller() -> None:
    app = FastAPI(redoc_url=None)
    assistants, conditions = Assistants((), RecentTraces()), Conditions()
    add_routes(app, assistants, Metrics(), conditions, Callers(KeyRing({})))
    add_page(app, assistants, (), conditions)
    add_openai_routes(app, assistants, conditions, created=0)
    ours = paths_of(app.router.routes) - {"/docs/oauth2-redirect"}
    assert len(ours) > 12
    unsaid = {path for path in ours - OPEN_PATHS - ANY_CALLER if role_of(path) is None}
    assert {path for path in unsaid if not path.startswith(OPEN_BELOW)} == set()


def test_a_caller_does_what_its_roles_say() -> None:
    reader = ApiKey("prometheus", roles=frozenset({"metrics"}))
    assert refusal(reader, "/metrics") is None
    assert refusal(reader, "/caller") is None
    assert refusal(reader, "/predict/docs") == "/predict/docs needs the role 'ask'; this caller's roles: metrics."
    usual = ApiKey("alice")
    assert [path for path in ("/predict", "/v1/models", "/feedback", "/metrics", "/queue") if refusal(usual, path)] == [
        "/metrics",
        "/queue",
    ]
    assert refusal(ApiKey("ann", roles=frozenset({"admin"})), "/set") is None
    assert role_of("/predictor") is None
