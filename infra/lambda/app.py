"""The endpoint on AWS Lambda: `/predict` alone, since LitServe's processes need shared memory and Lambda has none.

A worker of Lambda answers one request at a time, and each version runs in a process of its own, as it does everywhere.
`LLMOPS_MODEL` names the assistant, or several, separated by commas; their versions share the function's memory.
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI, HTTPException, Request

from blocks.key_stores import outside_key_store
from serving.access import AccessGuard
from serving.callers import Callers
from serving.choice import chosen_name
from serving.limits import RateLimits
from serving.live import Production
from serving.shapes import PredictRequest, PredictResponse
from tasks_lib.config.key_ring import key_ring
from tasks_lib.errors import LlmopsError
from tasks_lib.quiet import keep_quiet
from tasks_lib.registry.process import VersionReply

LARGEST_BODY = 2**20
PLATFORM = os.environ.get("LLMOPS_PLATFORM", "team")
TIMEOUT_SECONDS = float(os.environ.get("LLMOPS_TIMEOUT_SECONDS", "60"))

keep_quiet()
assistants = {
    name: Production(
        PLATFORM,
        name,
        os.environ.get("LLMOPS_ALIAS", "production"),
        threads=1,
        poll_seconds=60.0,
    )
    for name in os.environ.get("LLMOPS_MODEL", "rag-assistant").replace(",", " ").split()
}


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    """Load the versions before the adapter sends requests; one of several that does not load stops no other."""
    for production in assistants.values():
        production.start(required=len(assistants) == 1)
    yield
    for production in assistants.values():
        production.close()


app = FastAPI(title=", ".join(assistants), lifespan=lifespan)
# keys are always asked for: whoever knows a function's address reaches it
callers = Callers(key_ring("every address", outside_key_store(PLATFORM)))
app.add_middleware(AccessGuard, callers=callers, limits=RateLimits(), largest_body=LARGEST_BODY)


@app.get("/ready")
def ready() -> dict[str, str]:
    """The versions that come up are loaded."""
    return {"status": "ready"}


@app.post("/predict", response_model=PredictResponse)
def predict(body: PredictRequest, request: Request) -> Any:
    """Answer the last message of the conversation. With several assistants, `assistant` names one."""
    name = chosen_name(request, assistants, body.assistant)
    try:
        for item in assistants[name].stream(body.turns(), TIMEOUT_SECONDS, lambda: False):
            if isinstance(item, tuple):
                return _response(item[0].uri, item[1])
    except LlmopsError as error:
        raise HTTPException(503, error.message) from None
    raise HTTPException(503, "The version gave no answer.")


def _response(model_uri: str, reply: VersionReply) -> dict[str, Any]:
    if reply.error is not None:
        raise HTTPException(503, "The version failed.")
    return {**(reply.answer or {}), "model_uri": model_uri, "trace_id": reply.trace_id}
