"""A language model that reads: for tests that need answers as good as a gate asks for, behind any provider's stub."""

import re
from functools import cache

from haystack import Document

from tasks_lib.assistant.answering.extractive import CALIBRATED_THRESHOLD, ExtractiveAnswerer
from tasks_lib.assistant.answering.follow_up import standalone_question
from tasks_lib.assistant.answering.prompt import NO_ANSWER
from tasks_lib.assistant.contract.answer import Message
from tasks_lib.assistant.embedders.minilm import MiniLM

PASSAGE = re.compile(r"^\[(\d+)\] (.*)$", re.MULTILINE)
TURN = re.compile(r"^(user|assistant): ", re.MULTILINE)


@cache
def _answerer() -> ExtractiveAnswerer:
    return ExtractiveAnswerer(MiniLM())


def read(prompt: str) -> str:
    """The sentences of the passages that answer the question, with the number of the first; `NO_ANSWER` if none does.

    Understands the default prompt, and the one that makes a follow-up question stand alone.
    """
    conversation, _, _ = prompt.partition("Conversation:\n")[2].rpartition("\n\nQuestion:")
    if conversation:
        return standalone_question(_messages(conversation), 6)
    passages, _, asked = prompt.partition("Passages:\n")[2].rpartition("\nQuestion: ")
    question = asked.splitlines()[0] if asked else ""
    documents = _documents(passages)
    if not question or not documents:
        return "Hello from the stub."
    answerer = _answerer()
    found = answerer.run(question, answerer.embedder.embed([question])[0], documents)
    if found["evidence"] < CALIBRATED_THRESHOLD:
        return NO_ANSWER
    return f"{found['text']} [{found['documents'][0].meta['number']}]"


def _documents(passages: str) -> list[Document]:
    _, *parts = PASSAGE.split(passages)
    found = []
    for number, title, content in zip(parts[::3], parts[1::3], parts[2::3], strict=True):
        name, _, heading = title.partition(" > ")
        meta = {"number": number, "title": name, "heading": heading or None}
        found.append(Document(content=content.strip(), meta=meta, score=1 / int(number)))
    return found


def _messages(conversation: str) -> list[Message]:
    _, *parts = TURN.split(conversation)
    return [
        Message.model_validate({"role": role, "content": content.strip()})
        for role, content in zip(parts[::2], parts[1::2], strict=True)
    ]
