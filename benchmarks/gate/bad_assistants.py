"""Does a set that was made without a model tell bad assistants from good ones? Seven, on each kind of documents.

    PYTHONPATH=.:benchmarks/questions python benchmarks/gate/bad_assistants.py [DATA] [CORPUS …] [--homes FOLDER]

Nothing is in production, so that thresholds and validation alone decide, as at the first deployment: with a production
version the comparison comes on top. Validation, scoring and decision are the gate's own; the assistants answer in this
process instead of one of their own, and are not registered. `honest` is the product's own assistant without a model.
"""

import argparse
import json
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from difficulty import CORPORA, made_set, platform_over
from haystack.dataclasses import ChatMessage

from blocks.local import LocalPlatform
from tasks_lib.assistant.contract.answer import Message
from tasks_lib.assistant.pipeline import build_assistant
from tasks_lib.config.gate import GateConfig
from tasks_lib.config.settings import Settings
from tasks_lib.dataset.examples import Example
from tasks_lib.errors import LlmopsError, VersionError
from tasks_lib.gate.asking import predict
from tasks_lib.gate.decide import Decision, decide, rejected
from tasks_lib.gate.evaluate import measurement_of
from tasks_lib.gate.pipeline import evaluation_pipeline
from tasks_lib.gate.scores import evaluate
from tasks_lib.gate.validate import validate
from tasks_lib.registry.process import VersionContract, VersionFailure, VersionReply
from tests.stubs.judges import knowing

Answer = dict[str, Any]
Behaviour = Callable[[str, Answer], Answer]
"""What an assistant makes of a question and the honest answer to it."""
PARAGRAPH = "We care about this topic very much, and the documents describe it with great care in several places."
REFUSAL = "I cannot answer that from the documents I have."


def refuses_everything(_: str, honest: Answer) -> Answer:
    return {**honest, "response": REFUSAL, "source_documents": [], "refused": True}


def same_paragraph(_: str, honest: Answer) -> Answer:
    return {**honest, "response": honest["response"] if honest["refused"] else PARAGRAPH}


def wrong_documents(_: str, honest: Answer) -> Answer:
    sources = [{**source, "document": "other.md", "start": 0, "end": 1} for source in honest["source_documents"]]
    return {**honest, "source_documents": sources}


def answers_the_unanswerable(_: str, honest: Answer) -> Answer:
    return {**honest, "response": PARAGRAPH, "refused": False} if honest["refused"] else honest


def leaks(question: str, honest: Answer) -> Answer:
    return {**honest, "response": question, "refused": False} if "repeat" in question else honest


def breaks_the_schema(_: str, honest: Answer) -> Answer:
    return {"text": honest["response"]}


def as_it_is(_: str, honest: Answer) -> Answer:
    return honest


BEHAVIOURS: dict[str, Behaviour] = {
    "refuses everything": refuses_everything,
    "one paragraph for all": same_paragraph,
    "wrong documents": wrong_documents,
    "answers the unanswerable": answers_the_unanswerable,
    "scorer fails on some": as_it_is,
    "leaks what was planted": leaks,
    "breaks the schema": breaks_the_schema,
    "honest": as_it_is,
}


class Asked:
    """An assistant in this process, asked as the gate asks one in its own; honest answers are made once."""

    contract = VersionContract({"messages": []}, {"response": ""}, [{"messages": [{"role": "user", "content": "Hi"}]}])
    alive = True

    def __init__(self, honest: Callable[[Sequence[Any]], Answer], behaviour: Behaviour) -> None:
        self._honest, self._behaviour = honest, behaviour

    def ask(self, messages: Sequence[Any], _: float) -> VersionReply:
        """As of a version's process."""
        started = time.perf_counter()
        try:
            answer = self._behaviour(messages[-1]["content"], self._honest(messages))
        except LlmopsError as error:
            return VersionReply(None, VersionFailure(type(error).__name__, error.message), None, 0.0)
        return VersionReply(answer, None, None, time.perf_counter() - started)


def honest_answers(platform: LocalPlatform) -> Callable[[Sequence[Any]], Answer]:
    """The product's own assistant, which is asked each question once."""
    assistant = build_assistant(Settings().rag, platform)
    known: dict[str, Answer] = {}

    def answer(messages: Sequence[Any]) -> Answer:
        key = json.dumps(messages)
        if key not in known:
            known[key] = assistant.answer([Message(**message) for message in messages]).model_dump(mode="json")
        return known[key]

    return answer


def late_for_some(messages: list[ChatMessage]) -> str:
    """A judge whose reply cannot be read for one answer in eight."""
    text = messages[-1].text or ""
    if len(text) % 8 == 0:
        return "I would rather not say."
    names = re.findall(r"^- (judge_\w+):", text, re.MULTILINE)
    return json.dumps({name: {"score": 1, "reason": "good"} for name in names})


@dataclass(frozen=True)
class JudgedPlatform(LocalPlatform):
    """The local platform with a judge."""

    def judge(self) -> Any:
        """One that proves itself, and fails on some answers."""
        return knowing(late_for_some)


def decided(platform: LocalPlatform, asked: Asked, examples: Sequence[Example]) -> Decision:
    """Validate, evaluate and decide, as at a first deployment."""
    gate = GateConfig(concurrency=1)
    failed = [check for check in validate(asked, examples, gate) if not check.ok]  # type: ignore[arg-type]
    if failed:
        return rejected([f"validation failed: {failed[0].name}: {failed[0].detail}"])
    try:
        predictions = predict(asked, examples, gate, "ask")  # type: ignore[arg-type]
    except VersionError as error:
        return rejected([str(error)])
    pipeline = evaluation_pipeline(platform, Settings())
    scores = evaluate(pipeline, predictions)
    return decide(measurement_of(pipeline, predictions, scores, version=1, primary=gate.primary), None, gate)


def main() -> None:
    """A table: corpora by assistants."""
    parser = argparse.ArgumentParser()
    default = Path(__file__).resolve().parents[3] / "shared" / "data"
    parser.add_argument("data", nargs="?", type=Path, default=default)
    parser.add_argument("corpora", nargs="*", default=CORPORA)
    parser.add_argument("--size", type=int, default=60)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--homes", type=Path, help="Folder in which the indexes are kept.")
    arguments = parser.parse_args()
    for corpus in arguments.corpora:
        platform = platform_over(corpus, arguments.data, arguments.homes)
        examples = made_set(platform, arguments.size, arguments.seed)
        honest = honest_answers(platform)
        print(f"{corpus} ({len(examples)} questions)", flush=True)
        for name, behaviour in BEHAVIOURS.items():
            place = JudgedPlatform(platform.home) if name.startswith("scorer") else platform
            decision = decided(place, Asked(honest, behaviour), examples)
            print(f"    {name:<26}{decision.decision:<10}{decision.reasons[0][:110]}", flush=True)


if __name__ == "__main__":
    main()
