"""The endpoint's routes, as clients use them."""

import json
import os
import re
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import openai
import psutil
import pytest

from tasks_lib.registry.tracking import (
    TRACE_PARENT_ID_TAG,
    TRACE_PARENT_TAG,
    TRACE_REQUEST_TAG,
    TRACE_SOURCE_TAG,
    connect,
)
from tests.serving.conftest import ANSWERS, SLOTS, Endpoint, question
from tests.tasks_lib.registry import fakes

pytestmark = pytest.mark.slow
MODEL = "rag-assistant"


@pytest.fixture
def client(endpoint: Endpoint) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{endpoint.address}/v1", api_key="none", max_retries=0)


def source_of(endpoint: Endpoint, trace_id: str) -> str:
    """The tag of a trace; MLflow stores the spans first, and its tags a moment later."""
    client, end = connect(endpoint.platform, "rag-assistant"), time.monotonic() + 30
    while time.monotonic() < end:
        tags = client.get_trace(trace_id).info.tags
        if TRACE_SOURCE_TAG in tags:
            return str(tags[TRACE_SOURCE_TAG])
        time.sleep(0.1)
    pytest.fail(f"trace {trace_id} has no source")


def test_predict_gives_the_answer_with_its_version_and_trace(endpoint: Endpoint) -> None:
    hostile = {"vector_store_path": "/etc", "model_uri": "models:/other/1", "prompt": "Say hello."}
    answer = httpx.post(f"{endpoint.address}/predict", json={**question(), **hostile}, timeout=30).json()
    assert answer["response"] == "first says: 27 days. Ask again."
    assert answer["model_uri"] == "models:/rag-assistant/1"
    assert answer["source_documents"][0]["document"] == "leave.md"
    given = {"trace_id": answer["trace_id"], "value": True}
    assert httpx.post(f"{endpoint.address}/feedback", json=given, timeout=60).is_success
    assert source_of(endpoint, answer["trace_id"]) == "production"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"messages": []},
        {"messages": [{"role": "wizard", "content": "x"}]},
        {"messages": "hello"},
        {"messages": [{"role": "user", "content": "x"}, {"role": "assistant", "content": "y"}]},
        {"messages": [{"role": "user", "content": " "}]},
    ],
)
def test_a_wrong_request_is_422_and_says_where(endpoint: Endpoint, body: dict[str, object]) -> None:
    response = httpx.post(f"{endpoint.address}/predict", json=body)
    assert response.status_code == 422
    assert "messages" in response.text


def test_the_openai_client_reads_a_whole_answer(client: openai.OpenAI) -> None:
    said = client.chat.completions.create(model=MODEL, messages=[{"role": "user", "content": "How long is leave?"}])
    assert said.choices[0].message.content == "first says: 27 days. Ask again."
    assert said.choices[0].finish_reason == "stop"
    assert said.usage is not None
    assert (said.usage.prompt_tokens, said.usage.completion_tokens) == (7, 3)
    assert said.model == "rag-assistant/1"
    assert [model.id for model in client.models.list()] == [MODEL]


def test_the_openai_client_reads_a_stream_that_a_stop_text_ends(client: openai.OpenAI) -> None:
    stream = client.chat.completions.create(
        model=MODEL,
        messages=[{"role": "user", "content": [{"type": "text", "text": "How long is leave?"}]}],
        stream=True,
        stop="Ask",
        stream_options={"include_usage": True},
    )
    chunks = list(stream)
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert text == "first says: 27 days. "
    assert len(chunks) > 4
    assert chunks[-1].usage is not None
    assert chunks[-1].usage.total_tokens == 10


