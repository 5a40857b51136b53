"""Ollama's API on a local HTTP server: tags, chat (streamed too) and embed.

The script knows `busy` (HTTP 503), `unknown-model` (HTTP 404), `no-schemas` (HTTP 400),
`broken` (HTTP 500) and `hang`.
"""

import json
from typing import Any

from tests.stubs.model import count_tokens, embed, pieces
from tests.stubs.server import Request, Responder, StubServer

DIMENSION = 128
ERRORS = {
    "busy": (503, "server busy, please try again."),
    "unknown-model": (404, 'model "nothing" not found, try pulling it first'),
    "no-schemas": (400, 'invalid format: expected "json" or a JSON schema'),
    "broken": (500, "the runner process has terminated"),
}


class OllamaStub(StubServer):
    """Speaks for the server."""

    def answer(self, request: Request, word: str, out: Responder) -> None:
        """Route by path."""
        if word in ERRORS:
            status, message = ERRORS[word]
            out.json({"error": message}, status)
        elif request.path == "/api/tags":
            out.json({"models": [{"model": "stub-chat:latest", "name": "stub-chat:latest"}]})
        elif request.path == "/api/embed":
            texts = request.body["input"]
            texts = [texts] if isinstance(texts, str) else texts
            vectors = [embed(text, DIMENSION) for text in texts]
            tokens = sum(count_tokens(text) for text in texts)
            out.json({"model": request.body["model"], "embeddings": vectors, "prompt_eval_count": tokens})
        else:
            self._chat(request.body, out)

    def _chat(self, body: dict[str, Any], out: Responder) -> None:
        prompt = "\n".join(message["content"] for message in body["messages"])
        text = self.complete(prompt)
        base = {"model": body["model"], "created_at": "2026-01-01T00:00:00Z"}
        end = {
            "done": True,
            "done_reason": "stop",
            "prompt_eval_count": count_tokens(prompt),
            "eval_count": count_tokens(text),
        }
        if not body.get("stream"):
            out.json({**base, "message": {"role": "assistant", "content": text}, **end})
            return
        out.start_stream("application/x-ndjson")
        for piece in pieces(text):
            message = {"role": "assistant", "content": piece}
            out.chunk(json.dumps({**base, "message": message, "done": False}).encode() + b"\n")
        out.chunk(json.dumps({**base, "message": {"role": "assistant", "content": ""}, **end}).encode() + b"\n")
        out.end_stream()
