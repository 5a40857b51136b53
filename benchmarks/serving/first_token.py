"""What guardrails and tracing add to the time to the first token, with a provider that answers at once.

    python benchmarks/serving/first_token.py --home HOME [--rounds 40]

`HOME` is what `llmops demo` left behind; it is copied. The language model is a server in a process of its own that
speaks OpenAI's API.
Each variant is the same pipeline in this process with the same question; the variants take turns, so that what else
the machine does falls on all of them. The first token is the first piece of text that the stream hands out. The
trace of an answer is stored before the next question comes; with --at-once, questions come one right after the other.
"""

import argparse
import multiprocessing
import os
import shutil
import socketserver
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import processes
from load import QUESTIONS, percentile

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
WARM_UP = 3

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    from tasks_lib.assistant.answering.assistant import Assistant

VALIDATORS = ("personal_data", "secrets", "injection", "topics", "grounding", "length", "output_schema")
TEXT = "Full-time employees receive 27 days of annual leave per calendar year [1]. " * 20


def first_token(assistant: "Assistant", question: str) -> float:
    """Milliseconds until the first piece of text; the answer is read to its end."""
    from tasks_lib.assistant.contract.answer import Message

    begun, first = time.perf_counter(), 0.0
    for piece in assistant.stream([Message(role="user", content=question)]):
        if piece and not first:
            first = (time.perf_counter() - begun) * 1000
    return first


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--at-once", action="store_true", help="do not wait until a trace is stored")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="llmops-first-token-"))
    shutil.copytree(options.home, folder / "home")
    os.environ.update(processes.QUIET, LLMOPS_HOME=str(folder / "home"))
    ours, theirs = multiprocessing.get_context("spawn").Pipe()
    provider = multiprocessing.get_context("spawn").Process(target=provide, args=(theirs,), daemon=True)
    provider.start()
    try:
        measure(variants(ours.recv(), at_once=options.at_once), options.rounds)
    finally:
        provider.terminate()
        shutil.rmtree(folder, ignore_errors=True)


def provide(told: "Connection") -> None:
    """Serve the language model, which says the same every time, at once; `told` hears its address."""
    from tests.stubs.openai_api import OpenAIStub

    class Provider(OpenAIStub):
        complete = staticmethod(lambda _: TEXT)

    socketserver.BaseServer.handle_error = lambda *_: None  # type: ignore[method-assign]  # clients leave here
    with Provider() as provider:
        told.send(provider.url)
        threading.Event().wait()


def variants(url: str, *, at_once: bool) -> dict[str, Callable[[str], float]]:
    """Name → time to the first token of one question."""
    import mlflow
    from haystack.tracing import disable_tracing

    from blocks.chat_generator import chat_generator_of
    from blocks.local import LocalPlatform
    from blocks.openai import OpenAICompatibleModels
    from tasks_lib.assistant.answering.trace_masking import mask_traces
    from tasks_lib.assistant.answering.tracing import trace_into_mlflow
    from tasks_lib.assistant.pipeline import build_assistant
    from tasks_lib.config.rag import LlmConfig, RagConfig
    from tasks_lib.registry.environment import trace_writing
    from tasks_lib.registry.tracking import activate, connect

    place = LocalPlatform()
    os.environ.update(trace_writing(place.tracking_uri(), "production"))
    activate(connect(place, "rag-assistant"))
    models = OpenAICompatibleModels(base_url=url)

    class WithModel(LocalPlatform):
        """The local platform with the provider's model."""

        def chat_generator(self, llm: LlmConfig) -> Any:
            """A generator of the provider's."""
            return chat_generator_of(models, llm)

    guarded = RagConfig(llm=LlmConfig(model="openai/stub-chat"))
    off = {name: {"enabled": False} for name in VALIDATORS}
    bare = RagConfig.model_validate({**guarded.model_dump(), "guardrails": off})
    built = {name: build_assistant(rag, WithModel()) for name, rag in (("bare", bare), ("guarded", guarded))}
    for assistant in built.values():
        assistant.warm_up()
    mask_traces(guarded.guardrails.personal_data)

    def timed(name: str, *, traced: bool) -> Callable[[str], float]:
        def run(question: str) -> float:
            if traced:
                trace_into_mlflow()
            else:
                disable_tracing()
            taken = first_token(built[name], question)
            if traced and not at_once:
                mlflow.flush_trace_async_logging()
            return taken

        return run

    return {
        "neither": timed("bare", traced=False),
        "guardrails": timed("guarded", traced=False),
        "guardrails and tracing": timed("guarded", traced=True),
    }


def measure(timed: dict[str, Callable[[str], float]], rounds: int) -> None:
    """Print the median of each variant, and of the differences within a round."""
    times: dict[str, list[float]] = {name: [] for name in timed}
    for number in range(rounds + WARM_UP):
        names = list(timed)
        for name in names[number % len(names) :] + names[: number % len(names)]:
            taken = timed[name](QUESTIONS[number % len(QUESTIONS)])
            if number >= WARM_UP:
                times[name].append(taken)
    base = times["neither"]
    for name, taken in times.items():
        added = statistics.median(one - other for one, other in zip(taken, base, strict=True))
        p50, p95 = statistics.median(taken), percentile(taken, 0.95)
        print(f"{name:<24} p50 {p50:6.1f} ms, added {added:+6.1f} ms, p95 {p95:6.1f} ms")


if __name__ == "__main__":
    main()
