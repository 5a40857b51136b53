"""What happens to requests when things break: one real endpoint under load, with real servers around it.

Prefect, MLflow and Weaviate are real server processes (without a `weaviate` on the PATH the index is LanceDB, and the
index is not taken away); the language model is a local server that speaks OpenAI's API. Prints for each fault the
requests, the failures by status, the longest time and what was seen; the exit code is the number of faults that did
not end as asked.

    python benchmarks/serving/chaos.py [--workers 2] [--only NAME …]
"""

import argparse
import os
import shutil
import signal
import socketserver
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import httpx
import processes
import psutil
from load import Asked, Load, by_status

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
PLATFORM = "chaos"
MODEL = "rag-assistant"
VERSION, WORKER = f"version_worker.py --model-uri models:/{MODEL}/1", "spawn_main"
"""How the command lines of the processes tell them apart."""
DEADLINE_SECONDS = 6.0
STEADY_SECONDS = 4.0
SWITCH_SECONDS = 240.0
GONE_SECONDS = 20.0
"""How long the versions' processes may write their last traces."""
READY_SECONDS = 180.0
CLIENTS = 4
Row = tuple[str, list[Asked], str]


class Surroundings:
    """Servers, stub, index and three versions; the third does not load."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        from tests.stubs.openai_api import OpenAIStub

        class Provider(OpenAIStub):
            """`mode` holds for every request until it is changed."""

            mode = ""

            def answer(self, request: Any, word: str, out: Any) -> None:
                while self.mode == "hang":
                    time.sleep(0.05)
                self.wait(0.3)
                super().answer(request, self.mode or word, out)

        self.folder = folder
        socketserver.BaseServer.handle_error = lambda *_: None  # type: ignore[method-assign]  # clients leave here
        self.provider = stack.enter_context(Provider())
        self.prefect = stack.enter_context(processes.running(processes.prefect_server(folder)))
        self.mlflow = stack.enter_context(processes.running(processes.mlflow_server(folder)))
        weaviate = processes.weaviate_server(folder)
        self.weaviate = stack.enter_context(processes.running(weaviate[0])) if weaviate else None
        self.environment = {
            **processes.QUIET,
            **(weaviate[1] if weaviate else {}),
            "LLMOPS_HOME": str(folder / "home"),
            "PREFECT_HOME": str(folder / "prefect"),
            "PREFECT_API_URL": self.prefect.health.removesuffix("/health"),
            "MLFLOW_TRACKING_URI": self.mlflow.health.removesuffix("/health"),
            "OPENAI_BASE_URL": self.provider.url,
            "OPENAI_API_KEY": "stub",
            "LLMOPS_PLATFORM": PLATFORM,
        }
        os.environ.update(self.environment)

    def prepare(self) -> None:
        """Ingest the handbook and register the versions."""
        import mlflow

        from blocks.llmops_platform import LLMOpsPlatform
        from blocks.resolve import resolve_platform
        from flows.deploy import CODE_PATHS, MODEL_SCRIPT
        from flows.ingest import ingest
        from tasks_lib.config.rag import LlmConfig, RagConfig, RetrieverConfig
        from tasks_lib.config.settings import Settings
        from tasks_lib.registry.register import CandidateVersion, register
        from tasks_lib.registry.tracking import connect

        LLMOpsPlatform().save(PLATFORM, overwrite=True)
        self.client = connect(resolve_platform(PLATFORM), "rag-assistant")
        base = RagConfig(llm=LlmConfig(model="openai/stub-chat"))
        ingest(Settings.model_validate(base.model_dump()), PLATFORM)
        changes: list[dict[str, Any]] = [
            {},
            {"retriever": RetrieverConfig(top_k=4)},
            {"collection": "no-such-collection"},
        ]
        for number, change in enumerate(changes):
            rag = base.model_copy(update=change)
            tags = {"fingerprint": str(number), "index": rag.index_name, "index_version": "1", "dataset": "none:1"}
            with mlflow.start_run():
                register(self.client, CandidateVersion(MODEL, rag, "1", MODEL_SCRIPT, CODE_PATHS, tags), "candidate")
        self.promote(1)

    def promote(self, version: int) -> None:
        """Move the alias."""
        self.client.set_registered_model_alias(MODEL, "production", str(version))

    def told(self, event: str) -> int:
        """How many events of this name Prefect's server holds."""
        api = self.environment["PREFECT_API_URL"]
        found = httpx.post(f"{api}/events/filter", json={"filter": {"event": {"name": [event]}}}, timeout=30)
        return int(found.json()["total"])


