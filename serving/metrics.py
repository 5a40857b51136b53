"""Prometheus metrics of the endpoint."""

import time
from collections.abc import AsyncIterator, Callable
from typing import Any

from fastapi import HTTPException
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

SECONDS = (0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60)


class Metrics:
    """The endpoint's counters, histograms and gauges; one instance a process.

    :param ready_workers: Number of workers that can answer.
    """

    def __init__(self, ready_workers: Callable[[], int] = int) -> None:
        self.registry = CollectorRegistry()
        named: dict[str, Any] = {"registry": self.registry, "namespace": "llmops"}
        self._answers = Counter("answers", "Answers by route and outcome.", ["route", "outcome"], **named)
        self._seconds = Histogram(
            "answer_seconds", "Time to the end of an answer.", ["route"], buckets=SECONDS, **named
        )
        self._first = Histogram(
            "first_token_seconds", "Time to the first piece of text.", ["route"], buckets=SECONDS, **named
        )
        self._tokens = Counter("tokens", "Tokens of the language model.", ["direction"], **named)
        self._cost = Counter("cost", "Cost of answers, in the currency of the provider's prices.", **named)
        self._refusals = Counter("refusals", "Refused answers by reason.", ["reason"], **named)
        self._guardrails = Counter(
            "guardrail_hits", "Guardrails that found something.", ["validator", "direction", "action"], **named
        )
        self._version = Gauge("version", "Version that wrote the last answer.", **named)
        self.under_way = Gauge("answers_under_way", "Answers being written.", **named)
        Gauge("workers_ready", "Workers that can answer.", **named).set_function(ready_workers)

    async def observed(self, route: str, events: AsyncIterator[dict[str, Any]]) -> AsyncIterator[dict[str, Any]]:
        """`events`, counted."""
        started, first, outcome = time.perf_counter(), True, "left"
        self.under_way.inc()
        try:
            async for event in events:
                if first and "piece" in event:
                    first = False
                    self._first.labels(route).observe(time.perf_counter() - started)
                if "answer" in event:
                    outcome = "refused" if event["answer"]["refused"] else "answered"
                    self._count(event["answer"])
                yield event
        except HTTPException as error:
            outcome = str(error.status_code)
            raise
        finally:
            self.under_way.dec()
            self._answers.labels(route, outcome).inc()
            self._seconds.labels(route).observe(time.perf_counter() - started)

    def text(self) -> bytes:
        """Prometheus' text format."""
        return generate_latest(self.registry)

    def _count(self, answer: dict[str, Any]) -> None:
        used = answer.get("usage") or {}
        self._tokens.labels("input").inc(used.get("input_tokens") or 0)
        self._tokens.labels("output").inc(used.get("output_tokens") or 0)
        self._cost.inc(used.get("cost") or 0)
        if answer["refused"]:
            self._refusals.labels(answer.get("refusal_reason") or "unknown").inc()
        for decision in answer["guardrails"]:
            if decision["action"] != "allow" or decision.get("kinds"):
                self._guardrails.labels(decision["validator"], decision["direction"], decision["action"]).inc()
        version = answer["model_uri"].rpartition("/")[2]
        self._version.set(int(version) if version.isdigit() else 0)
