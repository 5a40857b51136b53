"""Requests per second and latency of the endpoint, beside the same guarded pipeline in what could be used instead.

    python benchmarks/serving/throughput.py --home HOME [--workers 1] [--seconds 12] [--hayhooks FOLDER]

`HOME` is what `llmops demo` left behind; it is copied. hayhooks is no dependency of the project: install it with
`pip install --target FOLDER --no-deps hayhooks fastapi-openai-compat python-multipart loguru`. Every contender runs
alone, with as many worker processes as the endpoint has workers, and is warm before the clock starts.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import processes
from load import Load, percentile

HERE = Path(__file__).resolve().parent
CONNECTIONS = (1, 16)
WARM_UP_SECONDS = 4.0
PIPELINE_CALLS = 60


def contenders(options: argparse.Namespace, home: Path) -> dict[str, tuple[processes.Server, str, str]]:
    """Name → server, address, path."""
    environment = {"LLMOPS_HOME": str(home)}
    unsampled = {**environment, "MLFLOW_TRACE_SAMPLING_RATIO": "0"}
    workers = ("--workers", str(options.workers))
    found: dict[str, tuple[processes.Server, str, str]] = {}
    for name, variables in (("ours, traced", environment), ("ours, no trace sampled", unsampled)):
        server, address = processes.endpoint(home.parent, variables, *workers)
        found[name] = (server, address, "/predict")
    for name, kind, flags in (
        ("bare LitServe, traced", "litserve", ["--traced"]),
        ("bare LitServe", "litserve", []),
        ("FastAPI, traced", "fastapi", ["--traced"]),
        ("FastAPI", "fastapi", []),
    ):
        port = processes.free_port()
        command = [sys.executable, str(HERE / "contenders.py"), kind, "--port", str(port), *workers, *flags]
        address = f"http://127.0.0.1:{port}"
        server = processes.Server(command, f"{address}/health", home.parent / f"{kind}.log", environment)
        found[name] = (server, address, "/predict")
    if options.hayhooks:
        port = processes.free_port()
        code = "from hayhooks.cli import hayhooks_cli; hayhooks_cli()"
        command = [sys.executable, "-c", code, "run", "--port", str(port), *workers]
        command += ["--pipelines-dir", str(HERE / "hayhooks_pipelines")]
        address = f"http://127.0.0.1:{port}"
        variables = {**environment, "PYTHONPATH": f"{options.hayhooks.resolve()}{os.pathsep}{HERE}"}
        server = processes.Server(command, f"{address}/status/assistant", home.parent / "hayhooks.log", variables)
        found["hayhooks"] = (server, address, "/assistant/run")
    else:
        print("without hayhooks: name the folder that it is installed in (see --help)")
    return {name: one for name, one in found.items() if not options.only or any(part in name for part in options.only)}


def pipeline_milliseconds(home: Path, *, traced: bool) -> float:
    """Median time of the pipeline itself, one call after the other, in a process of its own."""
    code = f"""
import statistics, sys, time
sys.path.insert(0, {str(HERE)!r})
import contenders, load
assistant, times = contenders.build(), []
for number in range({PIPELINE_CALLS + 10}):
    begun = time.perf_counter()
    question = load.QUESTIONS[number % len(load.QUESTIONS)]
    contenders.answer(assistant, {{"messages": [{{"role": "user", "content": question}}]}})
    times.append(time.perf_counter() - begun)
print(statistics.median(times[10:]) * 1000)
"""
    environment = {**os.environ, **processes.QUIET, "LLMOPS_HOME": str(home)}
    if traced:
        environment["LLMOPS_BENCHMARK_TRACED"] = "1"
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True, cwd=home.parent
    )
    return float(done.stdout.split()[-1])


def measure(address: str, path: str, clients: int, seconds: float) -> tuple[float, float, float, int]:
    """Requests a second, p50 and p99 in milliseconds, failures."""
    with Load(address, clients, streams=False, path=path) as load:
        time.sleep(WARM_UP_SECONDS)
        begun = time.monotonic()
        time.sleep(seconds)
        ended = time.monotonic()
        load.stop()
    counted = [one for one in load.asked if begun <= one.at + one.seconds <= ended]
    times = [one.seconds * 1000 for one in counted if not one.failed]
    failures = sum(one.failed for one in counted)
    return len(times) / (ended - begun), percentile(times, 0.5), percentile(times, 0.99), failures


def steps(home: Path, since: float) -> None:
    """Median milliseconds of each step, from the traces of the endpoint since `since`."""
    os.environ["LLMOPS_HOME"] = str(home)
    sys.path.insert(0, str(HERE.parents[1]))
    from blocks.resolve import resolve_platform
    from tasks_lib.registry.tracking import connect

    client = connect(resolve_platform("local"), "rag-assistant")
    condition = f"attributes.timestamp_ms > {int(since * 1000)}"
    traces = client.search_traces([client.experiment_id], filter_string=condition, max_results=200)
    spans: dict[str, list[float]] = {}
    for trace in traces:
        for span in trace.data.spans:
            taken = (span.end_time_ns - span.start_time_ns) / 1e6
            spans.setdefault(span.name, []).append(taken)
    for name, times in sorted(spans.items(), key=lambda entry: -statistics.median(entry[1])):
        print(f"{statistics.median(times):8.1f} ms  {name}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=12.0)
    parser.add_argument("--hayhooks", type=Path)
    parser.add_argument("--only", nargs="*", default=[], help="Parts of the contenders' names.")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="llmops-throughput-"))
    home = folder / "home"
    shutil.copytree(options.home, home)
    try:
        plain, traced = pipeline_milliseconds(home, traced=False), pipeline_milliseconds(home, traced=True)
        print(f"the pipeline itself: {plain:.1f} ms, traced {traced:.1f} ms (median, one after the other)")
        print(f"{'':<24} | connections | requests/s | p50 ms | p99 ms | above the pipeline | failed", flush=True)
        begun = time.time()
        for name, (server, address, path) in contenders(options, home).items():
            with processes.running(server):
                for clients in CONNECTIONS:
                    rate, p50, p99, failed = measure(address, path, clients, options.seconds)
                    above = f"{p50 - plain:8.1f} ms" if clients == 1 else ""
                    print(
                        f"{name:<24} | {clients:11d} | {rate:10.1f} | {p50:6.1f} | {p99:6.1f} | {above:>18} | {failed}",
                        flush=True,
                    )
                    if clients == 1 and name == "ours, traced":
                        time.sleep(2.0)
                        steps(home, begun)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
