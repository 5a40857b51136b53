"""The worked example of CONTRIBUTING.md: its metric and its test, run as they stand on the page."""

import re
from pathlib import Path
from typing import Any

from tasks_lib.gate import scorers
from tasks_lib.gate.answer_metrics import Row
from tests.tasks_lib.gate.test_scorers import answered, source

PAGE = Path(__file__).parents[1] / "CONTRIBUTING.md"


def code_of_the_page() -> dict[str, Any]:
    """What the page's blocks define."""
    names: dict[str, Any] = {"Row": Row, "source": source, "answered": answered}
    for text in re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL):
        exec(text, names)  # noqa: S102  (our own page)
    return names


def test_the_example_holds_its_own_test() -> None:
    code_of_the_page()["test_sources_used_counts_those_that_the_answer_quotes"]()


def test_the_example_is_a_metric_of_the_gate_once_it_is_listed(monkeypatch: Any) -> None:
    metric = code_of_the_page()["sources_used"]
    monkeypatch.setitem(scorers.METRICS, "sources_used", scorers.Metric(metric, "Sources used"))
    row = answered("You receive 27 days of annual leave.", source("You receive 27 days of annual leave."))
    assert scorers.all_metrics()["sources_used"].function(row) == 1.0
    assert scorers.title_of("sources_used") == "Sources used"
    assert metric(Row(row.example, None, 0.1, row.similarity)) is None
