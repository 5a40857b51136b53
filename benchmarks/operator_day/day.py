"""An operator's day on real servers, to be read afterwards in their pages.

    python benchmarks/operator_day/day.py FOLDER [--stay]

`llmops up` runs in FOLDER, which must not exist. Ann deploys, changes the configuration and the documents; monitoring
finds drift, whose automation starts a deployment that waits for approval; Ben rolls back and holds; at night a source
is gone. The story's addresses are printed, and kept in FOLDER/day.json. With `--stay` the servers run until they are
stopped: with SIGINT.
"""

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import httpx

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
from tests.stubs.command import LLMOPS  # noqa: E402
from tests.stubs.weaviate_server import free_ports  # noqa: E402

HANDBOOK, QUESTIONS = ROOT / "examples" / "handbook", ROOT / "examples" / "handbook-questions.jsonl"
DELETED = "leave/parental-leave.md"
OFTEN = 10
"""How much more often than others users ask about the page that will be deleted."""
CONFIGURATION = """\
ingest:
  sources:
    - {name: handbook, source: DOCUMENTS}
    - {name: wiki, source: WIKI, schedule: {cron: "0 2 * * *"}}
gate: {margin: 0.3, resamples: 1000, minimum_questions: 20, thresholds: {latency_p95_seconds: 60}}
monitor: {minimum_latency_change_seconds: 60, objectives: {latency_seconds: 60}}
serve: {requests_per_minute: 600, poll_seconds: 2}
"""
ADDED = "# Dogs at the office\n\nUp to three dogs may be at the office at once. Register a dog at the front desk.\n"
PATIENCE = 900.0
Found = TypeVar("Found")


@dataclass(frozen=True)
class Day:
    """Where the story is played."""

    folder: Path
    ports: dict[str, int]

    @property
    def environment(self) -> dict[str, str]:
        """Without the caller's Prefect and MLflow."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "MLFLOW_"))}
        return kept | {"LLMOPS_HOME": str(self.folder / "home"), "PYTHONPATH": str(ROOT)}

    @property
    def prefect(self) -> str:
        """Prefect's API."""
        return f"{self.page('prefect')}/api"

    def page(self, part: str) -> str:
        """Address of a part."""
        return f"http://127.0.0.1:{self.ports[part]}"

    def run(self, person: str, *words: str, code: int = 0) -> dict[str, Any]:
        """A person runs `llmops`."""
        started = time.monotonic()
        command = [*LLMOPS, *words, "--config", str(self.folder / "day.yaml"), "--json"]
        environment = self.environment | {"LLMOPS_USER": person, "PREFECT_API_URL": self.prefect}
        done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=self.folder, check=False)
        say(f"{person}: llmops {' '.join(words)}: exit {done.returncode}, {time.monotonic() - started:.0f} s")
        if done.returncode != code:
            sys.exit(f"expected exit {code}\n{done.stderr}{done.stdout}")
        told: dict[str, Any] = json.loads(done.stdout)
        return told

    def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> httpx.Response:
        """Call Prefect's API; while its database is busy, it answers 503."""

        def answered() -> httpx.Response:
            return httpx.request(method, f"{self.prefect}/{path}", json=body or {}, timeout=30).raise_for_status()

        return wait(f"{method} {path}", answered, quiet=True)

    def prefect_post(self, path: str, body: dict[str, Any] | None = None) -> Any:
        """What Prefect's API answers."""
        return self.call("POST", path, body).json()

    def deployment(self, name: str) -> dict[str, Any]:
        """A deployment of ours."""
        found: dict[str, Any] = httpx.get(f"{self.prefect}/deployments/name/{name}/{name}", timeout=30).json()
        return found

    def runs(self, name: str, since: str) -> list[dict[str, Any]]:
        """Runs of a deployment that were expected to start after a moment."""
        wanted = {
            "deployments": {"id": {"any_": [self.deployment(name)["id"]]}},
            "flow_runs": {"expected_start_time": {"after_": since}, "state": {"type": {"not_any_": ["SCHEDULED"]}}},
        }
        found: list[dict[str, Any]] = self.prefect_post("flow_runs/filter", wanted)
        return found

    def ask(self, questions: list[str]) -> list[str]:
        """Traces of questions at the endpoint, four at a time."""

        def one(question: str) -> str:
            body = {"messages": [{"role": "user", "content": question}]}
            response = httpx.post(f"{self.page('endpoint')}/predict", json=body, timeout=60)
            return str(response.raise_for_status().json()["trace_id"])

        started = time.monotonic()
        with ThreadPoolExecutor(4) as threads:
            traces = list(threads.map(one, questions))
        say(f"users: {len(questions)} questions, {time.monotonic() - started:.0f} s")
        return traces


