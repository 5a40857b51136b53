"""The chat page, its files, and what it asks for that no other client needs."""

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import FileResponse
from starlette.staticfiles import StaticFiles

from serving.assistants import Assistants
from serving.conditions import Conditions
from serving.oidc.login import Login, LoginWay
from serving.shapes import Caller, ExampleQuestions

FILES = Path(__file__).with_name("page")
PAGE = FILES / "index.html"
PATH = "/page"
"""Where its style and scripts lie; open to all, as the page is."""


def add_page(
    app: FastAPI, assistants: Assistants, origins: Collection[str], conditions: Conditions, login: Login | None = None
) -> None:
    """The page at `/`.

    :param origins: Origins whose pages may show it in a frame.
    :param login: How it logs people in, if it does.
    """

    @app.head("/", include_in_schema=False)
    @app.get("/", include_in_schema=False)
    async def page() -> FileResponse:
        """The chat page."""
        return FileResponse(PAGE, headers=page_headers(origins, await login.origins() if login else ()))

    @app.get("/login", response_model=LoginWay)
    async def login_way() -> Any:
        """Where and how people log in; all of it empty where they do not."""
        return await login.way() if login else LoginWay()

    app.mount(PATH, PageFiles(directory=FILES), name="page")

    @app.get("/caller", response_model=Caller)
    def caller(request: Request) -> dict[str, Any]:
        """Who asks, by the name of the API key: the page keeps each caller's conversations apart.

        And the metadata by which it lets people choose passages.
        """
        roles = sorted(request.state.holder.roles)
        return {"name": request.state.key, "filters": conditions.fields, "roles": roles}

    @app.get("/examples/{assistant}", response_model=ExampleQuestions)
    async def examples(assistant: str, request: Request) -> Any:
        """Questions that the version in production answered rightly in its gate."""
        return {"questions": await assistants.chosen(request, assistant).example_questions()}


class PageFiles(StaticFiles):
    """Asked for anew each time: a script of yesterday does not meet a page of today."""

    def file_response(self, *arguments: Any, **options: Any) -> Any:
        """With the headers of the page."""
        response = super().file_response(*arguments, **options)
        response.headers.update(FILE_HEADERS)
        return response


FILE_HEADERS = {"Cache-Control": "no-cache", "X-Content-Type-Options": "nosniff"}


def page_headers(origins: Collection[str], called: Collection[str] = ()) -> Mapping[str, str]:
    """Nothing but its own files runs in the page, and it talks to its own endpoint only.

    :param called: Origins beside it that the page asks: the issuer's, for a token.
    """
    policy = {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "connect-src": " ".join(["'self'", *called]),
        "img-src": "'self' data:",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": " ".join(["'self'", *origins]),
    }
    return {
        **FILE_HEADERS,
        "Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in policy.items()),
        "Referrer-Policy": "no-referrer",
    }
