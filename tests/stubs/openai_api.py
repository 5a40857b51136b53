"""OpenAI's API on a local HTTP server: models, chat completions (streamed too) and embeddings.

The script knows `throttle`, `spent`, `wrong-key` (which repeats the key, as some servers do), `unknown-model`,
`no-schemas` (HTTP 400), `broken` (HTTP 500), `cut` (a reply that met its token limit) and `hang`. With
`knows_schemas` unset every request for a schema is refused.
"""

import json
from typing import Any

from tests.stubs.model import count_tokens, embed, pieces
from tests.stubs.server import Request, Responder, StubServer

DIMENSION = 256
MODELS = ("stub-chat", "stub-embed")


class OpenAIStub(StubServer):
    """Speaks for the server; `url` ends in `/v1`."""

    def __init__(self, *script: str) -> None:
        super().__init__(*script)
        self.url += "/v1"
        self.knows_schemas = True

    def answer(self, request: Request, word: str, out: Responder) -> None:
        """Route by path."""
        errors = {
            "throttle": (429, "rate_limit_exceeded", "Rate limit reached."),
            "spent": (429, "insufficient_quota", "You exceeded your current quota."),
            "wrong-key": (401, "invalid_api_key", f"Incorrect API key: {request.headers.get('Authorization', '')}"),
            "unknown-model": (404, "model_not_found", "The model does not exist."),
            "no-schemas": (400, "invalid_request_error", "'response_format' of type 'json_schema' is not supported."),
            "broken": (500, "server_error", "The server had an error."),
        }
        if not self.knows_schemas and "response_format" in request.body:
            word = "no-schemas"
        if word in errors:
            status, code, message = errors[word]
            out.json({"error": {"message": message, "type": code, "code": code}}, status)
        elif request.path.endswith("/models"):
            out.json({"object": "list", "data": [{"id": name, "object": "model"} for name in MODELS]})
        elif request.path.endswith("/embeddings"):
            self._embed(request.body, out)
        else:
            self._chat(request.body, word, out)

    def _chat(self, body: dict[str, Any], word: str, out: Responder) -> None:
        prompt = "\n".join(message["content"] for message in body["messages"])
        text = self.complete(prompt)
        read, written = count_tokens(prompt), count_tokens(text)
        usage = {"prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written}
        base = {"id": "1", "created": 1, "model": body["model"]}
        if not body.get("stream"):
            reason = "length" if word == "cut" else "stop"
            choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": reason}
            out.json({**base, "object": "chat.completion", "choices": [choice], "usage": usage})
            return
        out.start_stream("text/event-stream")
        chunk = {**base, "object": "chat.completion.chunk"}
        deltas: list[tuple[dict[str, str], str | None]] = [({"role": "assistant", "content": ""}, None)]
        deltas += [({"content": piece}, None) for piece in pieces(text)]
        for delta, reason in [*deltas, ({}, "stop")]:
            choice = {"index": 0, "delta": delta, "finish_reason": reason}
            out.chunk(_sent({**chunk, "choices": [choice]}))
        if body.get("stream_options", {}).get("include_usage"):
            out.chunk(_sent({**chunk, "choices": [], "usage": usage}))
        out.chunk(b"data: [DONE]\n\n")
        out.end_stream()

    def _embed(self, body: dict[str, Any], out: Responder) -> None:
        data = [
            {"object": "embedding", "index": number, "embedding": embed(text, DIMENSION)}
            for number, text in enumerate(body["input"])
        ]
        tokens = sum(count_tokens(text) for text in body["input"])
        usage = {"prompt_tokens": tokens, "total_tokens": tokens}
        out.json({"object": "list", "model": body["model"], "data": data, "usage": usage})


def _sent(message: dict[str, Any]) -> bytes:
    return f"data: {json.dumps(message)}\n\n".encode()
