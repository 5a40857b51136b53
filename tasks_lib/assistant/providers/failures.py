"""What a client of a provider raised, as a named error with a way out; and whether another attempt may help."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tasks_lib.assistant.providers.redact import redact
from tasks_lib.errors import ConfigurationError, LlmopsError, ProviderError

LONGEST_DETAIL = 400

_PASSING_STATUS = {408, 409, 425, 429}
_PASSING_CODES = {
    "ThrottlingException",
    "Throttling",
    "TooManyRequestsException",
    "RequestLimitExceeded",
    "ServiceUnavailableException",
    "InternalServerException",
    "ModelNotReadyException",
    "ModelTimeoutException",
    "ModelStreamErrorException",
    "modelStreamErrorException",
    "internalServerException",
    "throttlingException",
    "serviceUnavailableException",
}
_SPENT = "insufficient_quota"

_RENEW = "Renew the credentials of the block, or let it assume a role."
_ALLOW = "Allow the credentials to call this model, and enable the model in the account and region."
_CODE_HINTS = {
    "ExpiredTokenException": _RENEW,
    "ExpiredToken": _RENEW,
    "UnrecognizedClientException": "Check access key, secret key and session token of the block.",
    "InvalidSignatureException": "Check the secret key of the block, its region, and this machine's clock.",
    "IncompleteSignature": "Check the access key of the block.",
    "InvalidClientTokenId": "Check the access key of the block.",
    "AccessDeniedException": _ALLOW,
    "AccessDenied": "Check that the credentials may assume the role.",
    "ResourceNotFoundException": "Check the model id and the region of the block.",
}
_STATUS_HINTS = {
    400: "Check the model id and the parameters below llm.",
    401: "Check the key of the provider's block.",
    403: "Check the key of the provider's block and what it may call.",
    404: "Check the model id, and that the base URL is the one of the API.",
    422: "Check the parameters below llm.",
}


_REFUSED_STATUS = {400, 422}


class RefusedRequestError(ConfigurationError):
    """The provider understood who asks for which model, but not the request: a parameter may be more than it knows."""


@dataclass(frozen=True)
class Failure:
    """A named error, whether it may pass by itself, and how many seconds the provider asks to wait."""

    error: LlmopsError
    transient: bool = False
    retry_after: float = 0.0


def out_of_time(provider: str, model: str, seconds: float) -> ProviderError:
    """The error of a call that met its deadline."""
    return ProviderError(
        f"{provider} gave no answer from {model!r} within {seconds:g} s",
        hint="Ask again, or raise the request timeout or the calls in flight of the provider's block.",
    )


def failure_of(
    error: BaseException, *, provider: str, model: str, region: str = "", policy_secrets: tuple[str, ...] = ()
) -> Failure:
    """Find out what `error`, or whatever caused it, means. Its text is quoted without `policy_secrets`."""
    reader = _Reader(provider, model, region, policy_secrets)
    for cause in _causes(error):
        failure = reader.aws_answer(cause) or reader.http_answer(cause) or reader.no_answer(cause)
        if failure:
            return failure
    detail = reader.detail(f"{type(error).__name__}: {error}")
    return Failure(ProviderError(f"{provider} failed with {model!r}: {detail}"))


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error, then what it was raised from, and so on."""
    current: BaseException | None = error
    for _ in range(10):
        if current is None:
            return
        yield current
        current = current.__cause__ or current.__context__


