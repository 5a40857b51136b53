"""An endpoint under steady load for a while: errors, and whether its memory grows.

    python benchmarks/serving/soak.py --home HOME [--minutes 30] [--share 0.8] [--workers 1]
    python benchmarks/serving/soak.py --fake --minutes 4

`HOME` is what `llmops demo` left behind; it is copied. With `--fake` a version answers at once and leaves no traces, so
that many more questions tell what a question costs the endpoint's own processes.

Capacity is measured first, with 16 connections; the load is `share` of it. The slopes are those of a straight line
through the memory that no other process shares (unique set size), one sample every five seconds, the first fifth left
out: what is loaded late is no leak.
"""

import argparse
import os
import shutil
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import numpy as np
import processes
import psutil
from load import Load, by_status, percentile

SAMPLE_SECONDS = 5.0
CAPACITY_SECONDS = 20.0
CONNECTIONS = 16


def megabytes(server: processes.Server) -> dict[str, float]:
    """Memory of the endpoint's processes, by what they are."""
    assert server.process is not None  # noqa: S101  (it was started)
    found = {"server": 0.0, "workers": 0.0, "versions": 0.0}
    for process in (psutil.Process(server.process.pid), *server.children()):
        with suppress(psutil.Error):
            command = " ".join(process.cmdline())
            kind = "versions" if "version_worker" in command else "workers" if "spawn_main" in command else "server"
            found[kind] += process.memory_full_info().uss / 2**20
    return found


def capacity(address: str) -> float:
    """Answers a second with as many connections as the endpoint has places."""
    with Load(address, CONNECTIONS, streams=False) as load:
        time.sleep(5)
        begun = time.monotonic()
        time.sleep(CAPACITY_SECONDS)
        ended = time.monotonic()
        load.stop()
    return sum(begun <= one.at + one.seconds <= ended and not one.failed for one in load.asked) / (ended - begun)


def slope(samples: list[tuple[float, float]]) -> float:
    """Megabytes an hour."""
    kept = samples[len(samples) // 5 :]
    hours, values = np.array([moment / 3600 for moment, _ in kept]), np.array([value for _, value in kept])
    return float(np.polyfit(hours, values, 1)[0])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    homes = parser.add_mutually_exclusive_group(required=True)
    homes.add_argument("--home", type=Path)
    homes.add_argument("--fake", action="store_true")
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--share", type=float, default=0.8)
    parser.add_argument("--workers", type=int, default=1)
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="llmops-soak-"))
    home = folder / "home"
    environment = {"LLMOPS_HOME": str(home)}
    if options.fake:
        answer_at_once(home)
        environment["MLFLOW_TRACE_SAMPLING_RATIO"] = "0"
    else:
        shutil.copytree(options.home, home)
    server, address = processes.endpoint(folder, environment, "--workers", str(options.workers))
    try:
        with processes.running(server):
            soak(server, address, options)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def answer_at_once(home: Path) -> None:
    """Make a home whose production version answers every question the same."""
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
    os.environ.update(processes.QUIET, LLMOPS_HOME=str(home))
    from blocks.local import LocalPlatform
    from tasks_lib.registry.tracking import connect
    from tests.serving.conftest import register

    home.mkdir()
    platform = LocalPlatform()
    client = connect(platform, "rag-assistant")
    version = register(platform, home.parent, "fake")
    client.set_registered_model_alias("rag-assistant", "production", str(version))


def soak(server: processes.Server, address: str, options: argparse.Namespace) -> None:
    """Load it, and print what was seen."""
    rate = capacity(address) * options.share
    print(f"load: {rate:.1f} questions a second, every third one streamed, for {options.minutes:g} minutes", flush=True)
    samples: dict[str, list[tuple[float, float]]] = {}
    with Load(address, CONNECTIONS, rate=rate) as load:
        begun = time.monotonic()
        while (at := time.monotonic() - begun) < options.minutes * 60:
            for kind, value in megabytes(server).items():
                samples.setdefault(kind, []).append((at, value))
            time.sleep(SAMPLE_SECONDS)
        load.stop()
    times = [one.seconds * 1000 for one in load.asked if not one.failed]
    print(f"{len(load.asked)} questions, failed: {by_status(load.asked)}")
    print(f"p50 {percentile(times, 0.5):.0f} ms, p99 {percentile(times, 0.99):.0f} ms, longest {max(times):.0f} ms")
    for kind, values in samples.items():
        print(
            f"{kind:<9} {values[0][1]:7.0f} MB at the beginning, {values[-1][1]:7.0f} MB at the end, "
            f"slope {slope(values):+8.1f} MB/hour, {slope(values) / rate / 3600 * 2**10:+.2f} KB a question"
        )


if __name__ == "__main__":
    main()