class Chaos:
    """The faults, each under the load of a few clients."""

    def __init__(self, around: Surroundings, workers: int) -> None:
        self.around = around
        self.workers = workers
        self.rows: list[Row] = []
        self.bad = 0

    def start(self) -> None:
        """Start the endpoint."""
        options = ("--workers", str(self.workers), "--timeout", str(DEADLINE_SECONDS), "--poll", "1", "--slots", "8")
        self.server, self.address = processes.endpoint(self.around.folder, self.around.environment, *options)
        print(f"the endpoint was ready after {self.server.start():.1f} s", flush=True)

    def under_load(self, name: str, work: Callable[[Load], str], *, allowed: tuple[Any, ...] = ()) -> None:
        """Run a fault; failures other than `allowed` statuses are not as asked."""
        with Load(self.address, CLIENTS) as load:
            time.sleep(STEADY_SECONDS)
            note = work(load)
            load.stop()
        self.tell(name, load.asked, note, allowed)

    def tell(self, name: str, asked: list[Asked], note: str, allowed: tuple[Any, ...] = ()) -> None:
        """One row of the table."""
        wrong = [one for one in asked if one.failed and one.status not in allowed]
        ok = not wrong and not note.startswith("BAD")
        self.bad += not ok
        longest = max((one.seconds for one in asked), default=0.0)
        print(
            f"{'ok ' if ok else 'BAD'} | {name:<28} | {len(asked):5d} | {by_status(asked):<22} | {longest:6.2f} s | "
            f"{note}",
            flush=True,
        )
        for one in {(one.status, one.detail[:150]): one for one in asked if one.failed}.values():
            print(f"      {one.status}: {one.detail[:200]}", flush=True)

    def switches_to(self, version: int) -> Callable[[Load], str]:
        """The alias moves."""

        def work(load: Load) -> str:
            self.around.promote(version)
            seconds = until(lambda: load.asked[-1].version == str(version), SWITCH_SECONDS)
            time.sleep(STEADY_SECONDS)
            events = self.around.told("llmops.serving.switched")
            word = "BAD " if seconds > SWITCH_SECONDS else ""
            return f"{word}version {version} first answers {seconds:.1f} s after the move; {events} events of switches"

        return work

    def broken_version(self, load: Load) -> str:
        """The alias moves to a version that does not load."""
        self.around.promote(3)
        seconds = until(lambda: self.around.told("llmops.serving.switch-failed") > 0, 90)
        time.sleep(STEADY_SECONDS)
        still = load.asked[-1].version
        self.around.promote(1)
        return f"version {still} goes on; llmops.serving.switch-failed told after {seconds:.1f} s"

    def kill(self, what: str) -> Callable[[Load], str]:
        """SIGKILL a process below the endpoint."""

        def work(load: Load) -> str:
            found = self.alive(what)
            max(found, key=lambda process: process.create_time()).kill()
            killed = time.monotonic()
            recovered = until(lambda: self.answers_since(load, killed, seconds=3), 90)
            back = until(self.whole, READY_SECONDS)
            time.sleep(STEADY_SECONDS)
            ends = [one.at + one.seconds - killed for one in load.asked if one.failed]
            failures = f"failures from {min(ends):.2f} to {max(ends):.2f} s after the kill; " if ends else ""
            well = f"{recovered:.1f} s until 3 s without one; all workers ready {back:.1f} s after that"
            return f"one of {len(found)}; {failures}{well}"

        return work

    def whole(self) -> bool:
        """Whether every worker can answer."""
        told = httpx.get(f"{self.address}/metrics", timeout=5).text
        return f'llmops_workers_ready{{assistant="rag-assistant"}} {float(self.workers)}' in told

    def alive(self, what: str) -> list[psutil.Process]:
        """Processes below the endpoint whose command holds `what`."""
        found = []
        for child in self.server.children():
            with suppress(psutil.Error):
                found += [child] if what in " ".join(child.cmdline()) else []
        return found

    def answers_since(self, load: Load, moment: float, *, seconds: float) -> bool:
        """Whether nothing failed in the last `seconds`, and something was answered."""
        edge = time.monotonic() - seconds
        late = [one for one in load.asked if one.at + one.seconds > edge]
        return edge > moment and bool(late) and not any(one.failed for one in late)

    def without(self, server: processes.Server, probe: Callable[[], str]) -> Callable[[Load], str]:
        """A server around the endpoint is stopped for a while, and comes back."""

        def work(load: Load) -> str:
            stopped = time.monotonic()
            server.stop()
            time.sleep(10)
            note = probe()
            answered = sum(not one.failed for one in load.asked if one.at > stopped)
            server.start()
            back = time.monotonic()
            seconds = until(lambda: self.answers_since(load, back, seconds=2), 60)
            time.sleep(STEADY_SECONDS)
            return f"{answered} answered without it; {note}well {seconds - 2:.1f} s after it was back"

        return work

    def feedback(self) -> str:
        """Feedback while MLflow is down."""
        begun = time.monotonic()
        given = {"trace_id": "tr-" + "0" * 32, "value": True}
        try:
            said = httpx.post(f"{self.address}/feedback", json=given, timeout=60)
            status, text = str(said.status_code), said.text
        except httpx.TimeoutException:
            status, text = "nothing", ""
        word = "" if status == "503" else "BAD "
        return f"{word}feedback got {status} after {time.monotonic() - begun:.1f} s {text[:90]}; "

    def provider_is(self, mode: str, seconds: float = 8.0) -> Callable[[Load], str]:
        """The language model's provider throttles or hangs for a while."""

        def work(load: Load) -> str:
            self.around.provider.mode = mode
            time.sleep(seconds)
            self.around.provider.mode = ""
            back = time.monotonic()
            recovered = until(lambda: self.answers_since(load, back, seconds=2), 90)
            time.sleep(STEADY_SECONDS)
            return f"well {recovered - 2:.1f} s after the provider was"

        return work

    def stopping(self, name: str, number: signal.Signals, *, group: bool) -> None:
        """A signal under load: what was asked before it is answered, and nothing is left."""
        with Load(self.address, CLIENTS) as load:
            time.sleep(STEADY_SECONDS)
            children = self.server.children()
            at = time.monotonic()
            seconds = self.server.stop(number, group=group)
            load.stop()
        gone = until(lambda: not any(lives(child) for child in children), GONE_SECONDS)
        before = [one for one in load.asked if one.at < at]
        under_way = sum(one.at + one.seconds > at for one in before)
        word = "" if gone < GONE_SECONDS else "BAD "
        note = f"{under_way} under way; ended after {seconds:.1f} s, all processes {gone:.1f} s later"
        self.tell(name, before, word + note)