@dataclass(frozen=True)
class _Reader:
    provider: str
    model: str
    region: str
    secrets: tuple[str, ...]

    def detail(self, text: object) -> str:
        return redact(str(text), self.secrets)[:LONGEST_DETAIL]

    def aws_answer(self, error: BaseException) -> Failure | None:
        """Botocore's ClientError and its stream twin: an answer of AWS with an error code."""
        response = getattr(error, "response", None)
        if not isinstance(response, dict) or "Error" not in response:
            return None
        code = str(response["Error"].get("Code", ""))
        status = int(response.get("ResponseMetadata", {}).get("HTTPStatusCode") or 0)
        text = self.detail(response["Error"].get("Message", ""))
        if code in _PASSING_CODES or status in _PASSING_STATUS or status >= 500:
            return Failure(self._overloaded(f"{code}: {text}"), transient=True)
        message = f"{self.provider} refused {self.model!r}: {code}: {text}"
        hint = _CODE_HINTS.get(code) or _STATUS_HINTS.get(status, "")
        if code == "ValidationException" and "model" in text.lower():
            hint = "Check the model id: llm.model is the provider's name, a slash, and the model's own id."
        kind = RefusedRequestError if code == "ValidationException" else ConfigurationError
        return Failure(kind(message, hint=hint))

    def http_answer(self, error: BaseException) -> Failure | None:
        """Openai's APIStatusError and ollama's ResponseError: an answer with an HTTP status."""
        status = getattr(error, "status_code", None)
        if not isinstance(status, int) or status < 400:
            return None
        text = self.detail(_answer_text(error))
        spent = _SPENT in text or getattr(error, "code", None) == _SPENT
        if (status in _PASSING_STATUS or status >= 500) and not spent:
            return Failure(self._overloaded(f"HTTP {status}: {text}"), transient=True, retry_after=_retry_after(error))
        message = f"{self.provider} refused {self.model!r}: HTTP {status}: {text}"
        hint = "The account has no credit left." if spent else _STATUS_HINTS.get(status, "")
        kind = RefusedRequestError if status in _REFUSED_STATUS else ConfigurationError
        return Failure(kind(message, hint=hint))

    def no_answer(self, error: BaseException) -> Failure | None:
        """Nothing came back: no credentials, no such host, a refused connection, a time-out."""
        name = type(error).__name__
        text = self.detail(error.__cause__ or error)
        if name in {"ReadTimeoutError", "ReadTimeout", "APITimeoutError", "TimeoutException", "PoolTimeout"}:
            message = f"{self.provider} gave no answer from {self.model!r} in time"
            return Failure(ProviderError(message, hint="Ask again, or raise the request timeout of its block."))
        if name in {
            "NoCredentialsError",
            "PartialCredentialsError",
            "NoRegionError",
            "InvalidRegionError",
            "ProfileNotFound",
            "TokenRetrievalError",
            "SSOTokenLoadError",
            "UnauthorizedSSOTokenError",
            "CredentialRetrievalError",
            "ParamValidationError",
        }:
            message = f"{self.provider} cannot call {self.model!r}: {text}"
            return Failure(ConfigurationError(message, hint="Check credentials and region of the provider's block."))
        if name in {
            "EndpointConnectionError",
            "ConnectTimeoutError",
            "ConnectionClosedError",
            "ConnectTimeout",
            "ConnectError",
            "APIConnectionError",
            "RemoteProtocolError",
            "ReadError",
            "WriteError",
            "ProxyConnectionError",
            "SSLError",
        } or isinstance(error, ConnectionError):
            hint = "Check the endpoint (base URL, region) of the provider's block, and that its service runs."
            message = f"{self.provider} cannot be reached{f' in {self.region}' if self.region else ''}: {text}"
            return Failure(ProviderError(message, hint=hint), transient=True)
        return None

    def _overloaded(self, text: str) -> ProviderError:
        return ProviderError(
            f"{self.provider} did not answer with {self.model!r}: {text}",
            hint="Ask again later, lower the calls in flight of the provider's block, or name llm.fallback.",
        )


def _answer_text(error: BaseException) -> Any:
    body = getattr(error, "body", None)
    if isinstance(body, dict) and body.get("message"):
        return body["message"]
    return getattr(error, "error", None) or getattr(error, "message", None) or error


def _retry_after(error: BaseException) -> float:
    """Seconds that the header `Retry-After` asks for; a date is not read."""
    headers = getattr(getattr(error, "response", None), "headers", {})
    try:
        return float(headers.get("retry-after", 0))
    except (TypeError, ValueError):
        return 0.0
