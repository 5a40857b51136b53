"""The same guarded pipeline behind what a user could have chosen instead: bare FastAPI, and bare LitServe.

Started by `throughput.py`: `python contenders.py fastapi|litserve --port N --workers N [--traced]`.
"""

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import litserve
import uvicorn
from fastapi import FastAPI

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
TRACED = "LLMOPS_BENCHMARK_TRACED"

if TYPE_CHECKING:
    from tasks_lib.assistant.answering.assistant import Assistant


def build() -> "Assistant":
    """The default assistant on the local platform, as the production version builds it."""
    from blocks.resolve import resolve_platform
    from tasks_lib.assistant.answering.trace_masking import mask_traces
    from tasks_lib.assistant.answering.tracing import trace_into_mlflow
    from tasks_lib.assistant.pipeline import build_assistant
    from tasks_lib.config.rag import RagConfig
    from tasks_lib.registry.tracking import activate, connect

    rag, platform = RagConfig(), resolve_platform("local")
    assistant = build_assistant(rag, platform)
    assistant.warm_up()
    if os.environ.get(TRACED):
        activate(connect(platform, "rag-assistant"))
        mask_traces(rag.guardrails.personal_data)
        trace_into_mlflow()
    return assistant


def answer(assistant: "Assistant", body: dict[str, Any]) -> dict[str, Any]:
    """One answer."""
    from tasks_lib.assistant.answering.conversation import messages_of

    payload: dict[str, Any] = assistant.answer(messages_of(body["messages"])).payload()
    return payload


class Bare(litserve.LitAPI):
    """The pipeline in LitServe as its documentation shows it."""

    def setup(self, device: str) -> None:  # noqa: ARG002  (LitServe's signature)
        """Build the assistant."""
        self.assistant = build()

    def decode_request(self, request: dict[str, Any]) -> dict[str, Any]:
        """The body as it is."""
        return request

    def predict(self, x: dict[str, Any]) -> dict[str, Any]:
        """Answer."""
        return answer(self.assistant, x)

    def encode_response(self, output: dict[str, Any]) -> dict[str, Any]:
        """The answer as it is."""
        return output


def fastapi_app() -> FastAPI:
    """The pipeline in FastAPI: a route that runs in a thread."""
    app, assistant = FastAPI(), build()

    @app.post("/predict")
    def predict(body: dict[str, Any]) -> dict[str, Any]:
        return answer(assistant, body)

    @app.get("/health")
    def health() -> dict[str, str]:
        return {"status": "alive"}

    return app


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("kind", choices=["fastapi", "litserve"])
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--traced", action="store_true")
    options = parser.parse_args()
    if options.traced:
        os.environ[TRACED] = "1"
    if options.kind == "litserve":
        server = litserve.LitServer(Bare(), accelerator="cpu", workers_per_device=options.workers)
        server.run(
            host="127.0.0.1", port=options.port, num_api_servers=1, generate_client_file=False, log_level="warning"
        )
        return
    sys.path.insert(0, str(Path(__file__).parent))
    uvicorn.run(
        "contenders:fastapi_app",
        factory=True,
        port=options.port,
        workers=options.workers,
        log_level="warning",
    )


if __name__ == "__main__":
    main()
