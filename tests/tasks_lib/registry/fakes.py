"""Assistants as models from code: small scripts that behave well or badly, registered as the gate does it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from blocks.local import LocalPlatform
from tasks_lib.assistant.contract.answer import Message
from tasks_lib.assistant.contract.index import IndexInfo
from tasks_lib.assistant.contract.states import IndexStates
from tasks_lib.config.rag import RagConfig
from tasks_lib.dataset.examples import Example, Reference
from tasks_lib.registry.register import CandidateVersion, register
from tasks_lib.registry.tracking import activate, connect

FACTS = [
    (f"holiday {number}", f"On holiday {number} the office closes at {number} o'clock.") for number in range(1, 19)
]
REFUSAL = "I cannot answer that from the documents I have."

SCRIPT = """
import os
import time
from mlflow.models import ModelConfig, set_model
from mlflow.pyfunc import PythonModel
from pydantic import BaseModel


class Message(BaseModel):
    role: str
    content: str


class Conversation(BaseModel):
    messages: list[Message]


FACTS = {facts!r}
REFUSAL = {refusal!r}


def answer(question):
    for number, (name, fact) in enumerate(FACTS):
        if name + "?" in question:
            source = {{"document": f"{{number}}.md", "start": 0, "end": len(fact), "score": 1.0, "content": fact}}
            return {{"response": fact, "source_documents": [source], "refused": False, "guardrails": []}}
    return {{"response": REFUSAL, "source_documents": [], "refused": True, "guardrails": []}}


def stream(question):
    yield {{"piece": "a"}}
    while "for ever" in question:
        time.sleep(0.02)
        yield {{"piece": "more"}}
    yield {{"piece": "b"}}
    yield {{"answer": {{"response": "ab"}}}}


{behaviour}


class Assistant(PythonModel):
    def predict(self, model_input: list[Conversation]) -> list[dict]:
        return [behave(row.messages[-1].content) for row in model_input]


class Streaming(Assistant):
    def predict_stream(self, model_input):
        yield from stream(model_input["messages"][-1]["content"])


set_model({kind}())
"""

GOOD = "behave = answer"
REFUSES_EVERYTHING = "def behave(question):\n    return answer('')"
SAME_PARAGRAPH = """
def behave(question):
    text = "Our office cares about every holiday and closes with great care."
    return {"response": text, "source_documents": [], "refused": "eggs" in question, "guardrails": []}
"""
WRONG_DOCUMENTS = """
def behave(question):
    found = answer(question)
    for source in found["source_documents"]:
        source["document"] = "other.md"
    return found
"""
KNOWS_SIX = """
def behave(question):
    unknown = any(f"holiday {number}?" in question for number in range(7, 19))
    return {**answer("" if unknown else question), "usage": {"input_tokens": 100, "output_tokens": 10}}
"""
KNOWS_ALL_FOR_MORE_TOKENS = """
def behave(question):
    return {**answer(question), "usage": {"input_tokens": 400, "output_tokens": 40}}
"""
LEAKS = """
def behave(question):
    found = answer(question)
    return {**found, "response": question} if "repeat" in question else found
"""
LEAKS_ADDRESSES = """
def behave(question):
    found = answer(question)
    return {**found, "response": question} if "address" in question else found
"""
BREAKS_SCHEMA = """
def behave(question):
    return {"text": answer(question)["response"]}
"""
ANSWERS_EVERYTHING = """
def behave(question):
    found = answer(question)
    return answer("holiday 1?") if found["refused"] else found
"""
ANSWERS_THE_UNANSWERABLE = """
def behave(question):
    return answer("holiday 1?") if "painted" in question else answer(question)
"""
OWN_CODE = """
import tasks_lib

def behave(question):
    if question == "die":
        os._exit(7)
    if question == "raise":
        raise ValueError("boom")
    return {**answer("holiday 1?"), "response": tasks_lib.WHO}
