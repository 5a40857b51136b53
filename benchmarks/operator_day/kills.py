"""Kills the parts of the operator's day with SIGKILL, one after the other, while users ask.

    python benchmarks/operator_day/day.py FOLDER && python benchmarks/operator_day/kills.py FOLDER

Takes the `llmops up` that `day.py --stay` has left running in FOLDER, else starts it again. Before each kill a run of
the deployment `ingest` begins; while a part is gone, `llmops status` is run. Printed are the answers and failures of
users, when the part answered again, and how the run ended. At last `up` itself is killed, and started again.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any, Self

import httpx
import psutil

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from benchmarks.operator_day.day import Day, now, say, up, wait
from tests.stubs.command import LLMOPS

PARTS = {
    "prefect": "server start",
    "worker": "worker start",
    "mlflow": "mlflow server",
    "endpoint": "-m serving",
}
QUESTION = "How many days of annual leave do full-time employees receive?"
CLIENTS = 3


class Users:
    """People who ask without a pause, and how they fare."""

    def __init__(self, day: Day) -> None:
        self._day = day
        self._stop = threading.Event()
        self._counts: Counter[str] = Counter()
        self._last_failure = 0.0
        self._threads = [threading.Thread(target=self._ask, daemon=True) for _ in range(CLIENTS)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(60)

    def fared(self) -> tuple[dict[str, int], float]:
        """Outcomes since the last call, and the moment of the last failure."""
        counted, self._counts = dict(self._counts), Counter()
        return counted, self._last_failure

    def _ask(self) -> None:
        body = {"messages": [{"role": "user", "content": QUESTION}]}
        while not self._stop.wait(0.1):
            try:
                response = httpx.post(f"{self._day.page('endpoint')}/predict", json=body, timeout=30)
                outcome = str(response.status_code)
            except httpx.HTTPError as error:
                outcome = type(error).__name__
            self._counts[outcome] += 1
            if outcome != "200":
                self._last_failure = time.monotonic()


def processes(upper: int, part: str) -> list[psutil.Process]:
    """The processes of a part below `up`."""
    return [each for each in psutil.Process(upper).children(recursive=True) if PARTS[part] in " ".join(each.cmdline())]


def answers(day: Day, part: str, upper: int, dead: int) -> bool:
    """Whether a part that was killed does its work again."""
    pages = {"prefect": "/api/health", "mlflow": "/health", "endpoint": "/ready"}
    if part in pages:
        return httpx.get(day.page(part) + pages[part], timeout=5).is_success
    return any(each.pid != dead for each in processes(upper, part))


def begun(day: Day) -> str:
    """A run of the deployment `ingest`, once it runs."""
    deployment = day.deployment("ingest")["id"]
    source = {"settings": {"ingest": {"source": str(day.folder / "documents")}}}
    body = {"parameters": source, "state": {"type": "SCHEDULED"}}
    run = str(day.prefect_post(f"deployments/{deployment}/create_flow_run", body)["id"])
    wait("the run to begin", lambda: state(day, run)["state_type"] == "RUNNING")
    return run


def state(day: Day, run: str) -> dict[str, Any]:
    found: dict[str, Any] = httpx.get(f"{day.prefect}/flow_runs/{run}", timeout=30).raise_for_status().json()
    return found


def told(day: Day) -> str:
    """What the next command says, and how long it takes."""
    started = time.monotonic()
    environment = day.environment | {"PREFECT_API_URL": day.prefect}
    command = [*LLMOPS, "status", "--config", str(day.folder / "day.yaml")]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=day.folder, check=False)
    lines = (done.stdout or done.stderr).strip().splitlines()
    return f"exit {done.returncode} after {time.monotonic() - started:.0f} s: {lines[0] if lines else ''}"


def ended(day: Day, run: str) -> None:
    final = {"COMPLETED", "FAILED", "CRASHED", "CANCELLED"}
    wait("the run to end", lambda: state(day, run)["state_type"] in final)
    found = state(day, run)
    say(f"  the run: {found['name']}, {found['state_name']}, attempt {found['run_count']}: {found['state']['message']}")


@contextmanager
def started(day: Day) -> Iterator[int]:
    """A new `llmops up`."""
    with up(day) as process:
        yield process.pid


@contextmanager
def counted(users: Users) -> Iterator[None]:
    users.fared()
    begun_at = time.monotonic()
    yield
    time.sleep(2)
    outcomes, failed = users.fared()
    say(f"  users: {outcomes}, the last failure {max(0.0, failed - begun_at):.0f} s after the kill")


def kill(day: Day, upper: int, part: str, users: Users) -> None:
    """Kill a part, and tell what comes back."""
    run = begun(day)
    victim = processes(upper, part)[0]
    with counted(users):
        say(f"kill -9 of {part}, process {victim.pid}")
        victim.kill()
        say(f"  llmops status: {told(day)}")
        wait(f"{part} to be back", lambda: answers(day, part, upper, victim.pid))
    ended(day, run)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--part", action="append", choices=[*PARTS, "up"], help="Repeat it; all without it.")
    arguments = parser.parse_args()
    folder = arguments.folder.resolve()
    kept = json.loads((folder / "day.json").read_text())
    day = Day(folder, kept["ports"])
    chosen = arguments.part or [*PARTS, "up"]
    with nullcontext(kept["pid"]) if psutil.pid_exists(kept["pid"]) else started(day) as upper:
        wait("the endpoint", lambda: httpx.get(f"{day.page('endpoint')}/ready", timeout=5).is_success)
        with Users(day) as users:
            for part in [each for each in chosen if each != "up"]:
                kill(day, upper, part, users)
            if "up" in chosen:
                kill_up(day, upper, users)


def kill_up(day: Day, upper: int, users: Users) -> None:
    """Kill `up`: nothing of it may stay, and what is started next goes on."""
    run, children = begun(day), psutil.Process(upper).children(recursive=True)
    with counted(users):
        say(f"kill -9 of up, process {upper}, with {len(children)} processes below it")
        os.kill(upper, signal.SIGKILL)
        _, alive = psutil.wait_procs(children, timeout=60)
        say(f"  still there after 60 s at most: {[' '.join(each.cmdline())[-60:] for each in alive]}")
        say(f"  llmops status: {told(day)}")
        with up(day):
            wait("the endpoint", lambda: httpx.get(f"{day.page('endpoint')}/ready", timeout=5).is_success)
            ended(day, run)
    say(f"ended at {now()}")


if __name__ == "__main__":
    main()
