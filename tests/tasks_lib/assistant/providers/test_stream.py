"""What a model says reaches its reader in whole characters, whole and in pieces."""

import asyncio

from haystack.dataclasses import ChatMessage, StreamingChunk
from hypothesis import given
from hypothesis import strategies as st

from tasks_lib.assistant.providers.stream import FIRST_HALVES, Stream, with_whole_characters
from tasks_lib.text.forms import encodable

SAID = st.lists(st.text(st.characters(codec="utf-8") | st.characters(categories=["Cs"]), max_size=4), max_size=6)


@given(SAID)
def test_pieces_are_whole_characters_wherever_a_server_cuts_them(pieces: list[str]) -> None:
    got: list[str] = []
    stream = Stream(lambda chunk: got.append(chunk.content))
    for piece in pieces:
        stream.forward(StreamingChunk(piece))
    whole = "".join(pieces)
    waiting = bool(whole) and FIRST_HALVES[0] <= whole[-1] <= FIRST_HALVES[1]
    assert "".join(got) == encodable(whole[:-1] if waiting else whole)
    assert len(got) == len(pieces)


def test_so_are_those_of_an_asynchronous_call() -> None:
    got: list[str] = []

    async def keep(chunk: StreamingChunk) -> None:
        got.append(chunk.content)

    stream = Stream(keep)
    for piece in ("27 days \ud83d", "\ude00", "!"):
        asyncio.run(stream.forward_async(StreamingChunk(piece)))
    assert got == ["27 days ", "😀", "!"]


@given(st.text(st.characters(codec="utf-8") | st.characters(categories=["Cs"]), max_size=8))
def test_a_reply_keeps_what_is_known_of_it(text: str) -> None:
    reply = with_whole_characters(ChatMessage.from_assistant(text, meta={"usage": 7}, name="stub"))
    assert (reply.text, reply.meta, reply.name) == (encodable(text), {"usage": 7}, "stub")
