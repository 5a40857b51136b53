"""The worked examples of CONTRIBUTING.md, a metric and a document format, run as they stand on the page."""

import json
import re
from pathlib import Path
from typing import Any

import yaml

from blocks.local import LocalPlatform
from tasks_lib.config.settings import Settings
from tasks_lib.gate import scorers
from tasks_lib.gate.answer_metrics import Row
from tests.tasks_lib.gate.test_scorers import answered, source
from tests.tasks_lib.ingestion import test_pipeline

PAGE = Path(__file__).parents[1] / "CONTRIBUTING.md"


def code_of_the_page() -> dict[str, Any]:
    """What the page's blocks define."""
    names: dict[str, Any] = {"Row": Row, "source": source, "answered": answered}
    names |= vars(test_pipeline) | {"json": json}
    for text in blocks_of_the_page("python"):
        exec(text, names)  # noqa: S102  (our own page)
    return names


def blocks_of_the_page(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)


def test_the_example_holds_its_own_test() -> None:
    code_of_the_page()["test_sources_used_counts_those_that_the_answer_quotes"]()


def test_the_example_is_a_metric_of_the_gate_once_it_is_listed(monkeypatch: Any) -> None:
    metric = code_of_the_page()["sources_used"]
    monkeypatch.setitem(scorers.METRICS, "sources_used", scorers.Metric(metric, "Sources used"))
    row = answered("You receive 27 days of annual leave.", source("You receive 27 days of annual leave."))
    assert scorers.all_metrics()["sources_used"].function(row) == 1.0
    assert scorers.title_of("sources_used") == "Sources used"
    assert metric(Row(row.example, None, 0.1, row.similarity)) == 0.0


def test_the_document_format_is_read_as_the_page_says(platform: LocalPlatform) -> None:
    (configuration,) = blocks_of_the_page("yaml")
    named = Settings.model_validate(yaml.safe_load(configuration)).ingest.converters
    assert {suffix: part.type for suffix, part in named.items()} == {".ipynb": test_pipeline.MARKITDOWN}
    code_of_the_page()["test_a_notebook_is_understood"](platform)