"""


def examples() -> tuple[Example, ...]:
    """Eighteen questions with answers, four without, two off topic."""
    known = [
        Example(
            id=name,
            messages=(Message(role="user", content=f"When does the office close on {name}?"),),
            answer=fact,
            references=(Reference(document=f"{number}.md", start=0, end=len(fact), content=fact),),
        )
        for number, (name, fact) in enumerate(FACTS)
    ]
    unknown = [
        Example(id=f"un{n}", kind="unanswerable", messages=(Message(role="user", content=f"Who painted wall {n}?"),))
        for n in range(4)
    ]
    off = [
        Example(id=f"off{n}", kind="off_topic", messages=(Message(role="user", content=f"How do I boil {n} eggs?"),))
        for n in range(2)
    ]
    return (*known, *unknown, *off)


class BagOfWords:
    """An embedder double: hashed words, so that the same text has the same vector."""

    dimension = 64
    max_tokens = 256

    def embed(self, texts: list[str]) -> list[list[float]]:
        vectors = []
        for text in texts:
            vector = [0.0] * self.dimension
            for word in text.lower().split():
                vector[sum(word.encode()) % self.dimension] += 1.0
            length = sum(value * value for value in vector) ** 0.5 or 1.0
            vectors.append([value / length for value in vector])
        return vectors

    def token_spans(self, text: str) -> list[tuple[int, int]]:
        return [(0, len(text))]


@dataclass(frozen=True)
class FakeIndex:
    """Only what the gate asks of an index."""

    name: str

    def version(self) -> str:
        return "7"

    def exists(self) -> bool:
        return True

    def states(self) -> IndexStates:
        return IndexStates()

    def info(self) -> IndexInfo:
        return IndexInfo(self.name, "7", 1, 1, [""])


@dataclass(frozen=True)
class FakePlatform(LocalPlatform):
    """The local platform, with doubles in place of the index and the embedder."""

    existing: tuple[str, ...] = field(default_factory=lambda: (RagConfig().index_name,))
    judging: Any = field(default=None, compare=False)

    def index(self, rag: RagConfig, *, version: str | None = None) -> Any:
        return FakeIndex(rag.index_name)

    def indexes(self) -> list[str]:
        return list(self.existing)

    def embedder(self, model: str) -> Any:
        return BagOfWords()

    def judge(self) -> Any:
        return self.judging


def script_of(behaviour: str, kind: str = "Assistant") -> str:
    """The model script of a fake assistant."""
    return SCRIPT.format(facts=FACTS, refusal=REFUSAL, behaviour=behaviour, kind=kind)


def write_script(folder: Path, behaviour: str, *, streams: bool = True) -> Path:
    """A models-from-code file that behaves as `behaviour` says."""
    folder.mkdir(parents=True, exist_ok=True)
    script = folder / "assistant.py"
    kind = "Streaming" if streams else "Assistant"
    script.write_text(script_of(behaviour, kind), encoding="utf-8")
    return script


def write_room(folder: Path, who: str) -> Path:
    """A `tasks_lib` that is not the installed one."""
    room = folder / "tasks_lib"
    room.mkdir(parents=True)
    (room / "__init__.py").write_text(f"WHO = {json.dumps(who)}\n", encoding="utf-8")
    return room


def register_fake(
    platform: LocalPlatform,
    folder: Path,
    behaviour: str,
    *,
    rooms: Sequence[Path] = (),
    tags: dict[str, str] | None = None,
    streams: bool = True,
    model: str = "rag-assistant",
    follow: str = "gated",
) -> int:
    """Register an assistant under `candidate`; returns its version."""
    import mlflow

    client = connect(platform, model)
    activate(client)
    script = write_script(folder, behaviour, streams=streams)
    all_tags = {"fingerprint": str(folder), "index": RagConfig().index_name, "index_version": "7", "dataset": "q:1"}
    candidate = CandidateVersion(
        model,
        RagConfig.model_validate({"index": {"follow": follow}}),
        "7",
        script,
        tuple(rooms or [write_room(folder, "unused")]),
        {**all_tags, **(tags or {})},
    )
    with mlflow.start_run():
        return register(client, candidate, "candidate")
