"""What OpenAI's two APIs have in common: errors, the name of the model, and what an answer tells beside its text."""

from collections.abc import Mapping
from typing import Any

from fastapi import HTTPException
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException as StarletteHTTPException

ERROR_TYPES = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"}
ERROR_CODES = {401: "invalid_api_key", 429: "rate_limit_exceeded"}
"""OpenAI's codes, which clients act on."""
EXTRAS = ("source_documents", "refused", "refusal_reason", "uncertain", "language", "guardrails", "trace_id")
"""Fields of an answer beside OpenAI's own; the official clients keep unknown fields."""


class OpenAIError(HTTPException):
    """An error with one of OpenAI's codes, which clients act on.

    :param code: Such as `model_not_found`.
    :param param: The field of the request that is wrong.
    """

    def __init__(
        self,
        status: int,
        message: str,
        *,
        code: str,
        param: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(status, message, dict(headers) if headers else None)
        self.code = code
        self.param = param


def error_body(status: int, message: str, code: str | None = None, param: str | None = None) -> dict[str, Any]:
    """An error in OpenAI's shape.

    :param param: The field of the request that is wrong.
    """
    kind = ERROR_TYPES.get(status, "invalid_request_error" if status < 500 else "server_error")
    return {"error": {"message": message, "type": kind, "param": param, "code": code or ERROR_CODES.get(status)}}


def error_response(error: StarletteHTTPException) -> JSONResponse:
    """`error` in OpenAI's shape."""
    code, param = (error.code, error.param) if isinstance(error, OpenAIError) else (None, None)
    return JSONResponse(error_body(error.status_code, str(error.detail), code, param), error.status_code, error.headers)


def model_of(assistant: str, answer: Mapping[str, Any]) -> str:
    """The model that is told to have answered: `docs/3`; without a version while there is no answer yet."""
    version = answer.get("model_uri", "").rpartition("/")[2]
    return f"{assistant}/{version}" if version else assistant


def extras_of(answer: Mapping[str, Any]) -> dict[str, Any]:
    """What an answer tells that OpenAI's API does not."""
    return {name: answer[name] for name in EXTRAS if name in answer}


def tokens_of(answer: Mapping[str, Any]) -> tuple[int, int]:
    """Tokens that the language model read and wrote."""
    used = answer.get("usage") or {}
    return used.get("input_tokens", 0), used.get("output_tokens", 0)