@pytest.mark.parametrize(
    ("word", "kind", "action"),
    [
        ("card", "CREDIT_CARD", "refuse"),
        ("address", "STREET_ADDRESS", "mask"),
        ("instruction", "INJECTED_INSTRUCTION", "mask"),
        ("moon", "OFF_TOPIC", "refuse"),
        ("logged", "PASSWORD", "allow"),
    ],
)
def test_what_guardrails_decide_is_told_on_every_route_and_counted(
    endpoint: Endpoint, client: openai.OpenAI, word: str, kind: str, action: str
) -> None:
    whole = httpx.post(f"{endpoint.address}/predict", json=question(f"A {word}?"), timeout=30).json()
    asked: Any = {"model": MODEL, "messages": [{"role": "user", "content": f"A {word}?"}]}
    completion = client.chat.completions.create(**asked).model_dump()
    *_, last = client.chat.completions.create(**asked, stream=True)
    for told in (whole, completion, last.model_dump()):
        (decision,) = told["guardrails"]
        assert (decision["action"], decision["kinds"]) == (action, [kind])
        assert (told["refused"], told["refusal_reason"]) == ((True, "guardrail") if action == "refuse" else (False, ""))
    where = f'action="{action}",assistant="{MODEL}",direction="{decision["direction"]}",'
    where += f'validator="{decision["validator"]}"'
    (line,) = re.findall(
        rf"^llmops_guardrail_hits_total{{{where}}} (\S+)$", httpx.get(f"{endpoint.address}/metrics").text, re.MULTILINE
    )
    assert float(line) >= 3


def test_the_openai_client_looks_up_a_model(client: openai.OpenAI) -> None:
    assert client.models.retrieve(MODEL).id == MODEL
    with pytest.raises(openai.NotFoundError, match="'gpt' does not exist; there is 'rag-assistant'") as caught:
        client.models.retrieve("gpt")
    assert caught.value.code == "model_not_found"
    with pytest.raises(openai.NotFoundError, match="There is no POST /v1/embeddings") as unknown:
        client.embeddings.create(model=MODEL, input="x")
    assert unknown.value.code == "unknown_url"


def test_a_version_that_does_not_answer_is_no_model(client: openai.OpenAI) -> None:
    asked: Any = {"messages": [{"role": "user", "content": "How long is leave?"}]}
    served = client.chat.completions.create(model=MODEL, **asked).model
    assert client.chat.completions.create(model=served, **asked).model == served
    for wrong in ("99", "", "1/2", "production", "01"):
        with pytest.raises(openai.NotFoundError, match=f"answers with '{served}'"):
            client.chat.completions.create(model=f"{MODEL}/{wrong}", **asked)


def test_what_a_request_cannot_choose_is_named_as_ignored(client: openai.OpenAI) -> None:
    asked: Any = {"model": MODEL, "messages": [{"role": "user", "content": "How long is leave?"}], "seed": 5}
    tool: Any = {"type": "function", "function": {"name": "f", "parameters": {}}}
    said = client.chat.completions.with_raw_response.create(**asked, tools=[tool], temperature=0.0, user=None)
    assert said.headers["X-Ignored-Fields"] == "seed, temperature, tools"
    assert said.parse().choices[0].message.content == "first says: 27 days. Ask again."
    with client.chat.completions.with_streaming_response.create(**asked, stream=True) as stream:
        assert stream.headers["X-Ignored-Fields"] == "seed"
        assert (stream.headers["X-Accel-Buffering"], stream.headers["Cache-Control"]) == ("no", "no-cache")
        assert list(stream.iter_lines())[-2] == "data: [DONE]"


def test_errors_on_openai_routes_have_its_shape(client: openai.OpenAI) -> None:
    ask = client.chat.completions.create
    with pytest.raises(openai.NotFoundError, match="'gpt' does not exist"):
        ask(model="gpt", messages=[{"role": "user", "content": "x"}])
    with pytest.raises(openai.BadRequestError, match="messages"):
        ask(model=MODEL, messages=[])
    with pytest.raises(openai.InternalServerError, match="ValueError: boom"):
        ask(model=MODEL, messages=[{"role": "user", "content": "raise"}])


def traces_tagged(endpoint: Endpoint, tag: str, value: str) -> list[Any]:
    client = connect(endpoint.platform, "rag-assistant")
    places = [experiment.experiment_id for experiment in client.search_experiments()]
    return list(client.search_traces(locations=places, filter_string=f"tags.`{tag}` = '{value}'"))


