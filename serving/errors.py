"""The shape of errors: OpenAI's on its routes, FastAPI's on the others. Neither repeats what was sent."""

from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exception_handlers import http_exception_handler, request_validation_exception_handler
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from serving import openai

OPENAI_PATHS = "/v1/"
ROUTES = "POST /v1/chat/completions, POST /v1/responses, GET /v1/models and GET /v1/models/{model}"


def add_errors(app: FastAPI) -> None:
    """Handle what the routes raise, and what no route takes."""

    @app.exception_handler(HTTPException)
    async def on_http_error(request: Request, error: HTTPException) -> Response:
        if not f"{request.url.path}/".startswith(OPENAI_PATHS):
            return await http_exception_handler(request, error)
        if error.status_code not in {404, 405} or isinstance(error, openai.OpenAIError):
            return openai.error_response(error)
        message = f"There is no {request.method} {request.url.path}; there is {ROUTES}."
        return openai.error_response(openai.OpenAIError(error.status_code, message, code="unknown_url"))

    @app.exception_handler(Exception)
    async def on_fault(request: Request, error: Exception) -> Response:  # noqa: ARG001  (the server logs it)
        message = "The endpoint failed; its log says why."
        is_openais = f"{request.url.path}/".startswith(OPENAI_PATHS)
        return JSONResponse(openai.error_body(500, message) if is_openais else {"detail": message}, 500)

    @app.exception_handler(RequestValidationError)
    async def on_wrong_request(request: Request, error: RequestValidationError) -> Response:
        if request.url.path.startswith(OPENAI_PATHS):
            field, message = _told(error.errors()[0])
            text = f"{field}: {message}" if field else message
            return JSONResponse(openai.error_body(400, text, param=field), 400)
        shown = [{name: value for name, value in one.items() if name != "input"} for one in error.errors()]
        return await request_validation_exception_handler(request, RequestValidationError(shown))


def _told(problem: Mapping[str, Any]) -> tuple[str | None, str]:
    """The field and what is wrong with it."""
    if problem["type"] == "json_invalid":
        return None, f"The body is no JSON: {problem['ctx']['error']} at character {problem['loc'][-1]}."
    field = ".".join(str(part) for part in problem["loc"] if part != "body")
    return field or None, problem["msg"].removeprefix("Value error, ")
