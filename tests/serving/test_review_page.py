"""The review page in a real browser, over a real tracking store."""

import os
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from threading import Thread
from typing import Any

import httpx
import mlflow
import pytest
import uvicorn

from blocks.local import LocalPlatform
from serving.review.app import review_app
from tasks_lib.config.api_keys import KEYS_VARIABLE
from tasks_lib.config.key_ring import key_ring
from tasks_lib.config.oidc import OidcConfig
from tasks_lib.dataset import datasets
from tasks_lib.dataset.examples import example_of
from tasks_lib.home import Home
from tasks_lib.registry.labels import Label, labels_of
from tasks_lib.registry.tracking import activate, connect
from tests.serving.chromium import Page
from tests.stubs.command import LLMOPS
from tests.stubs.openid import AUDIENCE, CLIENT, openid_provider

pytestmark = pytest.mark.slow
ASKED = ["When does it open?", "Who is <b>bold</b>?", "hm", "Where is it?"]
SHOWN = "document.querySelector('#turns p:last-child').textContent"


@pytest.fixture(scope="module")
def home(tracked_home: Callable[[Path], Home], tmp_path_factory: pytest.TempPathFactory) -> Home:
    """Four evaluated answers, each from a passage, and an evaluation set of their questions."""
    made = tracked_home(tmp_path_factory.mktemp("review") / "home")
    client = connect(LocalPlatform(made), "rag-assistant")
    activate(client)
    passage = {"document": "hours.md", "start": 0, "end": 26, "score": 1.0, "content": "It opens at nine on weekdays."}
    for question in ASKED:
        with mlflow.start_span("rag-assistant") as span:
            mlflow.update_current_trace(tags={"llmops.source": "evaluation", "llmops.model_version": "1"})
            span.set_inputs({"messages": [{"role": "user", "content": question}]})
            said = {"response": "<img src=x> At ten.", "source_documents": [passage], "refused": False}
            span.set_outputs({**said, "guardrails": []})
    mlflow.flush_trace_async_logging()
    examples = [example_of("answerable", question, "at ten") for question in ASKED[:3]]
    datasets.save(client, "questions", examples, index="i", index_version="1", origin="import")
    return made


