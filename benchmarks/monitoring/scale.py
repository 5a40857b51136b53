"""Seconds and peak memory of monitoring 1,000 and 10,000 traces, step by step; each size runs in a process of its own.

`--stored` writes real traces to a fresh sqlite MLflow first (about 30 ms each, not counted) and includes reading them;
without it the records are made in memory. With `--homes` the databases are kept there, and used again. Embeddings are
MiniLM's, computed once for each distinct text.

    python benchmarks/monitoring/scale.py [--sizes 1000 10000] [--stored [--homes FOLDER]]
"""

import argparse
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

from tasks_lib.monitoring.traces import TraceRecord, Traffic

START = datetime(2026, 3, 2, tzinfo=UTC)
QUEUE = 500
"""MLflow's queue drops traces beyond a thousand."""
THINGS = ("leave", "expenses", "the laptop", "remote work", "sick days", "the pension", "a pay rise", "parking")


def texts(rng: random.Random, number: int) -> tuple[str, str, list[str]]:
    """A question, an answer and five passages; all but the passages differ between traces."""
    thing, days = rng.choice(THINGS), rng.randint(1, 60)
    passages = [
        f"Rule {rng.randint(1, 300)} on {thing}: " + "the manager agrees within five days. " * 12 for _ in range(5)
    ]
    answer = f"For case {number} the rule on {thing} gives {days} days. The manager agrees within five days."
    return f"What is the rule on {thing} in case {number}?", answer, passages


def records(size: int) -> list[TraceRecord]:
    """A window in memory."""
    rng = random.Random(0)
    made = []
    for number in range(size):
        question, answer, passages = texts(rng, number)
        at = START + timedelta(seconds=number)
        made.append(
            TraceRecord(
                str(number),
                at,
                question,
                answer,
                tuple(map(sys.intern, passages)),
                ("rules.md",) * 5,
                top_score=rng.random(),
                evidence=rng.random(),
                latency_seconds=rng.lognormvariate(-1, 0.4),
                tokens=0,
                refused=rng.random() < 0.1,
                refusal_reason="evidence",
                version="1",
                index="documents",
            )
        )
    return made


def store(size: int) -> None:
    """The same window as traces in MLflow."""
    import mlflow

    rng = random.Random(0)
    tags = {"llmops.source": "production", "llmops.model_version": "1", "llmops.index": "documents"}
    for number in range(size):
        question, answer, passages = texts(rng, number)
        sources = [
            {"document": "rules.md", "start": 0, "end": 9, "score": rng.random(), "content": p} for p in passages
        ]
        begin = int((START + timedelta(seconds=number)).timestamp() * 1e9)
        inputs = {"messages": [{"role": "user", "content": question}]}
        span = mlflow.start_span_no_context("rag-assistant", inputs=inputs, tags=tags, start_time_ns=begin)
        outputs = {"response": answer, "source_documents": sources, "refused": rng.random() < 0.1, "evidence": 0.7}
        span.end(outputs=outputs, end_time_ns=begin + 50_000_000)
        if number % QUEUE == 0:
            mlflow.flush_trace_async_logging()
    mlflow.flush_trace_async_logging()


def measure(size: int, *, stored: bool) -> None:
    """Monitor one window and print a line for each step."""
    from blocks.local import LocalPlatform
    from tasks_lib.config.monitor import MonitorConfig
    from tasks_lib.config.settings import Settings
    from tasks_lib.monitoring.analyse import analyse
    from tasks_lib.monitoring.pipeline import scoring_pipeline
    from tasks_lib.monitoring.record import keep, record
    from tasks_lib.monitoring.reference import Reference
    from tasks_lib.monitoring.scores import score
    from tasks_lib.monitoring.traces import first_trace_at, read_traffic
    from tasks_lib.monitoring.window import Window
    from tasks_lib.registry.tracking import connect

    platform, config = LocalPlatform(), MonitorConfig(assessed_traces=500 if stored else 0)
    client = connect(platform, "rag-assistant")
    window = Window(START, START + timedelta(days=7), explicit=True, late_since=START)
    if stored and first_trace_at(client) is None:
        store(size)
    laps, processor_before = [("", time.monotonic())], time.process_time()
    traffic = read_traffic(client, window.since, window.until) if stored else Traffic(records(size))
    laps.append(("read", time.monotonic()))
    scores = score(scoring_pipeline(platform, Settings()), traffic.records)
    laps.append(("score", time.monotonic()))
    reference = Reference("windows", "itself", scores.columns, scores.vectors)
    analysis = analyse(window, traffic, scores, reference, config)
    laps.append(("compare", time.monotonic()))
    keep(client, record(client, window, analysis, config, platform.home, laps[0][1]), platform.home)
    laps.append(("assess and report", time.monotonic()))
    steps = "  ".join(f"{name} {end - start:6.1f} s" for (_, start), (name, end) in pairwise(laps))
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    seconds, processor = laps[-1][1] - laps[0][1], time.process_time() - processor_before
    print(f"{size:6d} traces: {seconds:6.1f} s ({processor:.1f} s of processor), peak {memory:5.0f} MB   ({steps})")


def main() -> None:
    """Run each size in a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1000, 10_000])
    parser.add_argument("--stored", action="store_true")
    parser.add_argument("--homes", type=Path)
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.here:
        measure(options.sizes[0], stored=options.stored)
        return
    for size in options.sizes:
        with tempfile.TemporaryDirectory() as fresh:
            home = str(options.homes / str(size)) if options.homes else fresh
            command = [sys.executable, str(Path(__file__)), "--here", "--sizes", str(size)]
            quiet = {"LLMOPS_HOME": home, "TQDM_DISABLE": "1", "MLFLOW_LOGGING_LEVEL": "ERROR"}
            offline = {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "1"}
            environment = {**os.environ, **quiet, **offline}
            subprocess.run([*command, *(["--stored"] if options.stored else [])], env=environment, check=True)


if __name__ == "__main__":
    main()
