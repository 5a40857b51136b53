"""How often an unchanged week raises an alarm, and how often one with lower groundedness does.

Simulated traffic: scores of twelve metrics as an assistant in good health gives them, and questions drawn from the
sample handbook's, some of them asked often; the reference has four windows' worth. Beside our rule
(`tasks_lib.monitoring.drift`): Evidently's `DataDriftPreset` with its defaults, once as its headline (half of the
columns drifted) and once as "any column drifted", the way people alert on it.

    python benchmarks/monitoring/detection.py [--windows 200]
"""

import argparse
import json
import warnings
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from tasks_lib.config.monitor import MonitorConfig
from tasks_lib.monitoring.drift import compare, decide
from tasks_lib.monitoring.metrics import CATALOGUE
from tasks_lib.monitoring.questions import compare_questions

CONFIG = MonitorConfig()
QUESTIONS = Path(__file__).resolve().parents[2] / "examples" / "handbook-questions.jsonl"
SIZES = (50, 200, 1000)
DROPS = (0.0, 0.05, 0.10, 0.20)
Columns = dict[str, np.ndarray]
Side = tuple[Columns, np.ndarray]
"""Scores, and the embeddings of the questions."""


def week(rng: np.random.Generator, n: int, drop: float) -> Columns:
    """Scores of `n` traces whose mean groundedness is .85 - `drop`."""
    answered = rng.random(n) > 0.12
    error = rng.random(n) < 0.01
    quality = rng.normal(0, 1, n)
    columns = {
        "groundedness": np.clip(0.85 - drop + 0.12 * rng.normal(0, 1, n) + 0.06 * quality, 0, 1),
        "answer_relevance": np.clip(0.6 + 0.12 * rng.normal(0, 1, n) + 0.05 * quality, -1, 1),
        "readability_grade": rng.normal(9, 3, n),
        "readability_ari": rng.normal(9, 3.5, n),
        "toxicity": rng.beta(1, 30, n),
    }
    columns = {name: np.where(answered & ~error, values, np.nan) for name, values in columns.items()}
    return columns | {
        "retrieval_score": np.where(error, np.nan, rng.beta(8, 3, n)),
        "evidence": np.where(error, np.nan, rng.beta(7, 4, n)),
        "coverage": rng.choice([0.25, 0.5, 0.75, 1.0], n, p=[0.05, 0.15, 0.3, 0.5]),
        "refused": np.where(error, np.nan, (~answered).astype(float)),
        "error": error.astype(float),
        "latency_seconds": np.where(error, np.nan, rng.lognormal(0, 0.5, n)),
        "question_words": rng.poisson(9, n) + 1.0,
    }


@cache
def pool() -> tuple[np.ndarray, np.ndarray]:
    """The handbook's questions as MiniLM embeds them, and how often each is asked (Zipf)."""
    from tasks_lib.assistant.embedders.minilm import MiniLM

    lines = QUESTIONS.read_text(encoding="utf-8").splitlines()
    questions = [json.loads(line)["messages"][-1]["content"] for line in lines]
    often = 1 / np.arange(1, len(questions) + 1)
    return np.array(MiniLM().embed(questions), dtype=np.float32), often / often.sum()


def asked(rng: np.random.Generator, n: int) -> np.ndarray:
    """Embeddings of `n` questions."""
    vectors, often = pool()
    return vectors[rng.choice(len(vectors), n, p=often)]


def pair(seed: int, n: int, drop: float) -> tuple[Side, Side]:
    """A window and its reference."""
    rng = np.random.default_rng([seed, n, round(1000 * drop)])
    scores = week(rng, n, drop), week(rng, 4 * n, 0.0)
    return (scores[0], asked(rng, n)), (scores[1], asked(rng, 4 * n))


def ours(current: Side, reference: Side, seed: int) -> tuple[bool, bool]:
    """(any alarm, groundedness named)."""
    topics = compare_questions([""] * len(current[1]), current[1], reference[1], [False] * len(current[1]), seed=seed)
    changes = decide([*compare(current[0], reference[0]), topics.change], CONFIG)
    drifted = {change.metric for change in changes if change.status == "drifted"}
    return bool(drifted), "groundedness" in drifted


def evidently_default(current: Columns, reference: Columns) -> tuple[bool, bool, bool]:
    """(headline, any column, groundedness) by the tests and limits that Evidently's `DataDriftPreset` picks itself.

    The preset's own choice of tests, called without its pictures, which take seconds a run; :func:`preset` draws them.
    """
    from evidently.legacy.calculations.stattests import get_stattest
    from evidently.legacy.core import ColumnType

    drifted = set()
    for name in current:
        kind = ColumnType.Categorical if CATALOGUE[name].kind == "share" else ColumnType.Numerical
        now, before = (pd.Series(columns[name]).dropna() for columns in (current, reference))
        if get_stattest(before, now, kind, None)(before, now, kind, None).drifted:
            drifted.add(name)
    return len(drifted) >= 0.5 * len(current), bool(drifted), "groundedness" in drifted


def preset(current: Columns, reference: Columns) -> int:
    """How many columns the preset itself calls drifted."""
    from evidently import DataDefinition, Dataset, Report
    from evidently.presets import DataDriftPreset

    shares = [name for name in current if CATALOGUE[name].kind == "share"]
    definition = DataDefinition(numerical_columns=[n for n in current if n not in shares], categorical_columns=shares)

    def dataset(columns: Columns) -> Dataset:
        frame = pd.DataFrame(columns)
        for name in shares:
            frame[name] = frame[name].map({1.0: "yes", 0.0: "no"})
        return Dataset.from_pandas(frame, data_definition=definition)

    metrics = Report([DataDriftPreset()]).run(dataset(current), dataset(reference)).dict()["metrics"]
    return int(next(m["value"]["count"] for m in metrics if m["metric_name"].startswith("DriftedColumnsCount")))


def main() -> None:
    """Print one line for each size and drop."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--windows", type=int, default=200)
    windows = range(parser.parse_args().windows)
    warnings.filterwarnings("ignore")
    print("traces  groundedness   ours: any  ours: named   Evidently's default: headline  any column  groundedness")
    for n in SIZES:
        for drop in DROPS:
            pairs = [pair(seed, n, drop) for seed in windows]
            mine = np.mean([ours(*sides, seed) for seed, sides in enumerate(pairs)], axis=0)
            theirs = np.mean([evidently_default(now, before) for (now, _), (before, _) in pairs], axis=0)
            change = "unchanged" if not drop else f"-{100 * drop:.0f} points"
            print(
                f"{n:6d}  {change:>12}   {mine[0]:9.1%}  {mine[1]:11.1%}   {theirs[0]:29.1%}  {theirs[1]:10.1%}"
                f"  {theirs[2]:12.1%}",
                flush=True,
            )


if __name__ == "__main__":
    main()