@contextmanager
def reviewing(home: Home, folder: Path, **environment: str) -> Iterator[str]:
    """`llmops review` on this home, once it listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    around = {**os.environ, "LLMOPS_HOME": str(home.root), **environment}
    log = folder / "review.log"
    with log.open("wb") as told:
        process = subprocess.Popen([*LLMOPS, "review", "--port", str(port)], env=around, cwd=folder, stderr=told)
        try:
            address, end = f"http://127.0.0.1:{port}", time.monotonic() + 120
            while not _listens(f"{address}/health"):
                assert process.poll() is None, log.read_text()
                assert time.monotonic() < end, log.read_text()
                time.sleep(0.1)
            yield address
        finally:
            process.terminate()
            process.wait(timeout=60)


@contextmanager
def logging_in(home: Home, people: OidcConfig) -> Iterator[str]:
    """The page in this process, for people who have to log in."""
    app = review_app(connect(LocalPlatform(home), "rag-assistant"), key_ring("127.0.0.1", None, {}), people=people)
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="warning"))
    thread = Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            time.sleep(0.05)
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()


def _listens(address: str) -> bool:
    try:
        return httpx.get(address).is_success
    except httpx.TransportError:
        return False


def labels(home: Home) -> dict[str, list[Label]]:
    """Question → its labels."""
    client: Any = connect(LocalPlatform(home), "rag-assistant")
    traces = client.search_traces(locations=[client.experiment_id], max_results=50)
    return {
        trace.data.spans[0].inputs["messages"][-1]["content"]: labels_of(trace.info.trace_id, trace.info.assessments)
        for trace in traces
    }


def test_every_answer_is_labelled_by_keyboard_and_the_next_set_holds_what_was_said(
    page: Page, home: Home, tmp_path: Path
) -> None:
    with reviewing(home, tmp_path) as address:
        page.open(address)
        page.wait_for("!document.getElementById('item').hidden")
        page.value("document.getElementById('reviewer').focus(); document.getElementById('reviewer').value = ''")
        page.type("Ada")
        page.press("Enter")
        page.wait_for("document.activeElement.id === 'item' && localStorage.getItem('reviewer') === 'Ada'")
        for width in (390, 768, 1000, 1440):
            page.call("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=False)
            seen = "document.querySelector('{}').getBoundingClientRect().height"
            assert page.value(seen.format("header")) < 150
            assert page.value(seen.format("main")) > 400
            assert page.value("document.documentElement.scrollWidth <= window.innerWidth")
        assert page.value("document.querySelector('blockquote').textContent") == "It opens at nine on weekdays."
        assert page.value("document.querySelectorAll('#item img, #item b').length") == 0
        seen = []
        for left in range(len(ASKED), 0, -1):
            page.wait_for(f"document.getElementById('progress').textContent.endsWith(' {left} to go')")
            question = page.value(SHOWN)
            seen.append(question)
            if question == "When does it open?":
                page.letter("w")
                page.wait_for("document.activeElement.id === 'reason'")
                page.type("wrong hour")
                page.press("Tab")
                page.type("at nine")
                page.value("document.getElementById('verdict').requestSubmit()")
            else:
                page.letter("n" if question == "hm" else "r")
            page.wait_for("document.getElementById('told').textContent.startsWith('Saved: ')")
            page.value("document.getElementById('told').textContent = ''")
        assert sorted(seen) == sorted(ASKED)
        page.wait_for("!document.getElementById('done').hidden")
        page.value("document.getElementById('make').click()")
        page.wait_for("document.getElementById('told').textContent.includes('1 added, 1 changed, 1 removed')")
    said = {question: [(each.reviewer, each.verdict) for each in found] for question, found in labels(home).items()}
    assert said == {question: [("Ada", {"hm": "not_a_question"}.get(question, "right"))] for question in ASKED} | {
        "When does it open?": [("Ada", "wrong")]
    }
    [corrected] = labels(home)["When does it open?"]
    assert (corrected.why, corrected.better) == ("wrong hour", "at nine")
    after = datasets.load(connect(LocalPlatform(home), "rag-assistant"), "questions")
    assert after.version == 2
    assert {example.question: example.answer for example in after.examples} == {
        "When does it open?": "at nine",
        "Who is <b>bold</b>?": "at ten",
        "Where is it?": "<img src=x> At ten.",
    }


KEYS = (("eve", ":roles=review"), ("mal", ":staff:roles=review"), ("pat", ""))


def test_a_key_labels_under_its_own_name_and_only_traces_of_its_assistant(home: Home, tmp_path: Path) -> None:
    keys = " ".join(f"{name}={sha256(name.encode()).hexdigest()}{of}" for name, of in KEYS)
    with reviewing(home, tmp_path, **{KEYS_VARIABLE: keys}) as address:
        trace = next(iter(labels(home).values()))[0].trace_id
        body = {"trace_id": trace, "reviewer": "Ada", "verdict": "wrong"}
        assert httpx.get(f"{address}/queue").status_code == 401
        assert httpx.post(f"{address}/labels", json=body).status_code == 401
        eve, mal, pat = ({"authorization": f"Bearer {name}"} for name, _ in KEYS)
        assert httpx.get(f"{address}/queue", headers=pat).status_code == 403  # others' questions are shown there
        assert httpx.post(f"{address}/labels", json=body, headers=mal).status_code == 403
        assert httpx.post(f"{address}/labels", json=body, headers=eve).status_code == 200
        unknown = {**body, "trace_id": f"tr-{'0' * 32}"}
        assert httpx.post(f"{address}/labels", json=unknown, headers=eve).status_code == 404
        assert httpx.post(f"{address}/labels", json={**body, "verdict": "maybe"}, headers=eve).status_code == 422
        assert httpx.get(f"{address}/queue", headers=eve).json()["reviewer"] == "eve"
    given = next(found for found in labels(home).values() if found[0].trace_id == trace)
    assert {label.reviewer for label in given} == {"Ada", "eve"}


def test_a_person_logs_in_and_labels_under_their_name(page: Page, home: Home) -> None:
    shown = "document.getElementById('item')?.hidden === false"
    with openid_provider() as provider:
        given = {"issuer": provider.issuer, "audience": AUDIENCE, "client_id": CLIENT, "roles": {"hr": ["review"]}}
        with logging_in(home, OidcConfig.model_validate(given)) as address:
            page.open(f"{address}/health")
            page.value("localStorage.clear(); sessionStorage.clear()")
            page.open(address)
            page.wait_for("document.getElementById('keys').open && !document.getElementById('login').hidden")
            page.value("document.getElementById('login').click()")
            page.wait_for("document.getElementById('go') !== null")
            page.value("document.getElementById('go').click()")
            page.wait_for(shown)
            assert page.value("location.search") == ""
            page.value("document.querySelector('[data-verdict=right]').click()")
            page.wait_for("document.getElementById('progress').textContent.startsWith('1 labelled')")
            page.value("location.reload()")
            page.wait_for(shown)
            outsider = {"authorization": f"Bearer {provider.token(groups=['sales'])}"}
            expired = {"authorization": f"Bearer {provider.token(exp=time.time() - 999)}"}
            assert httpx.get(f"{address}/queue", headers=outsider).status_code == 403
            assert httpx.get(f"{address}/queue", headers=expired).status_code == 401
            assert httpx.get(f"{address}/queue").status_code == 401
            assert provider.issuer in httpx.get(address).headers["content-security-policy"]
    assert "ada" in {label.reviewer for given in labels(home).values() for label in given}


def test_without_keys_a_page_of_another_name_is_refused(home: Home, tmp_path: Path) -> None:
    with reviewing(home, tmp_path) as address:
        assert httpx.get(f"{address}/queue", headers={"host": "evil.example"}).status_code == 403
        assert httpx.get(f"{address}/queue", headers={"origin": "https://evil.example"}).status_code == 403
        assert "default-src 'none'" in httpx.get(address).headers["content-security-policy"]
