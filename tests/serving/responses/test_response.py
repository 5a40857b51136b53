"""The Responses API as the official client reads it, from the real endpoint."""

from typing import Any

import httpx
import openai
import pytest

from tests.serving.conftest import Endpoint

pytestmark = pytest.mark.slow
MODEL = "rag-assistant"
TEXT = "first says: 27 days. Ask again."


@pytest.fixture
def client(endpoint: Endpoint) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{endpoint.address}/v1", api_key="none", max_retries=0)


def test_the_openai_client_reads_a_whole_response_with_its_citations(client: openai.OpenAI) -> None:
    said = client.responses.create(model=MODEL, input="How long is leave?", metadata={"ticket": "7"})
    assert (said.output_text, said.status, said.model) == (TEXT, "completed", f"{MODEL}/1")
    assert said.metadata == {"ticket": "7"}
    assert said.usage is not None
    assert (said.usage.input_tokens, said.usage.output_tokens, said.usage.total_tokens) == (7, 3, 10)
    told = said.model_dump()
    (cited,) = told["output"][0]["content"][0]["annotations"]
    assert (cited["type"], cited["filename"], cited["index"]) == ("file_citation", "leave.md", len(TEXT))
    assert told["trace_id"].startswith("tr-")
    raw = client.responses.with_raw_response.create(model=MODEL, input="x?", instructions="Be brief.")
    assert raw.headers["X-Ignored-Fields"] == "instructions"


def test_the_openai_client_reads_a_streamed_response_event_by_event(client: openai.OpenAI) -> None:
    with client.responses.stream(model=MODEL, input="How long is leave?") as stream:
        events = list(stream)
        final = stream.get_final_response()
    kinds = [event.type for event in events]
    assert kinds[:4] == [
        "response.created",
        "response.in_progress",
        "response.output_item.added",
        "response.content_part.added",
    ]
    assert kinds[-5:] == [
        "response.output_text.annotation.added",
        "response.output_text.done",
        "response.content_part.done",
        "response.output_item.done",
        "response.completed",
    ]
    assert "".join(event.delta for event in events if event.type == "response.output_text.delta").strip() == TEXT
    assert kinds.count("response.output_text.delta") > 2
    assert [event.sequence_number for event in events if hasattr(event, "sequence_number")] == list(range(len(events)))
    assert final.output_text == TEXT


def test_a_response_ends_at_its_most_tokens_and_says_so(client: openai.OpenAI) -> None:
    asked: Any = {"model": MODEL, "input": "How long is leave?", "max_output_tokens": 4}
    whole = client.responses.create(**asked)
    *_, last = client.responses.create(**asked, stream=True)
    for said in (whole, last.response):
        assert (said.output_text, said.status) == ("first says: 27", "incomplete")
        assert said.incomplete_details.reason == "max_output_tokens"
    assert last.type == "response.incomplete"
    chat = client.chat.completions.create(
        model=MODEL, messages=[{"role": "user", "content": "How long is leave?"}], max_completion_tokens=4
    )
    assert (chat.choices[0].message.content, chat.choices[0].finish_reason) == ("first says: 27", "length")


def test_errors_of_responses_have_openais_shape(client: openai.OpenAI, endpoint: Endpoint) -> None:
    ask: Any = client.responses.create
    with pytest.raises(openai.NotFoundError, match="'gpt' does not exist"):
        ask(model="gpt", input="x")
    with pytest.raises(openai.BadRequestError, match="keeps no responses") as refused:
        ask(model=MODEL, input="x", previous_response_id="resp_1")
    assert refused.value.param == "previous_response_id"
    with pytest.raises(openai.BadRequestError, match="answers in text, not as 'json_object'") as form:
        ask(model=MODEL, input="x", text={"format": {"type": "json_object"}})
    assert (form.value.param, form.value.code) == ("text.format", "unsupported_value")
    with pytest.raises(openai.InternalServerError, match="ValueError: boom"):
        ask(model=MODEL, input="raise")
    for body in (b"{", b"[]", b'{"model": 5, "input": {}}', b""):
        sent = httpx.post(f"{endpoint.address}/v1/responses", content=body)
        assert (sent.status_code, sent.json()["error"]["type"]) == (400, "invalid_request_error")
    with pytest.raises(openai.NotFoundError, match="There is no GET /v1/responses/resp_1"):
        client.responses.retrieve("resp_1")