def test_a_request_is_found_again_by_its_id(endpoint: Endpoint) -> None:
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    named = {"X-Request-ID": "order-66", "traceparent": f"00-{trace}-00f067aa0ba902b7-01"}
    said = httpx.post(f"{endpoint.address}/predict", json=question("secretly?"), headers=named, timeout=30)
    assert (said.headers["X-Request-ID"], said.headers["X-Trace-ID"]) == ("order-66", said.json()["trace_id"])
    unusable = httpx.get(f"{endpoint.address}/v1/models", headers={"X-Request-ID": "b\u00e9".encode()})
    assert re.fullmatch("[0-9a-f]{32}", unusable.headers["X-Request-ID"])
    deadline = time.monotonic() + 20
    while not (found := traces_tagged(endpoint, TRACE_REQUEST_TAG, "order-66")) and time.monotonic() < deadline:
        time.sleep(0.3)
    assert [each.info.trace_id for each in found] == [said.headers["X-Trace-ID"]]
    assert [each.info.tags[TRACE_PARENT_TAG] for each in found] == [named["traceparent"]]
    assert [each.info.trace_id for each in traces_tagged(endpoint, TRACE_PARENT_ID_TAG, trace)] == [
        said.headers["X-Trace-ID"]
    ]
    lines = [json.loads(line) for line in endpoint.log.read_text().splitlines() if line.startswith("{")]
    (line,) = [line for line in lines if line.get("request_id") == "order-66"]
    told = {"level": "INFO", "method": "POST", "path": "/predict", "status": 200, "key": "anyone"}
    assert told.items() <= line.items()
    assert line["trace_id"] == said.json()["trace_id"]
    assert line["model_uri"] == said.json()["model_uri"]
    assert (line["parent_trace_id"], line["parent_span_id"]) == (trace, "00f067aa0ba902b7")
    assert line["seconds"] > 0
    assert "secretly" not in endpoint.log.read_text()