def say(line: str) -> None:
    print(f"{datetime.now(UTC):%H:%M:%S}  {line}", flush=True)


def now() -> str:
    return datetime.now(UTC).isoformat()


def wait(what: str, look: Callable[[], Found | None], *, quiet: bool = False) -> Found:
    """What `look` finds within a quarter of an hour: other work may share the machine."""
    started = time.monotonic()
    while time.monotonic() - started < PATIENCE:
        try:
            if found := look():
                if not quiet:
                    say(f"waited {time.monotonic() - started:.0f} s for {what}")
                return found
        except httpx.HTTPError:
            pass
        time.sleep(0.5)
    sys.exit(f"waited {PATIENCE:.0f} s for {what} in vain")


def users_questions() -> list[str]:
    """Questions of the handbook's users, some of them often."""
    rows = [json.loads(line) for line in QUESTIONS.read_text(encoding="utf-8").splitlines()]
    asked = []
    for row in rows:
        if len(row["messages"]) == 1:
            about = {reference["document"] for reference in row.get("references", [])}
            asked += [row["messages"][0]["content"]] * (OFTEN if DELETED in about else 1)
    return asked


@contextmanager
def up(day: Day) -> Iterator["subprocess.Popen[str]"]:
    """`llmops up` until the end of the block."""
    flags = {"prefect": "--prefect-port", "mlflow": "--mlflow-port", "endpoint": "--port"}
    chosen = [word for part, port in day.ports.items() for word in (flags[part], str(port))]
    command = [*LLMOPS, "up", "--json", "--config", str(day.folder / "day.yaml"), *chosen]
    with (
        (day.folder / "up.err").open("a") as log,
        subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=log, env=day.environment, cwd=day.folder, text=True
        ) as process,
    ):
        try:
            told = process.stdout.readline() if process.stdout else ""
            if not told:
                sys.exit((day.folder / "up.err").read_text())
            say(f"llmops up: {told.strip()}")
            yield process
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
                process.wait(90)


def morning(day: Day, questions: list[str]) -> None:
    """Documents, questions, version 1, its users; a configuration change is version 2."""
    day.run("ann", "ingest", "--source", "handbook")
    day.run("ann", "ingest", "--source", "wiki")
    day.run("ann", "dataset", "--import", str(QUESTIONS))
    first = day.run("ann", "deploy", "--reason", "first version")
    say(f"version {first['version']}: {first['decision']}")
    wait("the endpoint", lambda: httpx.get(f"{day.page('endpoint')}/ready", timeout=5).is_success)
    second = day.run("ann", "deploy", "--set", "retriever.top_k=8", "--reason", "longer context for HR questions")
    say(f"version {second['version']}: {second['decision']}, {second['reasons'][:1]}")
    wait("version 2 at the endpoint", lambda: answering(day) == "2")
    day.ask(questions)
    say(f"monitor: {day.run('ann', 'monitor')['verdict']}")


def answering(day: Day) -> str:
    """The version that answers at the endpoint."""
    body = {"messages": [{"role": "user", "content": "When and where did the company start?"}]}
    answer = httpx.post(f"{day.page('endpoint')}/predict", json=body, timeout=60).raise_for_status().json()
    return str(answer["model_uri"].rpartition("/")[2])


