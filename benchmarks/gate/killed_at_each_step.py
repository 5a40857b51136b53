"""Kills `deploy` and `rollback` with SIGKILL at each step, then runs them again.

Prints for each step what the aliases were after the kill and after the second run. Fails if production ever points to
no version, or to one that did not pass its tests and thresholds, or if the second run does not complete the first.

    python benchmarks/gate/killed_at_each_step.py
"""

import importlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.request import urlopen

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
os.environ |= {
    "HAYSTACK_TELEMETRY_ENABLED": "False",
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "PREFECT_LOGGING_LEVEL": "CRITICAL",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "TQDM_DISABLE": "1",
}
WORK = Path(tempfile.mkdtemp(prefix="llmops-kills-"))
Step = tuple[str, str, bool]
"""Module, function, whether the kill comes after it."""
STEPS: dict[str, Step] = {
    "register: version made, no alias yet": ("tasks_lib.registry.register", "_log", True),
    "validate": ("tasks_lib.gate.asking", "validate", False),
    "evaluate: questions": ("tasks_lib.gate.asking", "predict", True),
    "evaluate: scores": ("tasks_lib.gate.tasks", "measure", True),
    "decide": ("flows.deploy", "decide", True),
    "tags of the evidence": ("flows.deploy", "tag_version", True),
    "promote: intent recorded": ("tasks_lib.registry.moves", "write_aliases", False),
    "promote: between the alias moves": ("mlflow.MlflowClient", "set_registered_model_alias", True),
    "promote: aliases moved": ("tasks_lib.registry.moves", "write_aliases", True),
    "smoke question": ("tasks_lib.gate.asking", "smoke", True),
    "promotion tagged": ("tasks_lib.registry.moves", "finish", False),
    "promotion finished": ("tasks_lib.registry.moves", "finish", True),
    "report": ("flows.deploy", "record", True),
    "rollback: between the alias moves": ("mlflow.MlflowClient", "set_registered_model_alias", True),
    "rollback: aliases moved": ("tasks_lib.registry.moves", "finish", False),
}


