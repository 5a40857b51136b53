"""The LitServe API: a request becomes one question to the production version, which runs in a process of its own."""

from typing import Any

from litserve import LitAPI
from pydantic import BaseModel, ConfigDict, Field

from blocks.resolve import resolve_platform
from tasks_lib.registry.live import require_live
from tasks_lib.registry.process import VersionProcess
from tasks_lib.registry.tracking import connect


class RequestMessage(BaseModel):
    """One turn."""

    model_config = ConfigDict(extra="ignore")

    role: str = Field(pattern="^(system|user|assistant)$")
    content: str = Field(max_length=20_000)


class PredictRequest(BaseModel):
    """The conversation so far. Other keys are ignored: a request never chooses a store, a model or a prompt."""

    model_config = ConfigDict(extra="ignore")

    messages: list[RequestMessage] = Field(min_length=1, max_length=200)


class AssistantAPI(LitAPI):
    """Answers with the version behind the production alias as it was when the worker started.

    :param platform: Name of the platform.
    :param model: Registered model.
    :param alias: Alias of the live version.
    :param timeout_seconds: Deadline of one answer.
    """

    def __init__(self, *, platform: str, model: str, alias: str, timeout_seconds: float) -> None:
        super().__init__(api_path="/predict")
        self.platform_name = platform
        self.model_name = model
        self.alias = alias
        self.timeout_seconds = timeout_seconds

    def setup(self, device: str) -> None:  # noqa: ARG002  (LitServe's signature)
        """Start the version's process; runs in the worker."""
        platform = resolve_platform(self.platform_name)
        live = require_live(connect(platform), self.model_name, self.alias)
        self.model_uri = live.uri
        self.process = VersionProcess(
            live.uri,
            platform_name=platform.name,
            tracking_uri=platform.tracking_uri(),
            source="production",
            version=str(live.version),
            index=live.rag.index_name,
            workers=1,
        )
        self.process.start()

    def decode_request(self, request: PredictRequest, **_: Any) -> list[dict[str, str]]:
        """The turns as the version takes them."""
        return [message.model_dump() for message in request.messages]

    def predict(self, x: list[dict[str, str]], **_: Any) -> dict[str, Any]:
        """Ask the version."""
        reply = self.process.ask(x, self.timeout_seconds)
        if reply.error:
            return {"error": reply.error, "trace_id": reply.trace_id}
        return {**(reply.answer or {}), "model_uri": self.model_uri, "trace_id": reply.trace_id}

    def encode_response(self, output: dict[str, Any], **_: Any) -> dict[str, Any]:
        """The answer; a failed one is a 503 that says so."""
        if "error" in output:
            from fastapi import HTTPException

            raise HTTPException(status_code=503, detail=f"The assistant could not answer: {output['error']}")
        return output
