"""The tables of OpenAI's parameters: complete, and what the requests really do."""

from typing import Any

import pytest
from openai.types.chat.completion_create_params import CompletionCreateParamsBase
from openai.types.responses.response_create_params import ResponseCreateParamsBase
from pydantic import BaseModel

from serving.chat_request import ChatRequest
from serving.parameters import CHAT, RESPONSES
from serving.responses.request import ResponseRequest

OURS = {"stream", "where"}
"""Beside those of the client's type, which tells streamed requests apart by other means."""
APIS: list[Any] = [
    (CHAT, ChatRequest, CompletionCreateParamsBase, {"messages": [{"role": "user", "content": "How long?"}]}),
    (RESPONSES, ResponseRequest, ResponseCreateParamsBase, {"input": "How long?"}),
]


@pytest.mark.parametrize(("table", "request_type", "clients", "_"), APIS)
def test_every_parameter_of_the_official_client_is_in_the_table(
    table: Any, request_type: type[BaseModel], clients: Any, _: Any
) -> None:
    assert set(table) == set(clients.__annotations__) | OURS
    assert set(request_type.model_fields) == {name for name, told in table.items() if told.effect != "ignored"}


@pytest.mark.parametrize(("table", "request_type", "_", "body"), APIS)
def test_what_the_table_calls_ignored_is_taken_and_named(
    table: Any, request_type: Any, _: Any, body: dict[str, Any]
) -> None:
    for name, told in table.items():
        if told.effect == "ignored":
            request = request_type.model_validate({"model": "m", **body, name: "anything"})
            assert request.ignored() == [name]
