"""Prometheus metrics of the endpoint."""

import time
from collections.abc import AsyncIterator, Callable, Iterator
from functools import partial
from typing import Any

from fastapi import HTTPException
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Metric, generate_latest

from serving.budget import MonthlyBudget

SECONDS = (0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60)


class Metrics:
    """The endpoint's counters, histograms and gauges, labelled by assistant; one instance a process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        named: dict[str, Any] = {"registry": self.registry, "namespace": "llmops"}
        self.answers = Counter("answers", "Answers by route and outcome.", ["assistant", "route", "outcome"], **named)
        self.seconds = Histogram(
            "answer_seconds", "Time to the end of an answer.", ["assistant", "route"], buckets=SECONDS, **named
        )
        self.first = Histogram(
            "first_token_seconds", "Time to the first piece of text.", ["assistant", "route"], buckets=SECONDS, **named
        )
        self.tokens = Counter("tokens", "Tokens of the language model.", ["assistant", "direction"], **named)
        self.cost = Counter(
            "cost", "Cost of answers, in the currency of the provider's prices.", ["assistant"], **named
        )
        self.refusals = Counter("refusals", "Refused answers by reason.", ["assistant", "reason"], **named)
        self.guardrails = Counter(
            "guardrail_hits",
            "Guardrails that found something.",
            ["assistant", "validator", "direction", "action"],
            **named,
        )
        self.version = Gauge("version", "Version that wrote the last answer.", ["assistant"], **named)
        self.under_way = Gauge("answers_under_way", "Answers being written.", ["assistant"], **named)
        self.month_spent = Gauge(
            "month_spent", "Tokens, or cost, of the month's answers at all replicas.", ["assistant", "unit"], **named
        )
        self.month_budget = Gauge("month_budget", "What they may take.", ["assistant", "unit"], **named)
        self.workers_ready = Gauge("workers_ready", "Workers that can answer.", ["assistant"], **named)

    def of(self, assistant: str, ready_workers: Callable[[], int]) -> "AssistantMetrics":
        """Those of one assistant; its gauges are there from now on.

        :param ready_workers: Number of its workers that can answer.
        """
        self.workers_ready.labels(assistant).set_function(ready_workers)
        self.under_way.labels(assistant)
        return AssistantMetrics(self, assistant)

    def show_budget(self, assistant: str, budget: MonthlyBudget) -> None:
        """Tell what the assistant's answers of the month took and may take; nothing where there is no budget."""
        limits = {"tokens": budget.limits.tokens, "cost": budget.limits.cost}
        for unit, limit in limits.items():
            if limit is not None:
                self.month_budget.labels(assistant, unit).set(limit)
                spent = partial(_spent, budget, assistant, unit)
                self.month_spent.labels(assistant, unit).set_function(spent)

    def text(self, only: frozenset[str] | None = None) -> bytes:
        """Prometheus' text format.

        :param only: Assistants whose numbers are told; `None` for all.
        """
        return generate_latest(self.registry if only is None else _Part(self.registry, only))


def _spent(budget: MonthlyBudget, assistant: str, unit: str) -> float:
    return float(getattr(budget.read(assistant), unit))


class _Part(CollectorRegistry):
    """What a registry holds of some assistants."""

    def __init__(self, whole: CollectorRegistry, only: frozenset[str]) -> None:
        super().__init__()
        self._whole, self._only = whole, only

    def collect(self) -> Iterator[Metric]:
        """Its metrics, without the samples of other assistants."""
        for metric in self._whole.collect():
            part = Metric(metric.name, metric.documentation, metric.type, metric.unit)
            part.samples = [sample for sample in metric.samples if sample.labels["assistant"] in self._only]
            yield part


class AssistantMetrics:
    """What the answers of one assistant are counted in."""

    def __init__(self, metrics: Metrics, assistant: str) -> None:
        self._metrics = metrics
        self._assistant = assistant

    async def observed(self, route: str, events: AsyncIterator[dict[str, Any]]) -> AsyncIterator[dict[str, Any]]:
        """`events`, counted."""
        metrics, name = self._metrics, self._assistant
        started, first, outcome = time.perf_counter(), True, "left"
        metrics.under_way.labels(name).inc()
        try:
            async for event in events:
                if first and "piece" in event:
                    first = False
                    metrics.first.labels(name, route).observe(time.perf_counter() - started)
                if "answer" in event:
                    outcome = "refused" if event["answer"]["refused"] else "answered"
                    self._count(event["answer"])
                yield event
        except HTTPException as error:
            outcome = str(error.status_code)
            raise
        finally:
            metrics.under_way.labels(name).dec()
            metrics.answers.labels(name, route, outcome).inc()
            metrics.seconds.labels(name, route).observe(time.perf_counter() - started)

    def _count(self, answer: dict[str, Any]) -> None:
        metrics, name = self._metrics, self._assistant
        used = answer.get("usage") or {}
        metrics.tokens.labels(name, "input").inc(used.get("input_tokens") or 0)
        metrics.tokens.labels(name, "output").inc(used.get("output_tokens") or 0)
        metrics.cost.labels(name).inc(used.get("cost") or 0)
        if answer["refused"]:
            metrics.refusals.labels(name, answer.get("refusal_reason") or "unknown").inc()
        for decision in answer["guardrails"]:
            if decision["action"] != "allow" or decision.get("kinds"):
                hit = (decision["validator"], decision["direction"], decision["action"])
                metrics.guardrails.labels(name, *hit).inc()
        version = answer["model_uri"].rpartition("/")[2]
        metrics.version.labels(name).set(int(version) if version.isdigit() else 0)
