"""The review page, its queue, and what it writes."""

from collections.abc import Collection
from pathlib import Path
from typing import Annotated, Any

from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import FileResponse, JSONResponse
from mlflow.exceptions import MlflowException
from pydantic import BaseModel, ConfigDict, Field

from serving.access import AccessGuard
from serving.callers import ANYONE, Callers
from serving.choice import bound_to
from serving.limits import RateLimits
from serving.oidc.login import Login, LoginWay
from serving.oidc.tokens import Tokens
from serving.page_routes import FILE_HEADERS, PATH, PageFiles, page_headers
from serving.page_routes import FILES as CHAT_FILES
from tasks_lib.config.key_ring import KeyRing
from tasks_lib.config.oidc import OidcConfig
from tasks_lib.errors import InputError, LlmopsError
from tasks_lib.monitoring.review.agreement import Agreement, agreement
from tasks_lib.monitoring.review.next_set import ReviewedSet, next_set
from tasks_lib.monitoring.review.queue import ReviewItem, labels_by_trace, review_queue
from tasks_lib.registry.assistant_client import AssistantClient
from tasks_lib.registry.labels import Label, LabelVerdict, write_label
from tasks_lib.registry.tracking import TRACE_ASSISTANT_TAG, activate

FILES = Path(__file__).with_name("page")
LOGIN_SCRIPT = CHAT_FILES / "login.js"
"""The chat page's."""
LARGEST_BODY = 2**16
"""Bytes."""
LONGEST = 4000
"""Characters of what a person writes."""
Name = Annotated[str, Field(min_length=1, max_length=100, pattern=r"\S")]


class LabelRequest(BaseModel):
    """What a person says of an answer."""

    model_config = ConfigDict(extra="forbid")

    trace_id: Annotated[str, Field(pattern=r"^tr-[0-9a-f]{32}$")]
    reviewer: Name = "anyone"
    verdict: LabelVerdict
    why: Annotated[str, Field(max_length=LONGEST)] = ""
    better: Annotated[str, Field(max_length=LONGEST)] = ""
    queue: Annotated[str, Field(max_length=200)] = ""


class Queue(BaseModel):
    """Answers to label, and who labels them."""

    assistant: str
    reviewer: str
    items: list[ReviewItem]
    agreement: Agreement


def review_app(
    client: AssistantClient,
    keys: KeyRing,
    *,
    dataset: str | None = None,
    hosts: Collection[str] = (),
    people: OidcConfig | None = None,
) -> FastAPI:
    """The application.

    :param keys: As :func:`~tasks_lib.config.key_ring.key_ring` gives them. Who has one labels under its name.
    :param people: Whose tokens are taken as well; with a `client_id` the page logs people in.
    :param dataset: `name` or `name:version` of the set whose next version is made; the newest without it.
    :param hosts: Names, beside this machine's own, under which a page without keys is called.
    """
    activate(client)
    app = FastAPI(title=f"{client.assistant}: review", docs_url=None, redoc_url=None, openapi_url=None)
    tokens = Tokens(people) if people else None
    callers = Callers(keys, tokens)
    app.add_middleware(AccessGuard, callers=callers, limits=RateLimits(), largest_body=LARGEST_BODY, hosts=hosts)
    _add_page(app, callers, Login(people, tokens.issuer) if people and people.client_id and tokens else None)

    @app.exception_handler(LlmopsError)
    async def told(_: Request, error: LlmopsError) -> JSONResponse:
        status = 409 if isinstance(error, InputError) else 500
        return JSONResponse({"detail": " ".join(filter(None, (error.message, error.hint)))}, status)

    @app.get("/queue")
    def queue(request: Request, reviewer: Name = ANYONE.name) -> Queue:
        """Answers that this person has not labelled."""
        who = _reviewer(request, client, reviewer)
        return Queue(
            assistant=client.assistant,
            reviewer=who,
            items=review_queue(client, who),
            agreement=agreement(labels_by_trace(client)),
        )

    @app.post("/labels")
    def labels(body: LabelRequest, request: Request) -> dict[str, Any]:
        """Write a label onto its trace."""
        who = _reviewer(request, client, body.reviewer)
        _require_ours(client, body.trace_id)
        given = body.model_dump(include={"trace_id", "verdict", "why", "better"})
        write_label(Label(reviewer=who, **given), body.queue)
        return {"trace_id": body.trace_id, "recorded": True}

    @app.post("/set")
    def set_(request: Request) -> ReviewedSet:
        """Make the next version of the evaluation set."""
        _reviewer(request, client, "")
        return next_set(client, dataset)

    return app


def _add_page(app: FastAPI, callers: Callers, login: Login | None) -> None:
    @app.head("/", include_in_schema=False)
    @app.get("/", include_in_schema=False)
    async def page() -> FileResponse:
        return FileResponse(FILES / "index.html", headers=page_headers((), await login.origins() if login else ()))

    @app.get("/login")
    async def login_way() -> LoginWay:
        return await login.way() if login else LoginWay()

    @app.get(f"{PATH}/{LOGIN_SCRIPT.name}", include_in_schema=False)
    def login_script() -> FileResponse:
        return FileResponse(LOGIN_SCRIPT, headers=FILE_HEADERS)

    app.mount(PATH, PageFiles(directory=FILES), name="page")

    @app.get("/health")
    def health() -> dict[str, Any]:
        return {"status": "alive", **callers.health()}


def _reviewer(request: Request, client: AssistantClient, given: str) -> str:
    """Who labels: the name of the API key or the person; where neither is asked for, the name that was given."""
    only = bound_to(request)
    if only is not None and client.assistant not in only:
        raise HTTPException(403, f"This key may not see the assistant {client.assistant!r}.")
    key = str(request.state.key)
    return given.strip() if key == ANYONE.name else key


def _require_ours(client: AssistantClient, trace_id: str) -> None:
    """Only traces of this assistant are labelled here."""
    try:
        found = client.get_trace(trace_id, display=False)
    except MlflowException as error:
        raise HTTPException(404, f"There is no trace {trace_id!r}.") from error
    place, owner = found.info.experiment_id, found.info.tags.get(TRACE_ASSISTANT_TAG, client.assistant)
    if place != client.known_experiment_id or owner != client.assistant:
        raise HTTPException(404, f"There is no trace {trace_id!r}.")
