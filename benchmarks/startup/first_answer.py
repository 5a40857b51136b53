"""How long it takes from the start of a process to its first answer, and how much processor that takes.

Make a home once, ``LLMOPS_HOME=/dev/shm/cold llmops demo``, then run ``LLMOPS_HOME=/dev/shm/cold python
benchmarks/startup/first_answer.py``. Each command is a fresh process; the first run of each is warm-up.
"""

import argparse
import os
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

QUESTION = "How many days of annual leave do employees get?"
LLMOPS = (sys.executable, "-m", "llmops_flows")
COMMANDS = {
    "llmops ask": (*LLMOPS, "ask", QUESTION, "--json"),
    "peer: Haystack, same index and embedder": (sys.executable, str(Path(__file__).with_name("peer.py")), QUESTION),
    "llmops search": (*LLMOPS, "search", QUESTION, "--json"),
    "llmops status": (*LLMOPS, "status", "--json"),
    "llmops --help": (*LLMOPS, "--help"),
}


@dataclass(frozen=True)
class Run:
    """Seconds of one run; `processor` is user and system time of the process and of all that it waited for."""

    answer: float
    end: float
    processor: float


def run(command: tuple[str, ...]) -> Run:
    """Start a command, and take the time when its first line comes and when it ends."""
    before, start = os.times(), time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        if process.stdout is None or not process.stdout.readline():
            raise SystemExit(f"{' '.join(command)} said nothing: is LLMOPS_HOME one that `llmops demo` has made?")
        answer = time.perf_counter() - start
        process.stdout.read()
    end, after = time.perf_counter() - start, os.times()
    spent = after.children_user + after.children_system - before.children_user - before.children_system
    return Run(answer, end, spent)


def main() -> None:
    """Print medians and ranges."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--only", default="", help="commands whose name holds this")
    options = parser.parse_args()
    for name, command in COMMANDS.items():
        if options.only not in name:
            continue
        runs = [run(command) for _ in range(options.runs + 1)][1:]
        shown = [
            f"{part} {statistics.median(values):6.2f} s ({min(values):.2f}-{max(values):.2f})"
            for part in ("answer", "end", "processor")
            for values in [[getattr(each, part) for each in runs]]
        ]
        print(f"{name:42}", *shown, sep="  ", flush=True)


if __name__ == "__main__":
    main()