def test_a_version_that_does_not_load_is_one_clear_error(endpoint: Endpoint) -> None:
    script = "if 'LLMOPS_PLATFORM' in os.environ:\n    raise ValueError('no such drive')\n"
    version = fakes.register_fake(endpoint.platform, endpoint.folder / "broken", script + ANSWERS.format(who="broken"))
    connect(endpoint.platform, "rag-assistant").set_registered_model_alias("rag-assistant", "broken", str(version))
    done = subprocess.run(
        [sys.executable, "-m", "serving", "--alias", "broken", "--port", "8123"],
        env={**os.environ, "LLMOPS_HOME": str(endpoint.platform.home.root)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 1
    assert "no such drive" in done.stderr
    assert "the endpoint does not start" in done.stderr
    assert "Traceback" not in done.stderr + done.stdout


def test_overload_is_told_at_once_and_a_client_that_leaves_frees_its_place(endpoint: Endpoint) -> None:
    def ask(seconds: float) -> int:
        try:
            return httpx.post(f"{endpoint.address}/predict", json=question("for ever"), timeout=seconds).status_code
        except httpx.ReadTimeout:
            return 0

    before = len(traces_tagged(endpoint, TRACE_SOURCE_TAG, "abandoned"))
    with ThreadPoolExecutor(SLOTS + 2) as pool:
        codes = sorted(pool.map(ask, [1.5] * (SLOTS + 2)))
    assert codes == [0] * SLOTS + [429] * 2
    deadline, abandoned = time.monotonic() + 20, 0
    while abandoned < SLOTS and time.monotonic() < deadline:
        abandoned = len(traces_tagged(endpoint, TRACE_SOURCE_TAG, "abandoned")) - before
        time.sleep(0.5)
    assert abandoned == SLOTS
    assert httpx.post(f"{endpoint.address}/predict", json=question(), timeout=30).is_success


def test_metrics_count_answers_refusals_tokens_and_cost(endpoint: Endpoint) -> None:
    httpx.post(f"{endpoint.address}/predict", json=question("Who won at football?"), timeout=30)
    metrics = httpx.get(f"{endpoint.address}/metrics").text
    for line in (
        'llmops_answers_total{assistant="rag-assistant",outcome="refused",route="/predict"} ',
        'llmops_refusals_total{assistant="rag-assistant",reason="evidence"}',
        'llmops_tokens_total{assistant="rag-assistant",direction="input"}',
        'llmops_cost_total{assistant="rag-assistant"}',
        "llmops_first_token_seconds_bucket",
        'llmops_version{assistant="rag-assistant"} 1.0',
    ):
        assert line in metrics


def test_feedback_is_kept_on_the_trace(endpoint: Endpoint) -> None:
    trace_id = httpx.post(f"{endpoint.address}/predict", json=question(), timeout=30).json()["trace_id"]
    given = {"trace_id": trace_id, "value": False, "comment": "wrong"}
    assert httpx.post(f"{endpoint.address}/feedback", json=given, timeout=60).json()["recorded"] is True
    (kept,) = connect(endpoint.platform, "rag-assistant").get_trace(trace_id).info.assessments
    assert (kept.name, kept.feedback.value, kept.rationale) == ("user_feedback", False, "wrong")
    assert httpx.post(f"{endpoint.address}/feedback", json={**given, "trace_id": "tr-0"}, timeout=60).status_code == 404


def test_the_chat_page_and_no_route_of_the_server_itself_is_offered(endpoint: Endpoint) -> None:
    assert "Ask the documents" in httpx.get(endpoint.address).text
    assert httpx.post(f"{endpoint.address}/internal/0", json=question()).status_code == 404
    assert httpx.get(f"{endpoint.address}/info").status_code == 404
    assert "/predict" in httpx.get(f"{endpoint.address}/openapi.json").json()["paths"]


def test_when_the_alias_moves_the_next_version_takes_over_without_a_failed_request(endpoint: Endpoint) -> None:
    second = endpoint.register("second")
    connect(endpoint.platform, "rag-assistant").set_registered_model_alias(MODEL, "production", str(second))
    said, deadline = [], time.monotonic() + 60
    while time.monotonic() < deadline and not (said and said[-1].startswith("second")):
        response = httpx.post(f"{endpoint.address}/predict", json=question("slowly"), timeout=30)
        assert response.status_code == 200, response.text
        said.append(response.json()["response"])
    assert said[0].startswith("first")
    assert said[-1].startswith("second")


def test_a_version_that_dies_fails_its_request_at_once_and_is_started_again(endpoint: Endpoint) -> None:
    started = time.monotonic()
    died = httpx.post(f"{endpoint.address}/predict", json=question("die"), timeout=30)
    assert died.status_code == 503
    assert time.monotonic() - started < 20
    while httpx.post(f"{endpoint.address}/predict", json=question(), timeout=30).status_code != 200:
        assert time.monotonic() - started < 60
        time.sleep(0.5)


def test_a_killed_worker_fails_its_request_quickly_and_is_replaced(endpoint: Endpoint) -> None:
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(httpx.post, f"{endpoint.address}/predict", json=question("for ever"), timeout=60)
        time.sleep(1)
        children = psutil.Process(endpoint.process.pid).children()
        (worker,) = [child for child in children if "spawn_main" in " ".join(child.cmdline())]
        worker.kill()
        killed = time.monotonic()
        assert asked.result().status_code == 503
        assert time.monotonic() - killed < 5
    meanwhile = httpx.post(f"{endpoint.address}/predict", json=question(), timeout=30)
    assert (meanwhile.status_code, meanwhile.headers["Retry-After"]) == (503, "5")
    assert "being started" in meanwhile.json()["detail"]
    assert httpx.get(f"{endpoint.address}/ready").status_code == 503
    while httpx.post(f"{endpoint.address}/predict", json=question(), timeout=30).status_code != 200:
        assert time.monotonic() - killed < 120
        time.sleep(0.5)
