"""Bedrock's runtime on a local HTTP server: Converse, ConverseStream, and the embedders of Titan and Cohere.

The script knows `throttle`, `throttle-stream` (after the first words), `denied`, `expired`, `invalid`, `unknown-model`,
`busy` (HTTP 503), `slow-stream` and `hang`.
"""

import json
import struct
import zlib
from typing import Any

from tests.stubs.model import count_tokens, embed, pieces
from tests.stubs.server import Request, Responder, StubServer

ERRORS = {
    "throttle": (429, "ThrottlingException", "Too many requests, please wait before trying again."),
    "denied": (403, "AccessDeniedException", "You don't have access to the model with the specified model ID."),
    "expired": (403, "ExpiredTokenException", "The security token included in the request is expired"),
    "invalid": (400, "ValidationException", "The provided request is not valid."),
    "unknown-model": (400, "ValidationException", "The provided model identifier is invalid."),
    "busy": (503, "ServiceUnavailableException", "Service is unavailable."),
}
EVENT_STREAM = "application/vnd.amazon.eventstream"
DIMENSION = 1024


class BedrockStub(StubServer):
    """Speaks for the runtime. `echo_key` puts the caller's authorisation into error messages."""

    echo_key = False

    def answer(self, request: Request, word: str, out: Responder) -> None:
        """Route by path: `/model/{id}/{operation}`."""
        _, _, model, operation = request.path.split("/", 3)
        if word in ERRORS:
            status, code, message = ERRORS[word]
            if self.echo_key:
                message += f" {request.headers.get('X-Amz-Security-Token', '')}"
            out.json({"message": message}, status, x_amzn_ErrorType=code)
        elif operation == "invoke":
            self._embed(model, request.body, out)
        elif operation == "converse":
            text, usage = self._completion(request.body)
            out.json(
                {
                    "output": {"message": {"role": "assistant", "content": [{"text": text}]}},
                    "stopReason": "end_turn",
                    "usage": usage,
                    "metrics": {"latencyMs": 5},
                }
            )
        else:
            self._stream(request.body, word, out)

    def _stream(self, body: dict[str, Any], word: str, out: Responder) -> None:
        text, usage = self._completion(body)
        out.start_stream(EVENT_STREAM)
        out.chunk(event("messageStart", {"role": "assistant"}))
        for number, piece in enumerate(pieces(text)):
            if word == "throttle-stream" and number == 1:
                out.chunk(failure("throttlingException", "Too many requests."))
                out.end_stream()
                return
            if word == "slow-stream":
                self.wait(0.3)
            out.chunk(event("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": piece}}))
        out.chunk(event("contentBlockStop", {"contentBlockIndex": 0}))
        out.chunk(event("messageStop", {"stopReason": "end_turn"}))
        out.chunk(event("metadata", {"usage": usage, "metrics": {"latencyMs": 5}}))
        out.end_stream()

    def _completion(self, body: dict[str, Any]) -> tuple[str, dict[str, int]]:
        parts = [part["text"] for message in body["messages"] for part in message["content"] if "text" in part]
        prompt = "\n".join([part["text"] for part in body.get("system", [])] + parts)
        text = self.complete(prompt)
        for stop in body.get("inferenceConfig", {}).get("stopSequences", []):
            text = text.split(stop)[0]
        read, written = count_tokens(prompt), count_tokens(text)
        return text, {"inputTokens": read, "outputTokens": written, "totalTokens": read + written}

    def _embed(self, model: str, body: dict[str, Any], out: Responder) -> None:
        texts = body.get("texts") or [body["inputText"]]
        dimension = body.get("dimensions", DIMENSION)
        vectors = [embed(text, dimension) for text in texts]
        tokens = sum(count_tokens(text) for text in texts)
        count = {"X_Amzn_Bedrock_Input_Token_Count": str(tokens)}
        if "cohere" in model:
            out.json({"id": "1", "texts": texts, "embeddings": vectors}, **count)
        else:
            out.json({"embedding": vectors[0], "inputTextTokenCount": tokens}, **count)


def event(kind: str, payload: dict[str, Any]) -> bytes:
    """A message of the event stream."""
    headers = {":message-type": "event", ":event-type": kind, ":content-type": "application/json"}
    return _framed(headers, json.dumps(payload).encode())


def failure(kind: str, message: str) -> bytes:
    """A message that ends the stream with an exception."""
    headers = {":message-type": "exception", ":exception-type": kind, ":content-type": "application/json"}
    return _framed(headers, json.dumps({"message": message}).encode())


def _framed(headers: dict[str, str], payload: bytes) -> bytes:
    """Prelude (both lengths and their CRC-32), headers of type string (7), payload, CRC-32 of everything before it."""
    head = b"".join(
        struct.pack("!B", len(name)) + name.encode() + struct.pack("!BH", 7, len(value)) + value.encode()
        for name, value in headers.items()
    )
    lengths = struct.pack("!II", 12 + len(head) + len(payload) + 4, len(head))
    message = lengths + struct.pack("!I", zlib.crc32(lengths)) + head + payload
    return message + struct.pack("!I", zlib.crc32(message))