def afternoon(day: Day, questions: list[str]) -> dict[str, Any]:
    """Documents change, monitoring finds it, and the automation starts what waits for approval. Returns that run."""
    documents = day.folder / "documents"
    page = documents / "leave" / "annual-leave.md"
    page.write_text(page.read_text(encoding="utf-8").replace("27 days", "31 days"), encoding="utf-8")
    (documents / DELETED).unlink()
    (documents / "work" / "dogs.md").write_text(ADDED, encoding="utf-8")
    told = day.run("cleo", "ingest", "--source", "handbook")
    say(f"ingest: added {told['added']}, updated {told['updated']}, deleted {told['deleted']}")
    (automation,) = [each for each in day.prefect_post("automations/filter") if "deploy on drift" in each["name"]]
    day.call("PATCH", f"automations/{automation['id']}", {"enabled": True})
    since = now()
    day.ask(questions)
    seen = day.run("ann", "monitor")
    say(f"monitor: {seen['verdict']}, {seen['drifted']}")
    run = wait("the automation's deployment", lambda: next(iter(day.runs("deploy", since)), None))
    waiting = {"flow_runs": {"state": {"name": {"any_": ["Paused"]}}}}
    form = wait("its approval form", lambda: next(iter(day.prefect_post("flow_runs/filter", waiting)), None))
    if form["id"] != run["id"]:
        sys.exit(f"{form['name']} waits, which the automation did not start")
    return form


def evening(day: Day) -> dict[str, Any]:
    """Another person rolls back and holds; at night a source is gone. Returns the failed run."""
    day.run("ben", "rollback", "--reason", "HR sees wrong answers about parental leave")
    day.run("ben", "hold", "--reason", "freeze until HR has read the handbook")
    shutil.rmtree(day.folder / "wiki")
    since, deployment = now(), day.deployment("ingest")
    nightly = next(each for each in deployment["schedules"] if each["schedule"].get("cron") == "0 2 * * *")
    address = f"deployments/{deployment['id']}/schedules/{nightly['id']}"
    second = (datetime.now(UTC) + timedelta(seconds=8)).second
    kept = {"active": True, "parameters": nightly["parameters"]}  # a change without them would take them away
    day.call("PATCH", address, {**kept, "schedule": {"cron": f"* * * * * {second}", "timezone": "UTC"}})
    wait("the night's run", lambda: day.runs("ingest", since))
    day.call("PATCH", address, {**kept, "schedule": nightly["schedule"]})
    return wait(
        "its failure", lambda: next((run for run in day.runs("ingest", since) if run["state_type"] == "FAILED"), None)
    )


def play(day: Day) -> dict[str, str]:
    """The day, and the pages to read it in."""
    questions = users_questions()
    morning(day, questions)
    form = afternoon(day, questions)
    failed = evening(day)
    runs = f"{day.page('prefect')}/runs/flow-run"
    return {
        "Prefect": day.page("prefect"),
        "MLflow": day.page("mlflow"),
        "chat page": day.page("endpoint"),
        "waits for approval": f"{runs}/{form['id']}",
        "failed night run": f"{runs}/{failed['id']}",
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--stay", action="store_true", help="Keep the servers until SIGINT.")
    arguments = parser.parse_args()
    folder = arguments.folder.resolve()
    folder.mkdir(parents=True)
    shutil.copytree(HANDBOOK, folder / "documents")
    (folder / "wiki").mkdir()
    (folder / "wiki" / "printers.md").write_text("# Printers\n\nThe printer on floor two is called Penguin.\n")
    written = CONFIGURATION.replace("DOCUMENTS", str(folder / "documents")).replace("WIKI", str(folder / "wiki"))
    (folder / "day.yaml").write_text(written)
    day = Day(folder, dict(zip(("prefect", "mlflow", "endpoint"), free_ports(3), strict=True)))
    started = time.monotonic()
    with up(day) as process:
        pages = play(day)
        say(f"the day took {time.monotonic() - started:.0f} s")
        for name, address in pages.items():
            print(f"{name:20}  {address}", flush=True)
        (folder / "day.json").write_text(json.dumps({"pid": process.pid, "ports": day.ports, "pages": pages}))
        if arguments.stay:
            try:
                process.wait()
            except KeyboardInterrupt:
                say("stopped")


if __name__ == "__main__":
    main()
