"""The month's budget: what would exceed it is refused with its end; replicas share it, and a restart keeps it."""

import asyncio
import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from blocks.local import LocalPlatform
from flows.cli import run
from serving import budget as budgets
from serving.budget import MonthlyBudget, MonthlyLimits
from serving.metrics import Metrics
from serving.openai import OpenAIError
from tasks_lib.home import Home
from tasks_lib.registry.spending import SpendingFile, Spent
from tasks_lib.registry.tracking import connect
from tests.serving.conftest import question, register, served

USED = {"input_tokens": 7, "output_tokens": 3, "cost": 0.5}
MODEL = "rag-assistant"


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SpendingFile:
    monkeypatch.setattr(budgets, "WRITE_SECONDS", 0.01)
    monkeypatch.setattr(budgets, "LOOK_SECONDS", 0.0)
    return SpendingFile(tmp_path / "spending.db")


async def answer(budget: MonthlyBudget, times: int = 1) -> None:
    for _ in range(times):
        async with budget.answering(MODEL):
            budget.count(MODEL, USED)


async def written(budget: MonthlyBudget) -> None:
    if budget._task:
        await budget._task


@pytest.mark.asyncio
@pytest.mark.parametrize("limits", [MonthlyLimits(tokens=30), MonthlyLimits(cost=1.5)])
async def test_an_answer_that_would_exceed_it_is_refused_with_the_end(
    file: SpendingFile, limits: MonthlyLimits
) -> None:
    budget = MonthlyBudget(limits, file)
    await answer(budget, 3)
    with pytest.raises(OpenAIError) as refused:
        await answer(budget)
    assert (refused.value.status_code, refused.value.code) == (429, "insufficient_quota")
    now = datetime.now(UTC)
    first = datetime(now.year + now.month // 12, now.month % 12 + 1, 1, tzinfo=UTC)
    assert f"{first:%Y-%m-%d} 00:00 UTC" in refused.value.detail
    assert float((refused.value.headers or {})["Retry-After"]) == pytest.approx((first - now).total_seconds(), abs=60)
    assert budget.spent(MODEL) == Spent(3, 30, 1.5)


@pytest.mark.asyncio
async def test_answers_under_way_count_as_dear_as_the_others(file: SpendingFile) -> None:
    budget = MonthlyBudget(MonthlyLimits(tokens=40), file)
    await answer(budget, 2)
    async with budget.answering(MODEL), budget.answering(MODEL):
        with pytest.raises(OpenAIError):
            await answer(budget)
    await answer(budget, 2)
    async with budget.answering("another"):
        pass


@pytest.mark.asyncio
async def test_replicas_share_it_and_a_restart_keeps_it(file: SpendingFile) -> None:
    one, other = (MonthlyBudget(MonthlyLimits(tokens=40), file) for _ in range(2))
    await answer(other)
    await answer(one, 2)
    await asyncio.gather(written(one), written(other))
    with pytest.raises(OpenAIError):
        await answer(MonthlyBudget(MonthlyLimits(tokens=30), file))  # the first request of a new process knows
    await answer(other)  # looks meanwhile
    await written(other)
    with pytest.raises(OpenAIError):
        await answer(other)
    assert one.read(MODEL) == Spent(4, 40, 2.0)


@pytest.mark.asyncio
async def test_a_new_month_begins_with_nothing(file: SpendingFile, monkeypatch: pytest.MonkeyPatch) -> None:
    budget = MonthlyBudget(MonthlyLimits(tokens=10), file)
    monkeypatch.setattr(budgets, "_now", lambda: datetime(2026, 11, 30, 23, 59, 58, tzinfo=UTC))
    await answer(budget)
    await written(budget)
    with pytest.raises(OpenAIError, match="2026-12-01 00:00 UTC"):
        await answer(budget)
    monkeypatch.setattr(budgets, "_now", lambda: datetime(2026, 12, 1, tzinfo=UTC))
    assert budget.spent(MODEL) == Spent()
    await answer(budget)
    await written(budget)
    assert (file.read("2026-11"), file.read("2026-12")) == ({MODEL: Spent(1, 10, 0.5)}, {MODEL: Spent(1, 10, 0.5)})


@pytest.mark.asyncio
async def test_a_file_that_cannot_be_used_leaves_each_replica_to_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(budgets, "WRITE_SECONDS", 0.01)
    budget = MonthlyBudget(MonthlyLimits(tokens=20), SpendingFile(tmp_path / "gone" / "spending.db"))
    await answer(budget, 2)
    with pytest.raises(OpenAIError):
        await answer(budget)
    assert "this replica counts for itself" in caplog.text
    assert budget.read(MODEL) == Spent(2, 20, 1.0)
    assert budget._task is not None
    budget._task.cancel()


@pytest.mark.asyncio
async def test_without_a_budget_nothing_is_written(file: SpendingFile) -> None:
    budget = MonthlyBudget(MonthlyLimits(), file)
    await answer(budget, 5)
    assert budget._task is None
    assert file.read(f"{datetime.now(UTC):%Y-%m}") == {}


def test_a_budget_of_zero_is_refused_by_name(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    for key in ("tokens_per_month", "cost_per_month"):
        assert run(["serve", "--set", f"serve.{key}=0", "--json"]) == 2
        assert f"serve.{key}" in json.loads(capsys.readouterr().out)["error"]["message"]


def test_metrics_tell_it_only_where_there_is_one(file: SpendingFile) -> None:
    metrics = Metrics()
    metrics.show_budget("a", MonthlyBudget(MonthlyLimits(), file))
    assert "llmops_month_spent{" not in metrics.text().decode()
    budget = MonthlyBudget(MonthlyLimits(cost=2.5), file)
    metrics.show_budget("a", budget)
    file.exchange(f"{datetime.now(UTC):%Y-%m}", {"a": Spent(2, 10, 1.5)})
    told = metrics.text(frozenset({"a"})).decode()
    assert 'llmops_month_spent{assistant="a",unit="cost"} 1.5' in told
    assert 'llmops_month_budget{assistant="a",unit="cost"} 2.5' in told


def wait_until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def answers(address: str) -> bool:
    try:
        httpx.get(f"{address}/health", timeout=1)
    except httpx.TransportError:
        return False
    return True


def test_a_killed_endpoint_goes_on_where_it_was(
    tracked_home: Callable[[Path], Home],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    platform = LocalPlatform(tracked_home(tmp_path / "home"))
    version, client = str(register(platform, tmp_path, "first")), connect(platform, MODEL)
    client.set_registered_model_alias(MODEL, "production", version)
    options = ("--set", "serve.tokens_per_month=30")
    with served(platform, tmp_path, *options) as endpoint:
        for _ in range(2):
            assert httpx.post(f"{endpoint.address}/predict", json=question(), timeout=60).status_code == 200
        counted = SpendingFile(platform.home.spending)
        wait_until(lambda: sum(one.answers for one in counted.read(f"{datetime.now(UTC):%Y-%m}").values()) == 2)
        endpoint.process.kill()
        endpoint.process.wait(timeout=10)
        wait_until(lambda: not answers(endpoint.address))
    with served(platform, tmp_path, *options) as endpoint:
        assert httpx.post(f"{endpoint.address}/predict", json=question(), timeout=60).status_code == 200
        for path, body in (
            ("/predict", question()),
            ("/v1/chat/completions", {"model": MODEL, **question()}),
            ("/v1/chat/completions", {"model": MODEL, "stream": True, **question()}),
        ):
            refused = httpx.post(f"{endpoint.address}{path}", json=body, timeout=60)
            assert refused.status_code == 429
            assert "The budget of this month is used up: 30 tokens." in refused.text
            assert int(refused.headers["Retry-After"]) > 0
        assert refused.json()["error"]["code"] == "insufficient_quota"
        told = httpx.get(f"{endpoint.address}/metrics", timeout=10).text
        assert 'llmops_month_spent{assistant="rag-assistant",unit="tokens"} 30.0' in told
        assert 'outcome="429",route="/predict"} 1.0' in told
    monkeypatch.setenv("LLMOPS_HOME", str(platform.home.root))
    assert run(["status", "--json", *options]) == 0
    spending = json.loads(capsys.readouterr().out)["spending"]
    assert (spending["answers"], spending["tokens"], spending["tokens_budget"]) == (3, 30, 30)
    assert run(["status", *options]) == 0
    assert "3 answers, 30 tokens of 30, cost 1.5" in capsys.readouterr().out
