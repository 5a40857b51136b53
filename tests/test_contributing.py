"""The worked examples of CONTRIBUTING.md, a metric and a document format, run as they stand on the page."""

import json
import re
from pathlib import Path
from typing import Any

import yaml
from haystack.dataclasses import ByteStream

from blocks.local import LocalPlatform
from tasks_lib.config.settings import Settings
from tasks_lib.gate import scorers
from tasks_lib.gate.answer_metrics import Row
from tasks_lib.ingestion.pipeline import indexing_pipeline
from tests.tasks_lib.gate.test_scorers import answered, source

PAGE = Path(__file__).parents[1] / "CONTRIBUTING.md"


def code_of_the_page() -> dict[str, Any]:
    """What the page's blocks define."""
    names: dict[str, Any] = {"Row": Row, "source": source, "answered": answered}
    names |= {"LocalPlatform": LocalPlatform, "Settings": Settings, "ByteStream": ByteStream, "json": json}
    names["indexing_pipeline"] = indexing_pipeline
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
    assert metric(Row(row.example, None, 0.1, row.similarity)) is None


def test_the_document_format_is_read_as_configured(platform: LocalPlatform) -> None:
    (configuration,) = blocks_of_the_page("yaml")
    settings = Settings.model_validate(yaml.safe_load(configuration))
    code_of_the_page()["test_a_notebook_is_understood"](platform, settings)
