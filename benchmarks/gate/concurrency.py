"""How much faster the gate asks its questions at once than one after the other.

A version with the whole pipeline (MiniLM, LanceDB, guardrails, prompt) whose language model is a local server that
takes 500 ms a call, asked all questions in its own process by the gate's own `predict`. The serial time is measured in
the same run, on a part of the questions; the clock starts when the process is ready and has answered once.

    python benchmarks/gate/concurrency.py --home HOME [--questions 200] [--concurrency 16]

HOME is an `LLMOPS_HOME` with an index, as `llmops ingest` or `llmops demo` leaves it; it is copied.
"""

import argparse
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
os.environ |= {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "1"}
os.environ |= {"HAYSTACK_TELEMETRY_ENABLED": "False"}
CALL_SECONDS = 0.5
SERIAL_SHARE = 8

VERSION = """
import os
from dataclasses import dataclass

from mlflow.models import set_model

from blocks.rag_assistant import RagAssistant
from blocks.chat_generator import chat_generator_of
from blocks.local import LocalPlatform
from blocks.openai import OpenAICompatibleModels


class StubbedPlatform(LocalPlatform):
    def chat_generator(self, llm):
        models = OpenAICompatibleModels(provider="stub", base_url=os.environ["STUB_URL"], calls_in_flight=64)
        return chat_generator_of(models, llm)


class Assistant(RagAssistant):
    def load_context(self, context):
        import blocks.resolve

        blocks.resolve.resolve_platform = lambda name: StubbedPlatform()
        super().load_context(context)


set_model(Assistant())
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--questions", type=int, default=200)
    parser.add_argument("--concurrency", type=int, default=16)
    options = parser.parse_args()
    work = Path(tempfile.mkdtemp(prefix="llmops-concurrency-"))
    try:
        run(work, options.home, options.questions, options.concurrency)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def run(work: Path, home: Path, questions: int, concurrency: int) -> None:
    from flows.deploy import CODE_PATHS
    from tasks_lib.config.gate import GateConfig
    from tasks_lib.config.settings import Settings
    from tasks_lib.gate.asking import predict
    from tests.stubs.openai_api import OpenAIStub

    class SlowStub(OpenAIStub):
        def answer(self, request: Any, word: str, out: Any) -> None:
            time.sleep(CALL_SECONDS)
            super().answer(request, word, out)

    (work / "home").mkdir()
    shutil.copytree(home / "lancedb", work / "home" / "lancedb")
    os.environ["LLMOPS_HOME"] = str(work / "home")
    settings = Settings.model_validate({"llm": {"model": "stub/stub-chat"}})
    with SlowStub() as stub:
        os.environ["STUB_URL"] = stub.url
        process, examples = prepare(work, settings.rag, CODE_PATHS, questions, concurrency)
        with process:
            predict(process, examples[:concurrency], GateConfig(concurrency=concurrency), "warm up")
            part = examples[: max(1, questions // SERIAL_SHARE)]
            started = time.perf_counter()
            predict(process, part, GateConfig(concurrency=1), "serial")
            serial = (time.perf_counter() - started) * len(examples) / len(part)
            before = len(stub.requests)
            started = time.perf_counter()
            predict(process, examples, GateConfig(concurrency=concurrency), "at once")
            together = time.perf_counter() - started
            calls = len(stub.requests) - before
    print(f"{len(examples)} questions, {calls} calls of {CALL_SECONDS:g} s, at most {stub.most_at_once} at once")
    print(f"one after the other (from {len(part)} questions): {serial:.1f} s")
    print(f"{concurrency} at once: {together:.1f} s")
    print(f"ratio: {serial / together:.1f}")


def prepare(work: Path, rag: Any, rooms: Any, questions: int, concurrency: int) -> tuple[Any, list[Any]]:
    """A registered version, and questions whose answers the documents hold."""
    import mlflow

    from blocks.local import LocalPlatform
    from tasks_lib.assistant.contract.answer import Message
    from tasks_lib.dataset.examples import Example
    from tasks_lib.registry.pool import VersionPool
    from tasks_lib.registry.register import CandidateVersion, register
    from tasks_lib.registry.tracking import connect

    platform = LocalPlatform()
    client = connect(platform, "rag-assistant")
    script = work / "version.py"
    script.write_text(VERSION, encoding="utf-8")
    index = platform.index(rag)
    tags = {"fingerprint": "concurrency", "index": rag.index_name, "index_version": "1", "dataset": "none"}
    candidate = CandidateVersion("rag-assistant", rag, index.version() or "", script, tuple(rooms), tags)
    with mlflow.start_run():
        number = register(client, candidate, "candidate")
    texts = [chunk.content or "" for chunk in index.sample(500, seed=0)]
    examples = [
        Example(id=str(n), messages=(Message(role="user", content=f"What is said about {_subject(texts, n)}?"),))
        for n in range(questions)
    ]
    process = VersionPool(
        f"models:/rag-assistant/{number}",
        platform_name="local",
        tracking_uri=platform.tracking_uri(),
        version=str(number),
        index=rag.index_name,
        controlled=lambda: False,
        concurrency=concurrency,
    )
    return process, examples


def _subject(texts: list[str], number: int) -> str:
    """Some words of a passage, other ones for each question."""
    words = texts[number % len(texts)].split()
    first = (7 * number) % max(1, len(words) - 6)
    return " ".join(words[first : first + 6])


if __name__ == "__main__":
    main()
