"""The front page in Markdown, for Prefect: the pictures are part of the text."""

import re
from collections.abc import Iterable

from tasks_lib.monitoring.report.page import headline_of, window_of
from tasks_lib.monitoring.report.panels import Panel, Panels
from tasks_lib.monitoring.report.pictures import data_uri
from tasks_lib.monitoring.result import MonitorResult, WorstAnswer

_MARKUP = re.compile(r"([\\`*_{}\[\]()#+!|~])")
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_ADDRESSES = {"://": ":\\/\\/", "www.": "www\\."}
"""Starts of addresses, which Markdown would make links of → the same, escaped."""


def summary(result: MonitorResult, shown: Panels) -> str:
    """Verdict, pictures and worst answers; whatever users or documents wrote is escaped."""
    lines = [f"# {headline_of(result)}", "", f"{window_of(result)} · {result.traces:,} questions", ""]
    lines += [f"- {plain(reason)}" for reason in result.reasons]
    lines += ["", f"Compared with: {plain(result.reference or 'nothing')}.", "", f"Report: `{result.report}`", ""]
    lines += [f"MLflow artifact: `{result.report_uri}`", ""]
    lines += _gallery("What changed (grey: before, colour: now)", shown.changes.values())
    lines += _gallery("This window (mark: before)", shown.gauges)
    lines += _gallery("Over the windows", shown.trends)
    if result.worst:
        lines += ["## Answers to read first", ""]
        lines += [f"- {_answer(answer, aggregate_only=result.aggregate_only)}" for answer in result.worst]
    if result.new_questions:
        lines += ["", "## Unlike anything asked before", ""]
        lines += [
            f"- {group.size} × {plain('; '.join(group.examples))}" if group.examples else f"- {group.size} questions"
            for group in result.new_questions
        ]
    return "\n".join(lines)


def _answer(answer: WorstAnswer, *, aggregate_only: bool) -> str:
    said = f"trace `{answer.trace_id}`" if aggregate_only else f"**{plain(answer.question)}** {plain(answer.response)}"
    return f"{said} ({plain(', '.join(answer.why))})"


def plain(text: str) -> str:
    """One line that Markdown shows as it is, addresses included."""
    shown = " ".join(text.split())
    for sign, written in _ENTITIES.items():
        shown = shown.replace(sign, written)
    shown = _MARKUP.sub(r"\\\1", shown)
    for sign, written in _ADDRESSES.items():
        shown = shown.replace(sign, written)
    return shown


def _gallery(title: str, pictures: Iterable[Panel]) -> list[str]:
    """A heading over a table of two columns: what, and its picture."""
    rows = [
        f"| {plain(panel.title)}{'<br>' + plain(panel.note) if panel.note else ''} "
        f"| ![{plain(panel.title)}]({data_uri(panel.picture)}) |"
        for panel in pictures
    ]
    return [f"## {title}", "", "| | |", "| --- | --- |", *rows, ""] if rows else []