def lives(process: psutil.Process) -> bool:
    """Whether a process is there and no zombie."""
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def until(done: Callable[[], bool], limit: float) -> float:
    """Seconds until `done`."""
    begun = time.monotonic()
    while not done():
        if time.monotonic() > begun + limit:
            return float("inf")
        time.sleep(0.1)
    return time.monotonic() - begun


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--only", nargs="*", default=[])
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="llmops-chaos-"))
    try:
        with ExitStack() as stack:
            around = Surroundings(folder, stack)
            around.prepare()
            chaos = Chaos(around, options.workers)
            chaos.start()
            stack.callback(chaos.server.stop)
            run(chaos, options.only)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    sys.exit(chaos.bad)


def run(chaos: Chaos, only: list[str]) -> None:
    """All faults, or those named."""
    around = chaos.around
    faults: dict[str, Callable[[str], None]] = {
        "promotion": lambda name: chaos.under_load(name, chaos.switches_to(2)),
        "rollback": lambda name: chaos.under_load(name, chaos.switches_to(1)),
        "version-that-does-not-load": lambda name: chaos.under_load(name, chaos.broken_version),
        "version-killed": lambda name: chaos.under_load(name, chaos.kill(VERSION), allowed=(503,)),
        "worker-killed": lambda name: chaos.under_load(name, chaos.kill(WORKER), allowed=(503,)),
        "mlflow-stopped": lambda name: chaos.under_load(name, chaos.without(around.mlflow, chaos.feedback)),
        "prefect-stopped": lambda name: chaos.under_load(name, chaos.without(around.prefect, lambda: "")),
        "provider-throttles": lambda name: chaos.under_load(name, chaos.provider_is("throttle"), allowed=(503, 504)),
        "provider-hangs": lambda name: chaos.under_load(name, chaos.provider_is("hang", 15), allowed=(504, 429)),
    }
    if around.weaviate:
        index = around.weaviate
        faults["index-unreachable"] = lambda name: chaos.under_load(
            name, chaos.without(index, lambda: ""), allowed=(503, 504)
        )
    print("    | fault                        | asked | failed                 |  longest | seen", flush=True)
    for name, fault in faults.items():
        if not only or name in only:
            fault(name)
    for name, number, group in (("SIGTERM", signal.SIGTERM, False), ("SIGINT to the group", signal.SIGINT, True)):
        if only and name not in only:
            continue
        if chaos.server.process is None:
            chaos.start()
        chaos.stopping(name, number, group=group)


if __name__ == "__main__":
    main()
