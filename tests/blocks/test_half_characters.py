"""A server that sends half an emoji, whole or in a stream."""

import pytest
from haystack.dataclasses import ChatMessage, StreamingChunk

from blocks.chat_generator import chat_generator_of
from blocks.openai import OpenAICompatibleModels
from tasks_lib.config.rag import LlmConfig
from tests.stubs.openai_api import OpenAIStub


@pytest.mark.parametrize("streamed", [False, True])
def test_half_a_character_of_a_server_is_shown_as_none(streamed: bool) -> None:
    pieces: list[StreamingChunk] = []
    with OpenAIStub() as stub:
        stub.complete = lambda prompt: "Leave is 27 \ud83d days."
        models = OpenAICompatibleModels(base_url=stub.url, provider="stub")
        generator = chat_generator_of(models, LlmConfig(model="stub/stub-chat"))
        assert generator is not None
        asked = {"messages": [ChatMessage.from_user("How long is leave?")]}
        callback = {"streaming_callback": pieces.append} if streamed else {}
        reply = generator.run(**asked, **callback)["replies"][0]
    assert reply.text == "Leave is 27 � days."
    assert bool(pieces) is streamed
    assert "".join(piece.content for piece in pieces) in {"", reply.text}
