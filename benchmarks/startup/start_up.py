"""How long the command takes to say something, beside what importing Prefect alone takes.

Run it on a quiet machine: ``python benchmarks/startup/start_up.py``. Each command is a fresh process; the first run of
each is warm-up.
"""

import statistics
import subprocess
import sys
import time
from pathlib import Path

RUNS = 7
LLMOPS = str(Path(sys.executable).with_name("llmops"))
COMMANDS = {
    "llmops --help": [LLMOPS, "--help"],
    "llmops ingest --set retriever.topk=1 (configuration error)": [LLMOPS, "ingest", "--set", "retriever.topk=1"],
    'python -c "import prefect"': [sys.executable, "-c", "import prefect"],
}


def seconds(command: list[str]) -> list[float]:
    """Wall seconds of each run after the warm-up."""
    times = []
    for _ in range(RUNS + 1):
        start = time.perf_counter()
        subprocess.run(command, capture_output=True, check=False)
        times.append(time.perf_counter() - start)
    return times[1:]


def main() -> None:
    """Print the median, the range and the ratio to importing Prefect."""
    measured = {name: seconds(command) for name, command in COMMANDS.items()}
    baseline = statistics.median(measured['python -c "import prefect"'])
    for name, times in measured.items():
        median = statistics.median(times)
        print(
            f"{median:6.2f} s  ({min(times):.2f}-{max(times):.2f})  {median / baseline:4.2f} x import prefect   {name}"
        )


if __name__ == "__main__":
    main()
