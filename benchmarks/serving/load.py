"""Clients that ask an endpoint over and over, and what they met."""

import json
import statistics
import threading
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import count
from types import TracebackType
from typing import Any, Self

import httpx

QUESTIONS = (
    "How many days of annual leave do employees get?",
    "How many days of leave may be carried over?",
    "When do I have to hand in a sick note?",
    "What is the notice period?",
    "Who approves business travel?",
    "How do I report a lost laptop?",
    "What is the daily allowance on business trips?",
    "How long is parental leave?",
)
PATIENCE_SECONDS = 120.0


@dataclass(frozen=True)
class Asked:
    """One request; `status` is 0 where the connection broke or nothing came, `broken stream` where it ended early."""

    at: float
    seconds: float
    status: int | str
    version: str = ""
    detail: str = ""

    @property
    def failed(self) -> bool:
        """Whether there was no answer."""
        return self.status != 200


def ask(client: httpx.Client, question: str, path: str = "/predict") -> Asked:
    """Ask a route that answers as a whole."""
    begun = time.monotonic()
    try:
        response = client.post(path, json={"messages": [{"role": "user", "content": question}]})
        said = response.json()
    except (httpx.HTTPError, ValueError) as error:
        return Asked(begun, time.monotonic() - begun, 0, detail=type(error).__name__)
    version, detail = (said.get("model_uri", ""), "") if response.status_code == 200 else ("", str(said.get("detail")))
    return Asked(begun, time.monotonic() - begun, response.status_code, version.rpartition("/")[2], detail)


def ask_streaming(client: httpx.Client, question: str) -> Asked:
    """Ask `/v1/chat/completions` for a stream and read it to its end."""
    begun = time.monotonic()
    body = {"model": "rag-assistant", "stream": True, "messages": [{"role": "user", "content": question}]}
    status: int | str = "broken stream"
    version = detail = ""
    try:
        with client.stream("POST", "/v1/chat/completions", json=body) as response:
            if response.status_code != 200:
                message = json.loads(response.read())["error"]["message"]
                return Asked(begun, time.monotonic() - begun, response.status_code, detail=message)
            for line in response.iter_lines():
                event: dict[str, Any] = json.loads(line[6:]) if line.startswith("data: {") else {}
                version = event.get("model", version)
                detail = event.get("error", {}).get("message", detail)
                status = 200 if line == "data: [DONE]" else status
    except (httpx.HTTPError, ValueError) as error:
        return Asked(begun, time.monotonic() - begun, status if status == 200 else 0, detail=type(error).__name__)
    return Asked(begun, time.monotonic() - begun, status, version.rpartition("/")[2], detail)


@dataclass
class Load:
    """Context manager around `clients` threads; every third question is streamed if `streams`.

    :param rate: Questions a second of all clients together; as many as they get answered where it is `None`.
    """

    address: str
    clients: int = 4
    streams: bool = True
    rate: float | None = None
    path: str = "/predict"
    asked: list[Asked] = field(default_factory=list)

    def __enter__(self) -> Self:
        self._stop = threading.Event()
        self._numbers = count()
        self._begun = time.monotonic()
        self._threads = [threading.Thread(target=self._run, daemon=True) for _ in range(self.clients)]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """Ask no more, and wait for the answers under way."""
        self._stop.set()
        for thread in self._threads:
            thread.join(PATIENCE_SECONDS)

    def _run(self) -> None:
        with httpx.Client(base_url=self.address, timeout=PATIENCE_SECONDS) as client:
            while not self._stop.is_set():
                number = next(self._numbers)
                if self.rate and self._stop.wait(max(0.0, self._begun + number / self.rate - time.monotonic())):
                    return
                question = QUESTIONS[number % len(QUESTIONS)]
                streams = self.streams and number % 3 == 2
                said = ask_streaming(client, question) if streams else ask(client, question, self.path)
                self.asked.append(said)
                if said.failed:
                    self._stop.wait(0.1)


def by_status(asked: Iterable[Asked]) -> str:
    """How many failed, by status."""
    failures = Counter(str(one.status) for one in asked if one.failed)
    return ", ".join(f"{number} x {status}" for status, number in sorted(failures.items())) or "none"


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which `share` of the values lie."""
    return statistics.quantiles(values, n=1000, method="inclusive")[round(share * 1000) - 1]
