"""Where the evaluation data lies, and small statistics that the benchmarks share."""

import json
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any


def shared_data() -> Path:
    """The first argument, else `shared/data` beside the checkout."""
    beside = Path(__file__).resolve().parents[3] / "shared" / "data"
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else beside
    if not folder.is_dir():
        sys.exit(f"no data at {folder}: give its folder as argument")
    return folder


def read(path: str) -> Any:
    """A JSON or JSON Lines file of the data."""
    text = (shared_data() / path).read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()] if path.endswith(".jsonl") else json.loads(text)


def instructions() -> list[str]:
    """The second argument, `data/seed_tasks.jsonl` of yizhongw/self-instruct (Apache-2.0): harmless instructions."""
    if len(sys.argv) < 3:
        sys.exit("give data/seed_tasks.jsonl of github.com/yizhongw/self-instruct as the second argument")
    return asked_of_models(Path(sys.argv[2]))


def asked_of_models(file: Path) -> list[str]:
    """What people ask of a language model: instruction and first input of each row of self-instruct's files."""
    rows = map(json.loads, file.read_text(encoding="utf-8").splitlines())
    return [f"{row['instruction']}\n{row['instances'][0]['input']}".strip() for row in rows]


def milliseconds(function: Callable[[], object], times: int, warm_up: int = 2) -> tuple[float, float]:
    """Median and 99th percentile of `times` runs."""
    for _ in range(warm_up):
        function()
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        function()
        taken.append((time.perf_counter() - start) * 1000)
    ordered = sorted(taken)
    return statistics.median(ordered), ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))]


PARAGRAPH = (
    "Dear team, my name is Maria Keller and I live at 12 Garden Street, Springfield 12345. You can call me on +1 "
    "415 555 0132 or write to "
    "maria.keller@example.org; my card 4111 1111 1111 1111 was charged twice on 3 March 2024 by the travel office "
    "in Lisbon. Could you please "
    "tell me who approves the refund, how long it takes, and whether the meals of the conference in Copenhagen "
    "count as travel expenses? "
    "I have asked Mr. Jensen and the finance department already, but nobody seemed to know which form is the right "
    "one this year. Many thanks. "
)


def text_of(characters: int) -> str:
    """A message of an employee with personal data at its start, of this length."""
    filler = (
        "The policy says that expenses are paid back within two weeks after the receipts were handed in, and that a "
        "manager must agree. "
        "It does not say what happens when the manager is on leave, or when the amount is above the limit of the "
        "department. "
    )
    return (PARAGRAPH + filler * 20)[:characters]


def contacts_of(characters: int) -> str:
    """A list of people with addresses, telephone numbers and mailboxes, of this length."""
    lines = (
        f"Mr. Adam Brown{i} lives at {i} Main Street, phone 415-555-{132 + i:04d}, mail adam{i}@example.org. "
        for i in range(1, characters // 60 + 2)
    )
    return "".join(lines)[:characters]