def start_prefect() -> "subprocess.Popen[bytes]":
    """A server of its own, which all runs use."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    os.environ |= {"PREFECT_HOME": str(WORK / "prefect"), "PREFECT_API_URL": f"http://127.0.0.1:{port}/api"}
    command = [str(Path(sys.executable).with_name("prefect")), "server", "start", "--port", str(port)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for _ in range(600):
        with suppress(OSError), urlopen(f"{os.environ['PREFECT_API_URL']}/health") as answer:  # noqa: S310
            if answer.status == 200:
                return server
        time.sleep(0.2)
    sys.exit("the Prefect server did not come up")


def in_process(work: Callable[[], None]) -> int:
    """Run `work` in a process that is forked from this one; its exit code, negative for a signal."""
    child = os.fork()
    if child == 0:
        try:
            work()
            os._exit(0)
        except BaseException as error:  # noqa: BLE001
            print(f"  {type(error).__name__}: {error}", file=sys.stderr, flush=True)
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def kill_at(step: Step) -> None:
    """Make the process kill itself when it calls the function."""
    place, name, after = step
    module, _, owner = place.rpartition(".")
    holder: Any = importlib.import_module(module)
    holder = getattr(holder, owner) if hasattr(holder, owner) else importlib.import_module(place)
    real = getattr(holder, name)

    def killing(*arguments: Any, **named: Any) -> Any:
        if name == "set_registered_model_alias" and "previous" not in arguments:
            return real(*arguments, **named)
        if after:
            real(*arguments, **named)
        os.kill(os.getpid(), signal.SIGKILL)
        return None

    setattr(holder, name, killing)


def main() -> None:
    server = start_prefect()
    from tasks_lib.registry import process
    from tests.stubs.forked_worker import ForkedWorkers

    workers = ForkedWorkers(WORK, process.WORKER)
    workers.start()
    process.WORKER = workers.script
    try:
        walk = Walk()
        walk.prepare()
        results = [walk.step(name, step) for name, step in STEPS.items()]
    finally:
        workers.close()
        server.terminate()
        server.wait()
        shutil.rmtree(WORK, ignore_errors=True)
    sys.exit(results.count(False))


class Walk:
    """Each step on a copy of one home in which version 2 is live and version 1 was live before."""

    def __init__(self) -> None:
        import mlflow.genai.evaluation  # noqa: F401  (imported once, before the runs are forked)

        import flows.deploy
        import flows.rollback

        self.flows: Any = flows
        self.template = WORK / "home"

    def platform(self, home: Path) -> Any:
        """Doubles for index and embedder on a real registry, for both flows."""
        from tasks_lib.home import Home
        from tests.tasks_lib.registry import fakes

        os.environ["LLMOPS_HOME"] = str(home)
        place = fakes.FakePlatform(Home(home).ensure())
        self.flows.deploy.resolve_platform = self.flows.rollback.resolve_platform = lambda _: place
        return place

    def deploy(self, home: Path, mark: str, step: Step | None = None) -> None:
        """Deploy an assistant of its own."""
        from tasks_lib.config.settings import Settings
        from tests.tasks_lib.registry import fakes

        self.platform(home)
        behaviour = f"{fakes.GOOD}  # {mark}"
        room = fakes.write_room(Path(tempfile.mkdtemp(dir=WORK)), behaviour)
        self.flows.deploy.MODEL_SCRIPT = fakes.write_script(room.parent, behaviour)
        self.flows.deploy.CODE_PATHS = (room,)
        if step:
            kill_at(step)
        decision = self.flows.deploy.deploy(Settings.model_validate({"gate": {"margin": 0.2}})).decision
        if decision not in {"promote", "unchanged"}:
            sys.exit(f"decided {decision}")

    def roll_back(self, home: Path, step: Step | None = None) -> None:
        """Roll back to the previous version."""
        self.platform(home)
        if step:
            kill_at(step)
        self.flows.rollback.rollback()

    def prepare(self) -> None:
        """Questions and two versions."""
        from tasks_lib.dataset.datasets import save
        from tasks_lib.registry.tracking import connect
        from tests.tasks_lib.registry import fakes

        def questions() -> None:
            place = self.platform(self.template)
            save(connect(place, "rag-assistant"), "q", fakes.examples(), index="i", index_version="7", origin="import")

        works = (questions, lambda: self.deploy(self.template, "one"), lambda: self.deploy(self.template, "two"))
        if any(in_process(work) for work in works):
            sys.exit("the home could not be prepared")

    def state(self, home: Path) -> tuple[dict[str, int], bool]:
        """Aliases, and whether production passed and no intent is left; asked in a process of its own."""
        from tasks_lib.registry.tracking import connect

        read, write = os.pipe()

        def ask() -> None:
            client = connect(self.platform(home), "rag-assistant")
            model = client.get_registered_model("rag-assistant")
            held = {name: int(number) for name, number in model.aliases.items()}
            tags = client.get_model_version("rag-assistant", str(held["production"])).tags
            passed = (tags.get("passed_tests"), tags.get("beats_threshold")) == ("true", "true")
            os.write(write, json.dumps([held, passed, "llmops.alias_move" in model.tags]).encode())

        in_process(ask)
        os.close(write)
        with os.fdopen(read) as answer:
            held, passed, intent = json.loads(answer.read())
        return {**held, "intent": intent}, passed

    def step(self, name: str, step: Step) -> bool:
        """Kill at the step, run again; whether all is as it must be."""
        home = WORK / "copy"
        shutil.rmtree(home, ignore_errors=True)
        shutil.copytree(self.template, home)
        rolls = name.startswith("rollback")
        killed = in_process(lambda: self.roll_back(home, step) if rolls else self.deploy(home, "three", step))
        between, passed_between = self.state(home)
        completed = in_process(lambda: self.roll_back(home) if rolls else self.deploy(home, "three"))
        after, passed_after = self.state(home)
        expected = {"previous": 2, "production": 1 if rolls else 3, "intent": False}
        ok = killed == -signal.SIGKILL and completed == 0 and passed_between and passed_after
        ok = ok and {key: after[key] for key in expected} == expected
        print(
            f"{'ok ' if ok else 'BAD'} {name:<38} after the kill: {between}  after the second run: {after}", flush=True
        )
        return ok


if __name__ == "__main__":
    main()
