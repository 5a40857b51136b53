"""One endpoint, several assistants: who is asked, who may ask, and that none touches another."""

import hashlib
import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Self

import httpx
import openai
import psutil
import pytest

from blocks.local import LocalPlatform
from serving import feedback
from tasks_lib.config.api_keys import KEYS_VARIABLE
from tasks_lib.config.pseudonyms import pseudonyms
from tasks_lib.home import Home
from tasks_lib.registry.tracking import TRACE_ASSISTANT_TAG, TRACE_CALLER_TAG, connect
from tests.serving.chromium import Page
from tests.serving.conftest import Endpoint, question, register, served
from tests.tasks_lib.registry import fakes

pytestmark = pytest.mark.slow
NAMES = ("docs", "hr", "it", "later", "broken")
READY = NAMES[:3]
BROKEN = "if 'LLMOPS_PLATFORM' in os.environ:\n    raise ValueError('no such drive')\nbehave = answer"


LAST = "[...document.querySelectorAll('article.assistant')].at(-1)"
CHOICE = "document.getElementById('assistant')"


def entry(name: str) -> str:
    return f"{name}={hashlib.sha256(name.encode()).hexdigest()}"


def key_of(name: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {name}"}


@pytest.fixture(scope="module")
def several(tracked_home: Callable[[Path], Home], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    """Five assistants: three that answer, one that is not deployed, and one whose version does not load."""
    folder = tmp_path_factory.mktemp("several")
    platform = LocalPlatform(tracked_home(folder / "home"))
    client = connect(platform, "rag-assistant")
    for name in READY:
        first = register(platform, folder, f"{name}-1", name)
        second = register(platform, folder, f"{name}-2", name)
        client.set_registered_model_alias(name, "production", str(second if name == "hr" else first))
    fakes.register_fake(platform, folder / "broken", BROKEN, model="broken")
    client.set_registered_model_alias("broken", "production", "1")
    keys = f"{entry('everybody')}:roles=ask+feedback+metrics, {entry('clerk')}:hr:roles=admin, "
    keys += f"{entry('helper')}:docs+it, {entry('guest')}:elsewhere"
    chosen = [part for name in NAMES for part in ("--assistant", name)]
    with served(platform, folder, *chosen, **{KEYS_VARIABLE: keys}) as endpoint:
        wait_for(lambda: states(endpoint) == expected_states(), 200)
        yield endpoint


def expected_states() -> dict[str, str]:
    return dict.fromkeys(READY, "ready") | {"later": "not_deployed", "broken": "failed"}


def states(endpoint: Endpoint) -> Any:
    return httpx.get(f"{endpoint.address}/ready", headers=key_of("everybody"), timeout=10).json()["assistants"]


def wait_for(true: Callable[[], bool], seconds: float = 90.0) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.2)


def ask(endpoint: Endpoint, path: str = "/predict", key: str = "everybody", **body: Any) -> httpx.Response:
    given = {**question(body.pop("text", "How long is leave?")), **body}
    return httpx.post(f"{endpoint.address}{path}", json=given, headers=key_of(key), timeout=60)


def test_each_assistant_is_ready_or_tells_why_not(several: Endpoint) -> None:
    assert states(several) == expected_states()
    for name, state in expected_states().items():
        probe = httpx.get(f"{several.address}/ready/{name}")
        assert (probe.status_code, probe.json()["assistants"]) == (200 if state == "ready" else 503, {name: state})
    assert httpx.get(f"{several.address}/ready/nobody").status_code == 404
    refused = ask(several, "/predict/later")
    assert (refused.status_code, refused.json()["detail"]) == (503, "No version is in production yet.")
    refused = ask(several, "/predict/broken")
    assert (refused.status_code, "does not come up" in refused.json()["detail"]) == (503, True)
    log = several.log.read_text()
    assert "no such drive" in log
    assert "the key 'guest' is bound to the assistant 'elsewhere', which is not served here" in log


@pytest.mark.parametrize("name", READY)
def test_a_path_a_field_and_a_model_name_the_assistant(several: Endpoint, name: str) -> None:
    said = {
        ask(several, f"/predict/{name}").json()["response"],
        ask(several, assistant=name).json()["response"],
        ask(several, f"/predict/{name}", assistant=name).json()["response"],
        ask(several, "/v1/chat/completions", model=name).json()["choices"][0]["message"]["content"],
    }
    version = 2 if name == "hr" else 1
    assert said == {f"{name}-{version} says: 27 days. Ask again."}
    assert ask(several, "/v1/chat/completions", model=f"{name}/{version}").json()["model"] == f"{name}/{version}"
    other = ask(several, "/v1/chat/completions", model=f"{name}/99")
    assert (other.status_code, other.json()["error"]["code"]) == (404, "model_not_found")
    assert f"answers with '{name}/{version}'" in other.json()["error"]["message"]


@pytest.mark.parametrize(
    ("path", "body", "key", "status", "said"),
    [
        ("/predict", {}, "everybody", 400, "'docs', 'hr', 'it', 'later', 'broken'"),
        ("/predict", {}, "helper", 400, ": 'docs', 'it'."),
        ("/predict/docs", {"assistant": "hr"}, "everybody", 400, "two assistants: 'docs' and 'hr'"),
        ("/predict/nobody", {}, "everybody", 404, "'nobody' does not exist"),
        ("/predict", {"assistant": "hr"}, "helper", 404, "'hr' does not exist; there is 'docs', 'it'."),
        ("/predict/docs", {}, "clerk", 404, "there is 'hr'."),
        ("/v1/chat/completions", {"model": "docs"}, "clerk", 404, "there is 'hr'."),
        ("/v1/chat/completions", {"model": "nobody"}, "everybody", 404, "there is 'docs', 'hr', 'it'"),
        ("/predict", {}, "stranger", 401, "API key"),
        ("/predict", {}, "guest", 403, "may ask none of the assistants that are served here"),
        ("/v1/chat/completions", {"model": "docs"}, "guest", 404, "there is none."),
    ],
)
def test_nobody_is_answered_by_an_assistant_that_was_not_meant(
    several: Endpoint, path: str, body: dict[str, str], key: str, status: int, said: str
) -> None:
    refused = ask(several, path, key, **body)
    assert refused.status_code == status
    assert said in json.dumps(refused.json(), ensure_ascii=False)


def test_a_key_that_is_bound_sees_and_asks_its_own_only(several: Endpoint) -> None:
    def models(key: str) -> list[str]:
        client = openai.OpenAI(base_url=f"{several.address}/v1", api_key=key, max_retries=0)
        return [model.id for model in client.models.list()]

    assert models("everybody") == list(NAMES)
    assert models("clerk") == ["hr"]
    assert models("helper") == ["docs", "it"]
    assert ask(several, key="clerk").json()["response"].startswith("hr-2")  # bound to one: that is meant


def test_feedback_is_kept_on_the_trace_of_the_assistant_that_answered(several: Endpoint) -> None:
    answered = ask(several, "/predict/docs").json()

    def give(key: str, **more: Any) -> int:
        given = {"trace_id": answered["trace_id"], "value": True, **more}
        return httpx.post(f"{several.address}/feedback", json=given, headers=key_of(key), timeout=60).status_code

    assert give("clerk") == 404
    assert give("everybody", assistant="nobody") == 404
    assert give("helper") == 404  # it may ask that assistant, and it was somebody else's question
    assert give("helper", assistant="docs") == 404
    assert give("everybody") == 200
    assert give("everybody", assistant="docs", comment="right") == 200
    trace = connect(several.platform, "docs").get_trace(answered["trace_id"])
    assert trace.info.tags[TRACE_CALLER_TAG] == pseudonyms(several.platform.home, {}).of("key everybody")
    assert "everybody" not in json.dumps(trace.to_dict(), default=str)
    assert trace.info.tags[TRACE_ASSISTANT_TAG] == "docs"
    assert sorted(str(kept.rationale) for kept in trace.info.assessments) == ["None", "right"]


def test_a_caller_reaches_no_trace_of_another_after_a_restart(
    several: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    trace_id = ask(several, "/predict/docs").json()["trace_id"]
    own = pseudonyms(several.platform.home, {}).of("key everybody")
    given = {"trace_id": trace_id, "value": True, "comment": None, "reasons": [], "only": None, "caller": own}
    connect(several.platform, "docs")
    assert feedback.log_feedback({**given, "only": ["docs", "it"]}) == {"recorded": True}
    monkeypatch.setattr(feedback, "WRITTEN_SECONDS", 0.0)
    assert feedback.log_feedback({**given, "only": ["hr"]}) == {"missing": True}
    assert feedback.log_feedback({**given, "caller": "0" * 32}) == {"missing": True}
    assert len(connect(several.platform, "docs").get_trace(trace_id).info.assessments) == 1


def test_metrics_tell_the_assistants_apart(several: Endpoint) -> None:
    ask(several, "/predict/hr")
    text = httpx.get(f"{several.address}/metrics", headers=key_of("everybody")).text
    counts = dict(re.findall(r"^(llmops_\w+{[^}]*}) (\S+)$", text, re.MULTILINE))
    assert float(counts['llmops_answers_total{assistant="hr",outcome="answered",route="/predict"}']) >= 1
    assert counts['llmops_version{assistant="hr"}'] == "2.0"
    ready = {name: counts[f'llmops_workers_ready{{assistant="{name}"}}'] for name in NAMES}
    assert ready == {name: "1.0" if name in READY else "0.0" for name in NAMES}


def test_a_team_sees_no_name_of_another(several: Endpoint) -> None:
    """Whatever it asks for, right or wrong: not the assistants of another, nor who holds keys."""
    others = {*NAMES, "everybody", "helper", "guest"} - {"hr", "it"}  # "it" is a word
    paths = ["/", "/ready", "/ready/hr", "/metrics", "/docs", "/openapi.json", "/caller", "/login", "/v1/models"]
    paths += ["/v1/models/hr", "/v1/models/x", "/examples/hr", "/examples/x", "/ready/x", "/nowhere", "/v1/nowhere"]
    said = {path: httpx.get(f"{several.address}{path}", headers=key_of("clerk"), timeout=60) for path in paths}
    said["wrong assistant"] = ask(several, "/predict/x", "clerk")
    said["wrong model"] = ask(several, "/v1/chat/completions", "clerk", model="x")
    said["wrong filter"] = ask(several, "/predict", "clerk", where=["owner=x"])
    said["answer"] = ask(several, "/predict", "clerk")
    given = {"trace_id": ask(several, "/predict/docs").json()["trace_id"], "value": True}
    said["feedback"] = httpx.post(f"{several.address}/feedback", json=given, headers=key_of("clerk"), timeout=60)
    for what, response in said.items():
        told = response.text + str(response.headers)
        word = {"docs"} if what in {"/", "/docs"} else set()  # the path of the API's description
        assert [name for name in others - word if re.search(rf"[\"'=/ ]{name}[\"'/, ]", told)] == [], what
    assert said["/ready"].json()["assistants"] == {"hr": "ready"}
    assert 'assistant="hr"' in said["/metrics"].text
    hidden = httpx.get(f"{several.address}/ready/docs", headers=key_of("clerk"))
    assert (hidden.status_code, hidden.json()["detail"]) == (404, "The assistant 'docs' does not exist.")


def test_whoever_has_no_key_is_told_no_name(several: Endpoint) -> None:
    probe = httpx.get(f"{several.address}/ready")
    assert (probe.status_code, probe.json()) == (200, {"status": "ready", "assistants": {}, "versions": {}})
    assert httpx.get(f"{several.address}/metrics").status_code == 401
    assert httpx.get(f"{several.address}/metrics", headers=key_of("helper")).status_code == 403


def test_the_page_keeps_a_conversation_for_each_assistant(several: Endpoint, page: Page) -> None:
    def ask_on_page(text: str) -> str:
        page.wait_for("document.activeElement.id === 'question'")
        page.value("document.getElementById('question').select()")
        page.type(text)
        page.press("Enter")
        page.wait_for(f"{LAST}?.ariaBusy === 'false' && document.getElementById('send').textContent === 'Ask'")
        return str(page.value(f"{LAST}.textContent"))

    def choose(name: str) -> None:
        page.value(f"{CHOICE}.value = '{name}'; {CHOICE}.dispatchEvent(new Event('change')); question.focus()")

    page.open(several.address, width=390, height=800)
    assert page.value(f"{CHOICE}.checkVisibility()") is False
    page.wait_for("document.activeElement.id === 'question'")
    page.type("How long?")
    page.press("Enter")
    page.wait_for("document.getElementById('keys').open")
    page.type("helper")
    page.press("Enter")
    page.wait_for(f"{LAST}?.ariaBusy === 'false'")
    assert "Choose one above" in str(page.value(f"{LAST}.textContent"))
    assert page.value(f"[...{CHOICE}.labels].map((label) => label.textContent)") == ["Assistant"]
    assert page.value(f"[...{CHOICE}.options].map((option) => option.value)") == ["docs", "it"]
    assert page.value("document.documentElement.scrollWidth <= window.innerWidth")
    choose("it")
    assert page.value("document.querySelectorAll('article').length") == 0
    assert ask_on_page("How long?").startswith("it-1")
    choose("docs")
    assert ask_on_page("And this?").startswith("docs-1")
    choose("it")
    assert page.value("document.querySelectorAll('article').length") == 2
    assert str(page.value(f"{LAST}.textContent")).startswith("it-1")
    kept = page.value("Object.keys(localStorage).map((name) => name.split('/').slice(0, 3).join('/')).sort()")
    assert kept == ["llmops/helper/docs", "llmops/helper/it"]  # by the name of the key, not by the key
    page.open(f"{several.address}#docs")  # of a new page the choice is remembered, and a link names one
    page.wait_for(f"{CHOICE}.checkVisibility()")


class Load:
    """Asks one assistant without a pause."""

    def __init__(self, endpoint: Endpoint, name: str) -> None:
        self.said: list[tuple[int, str]] = []
        self._endpoint, self._name = endpoint, name
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.is_set():
            answer = ask(self._endpoint, f"/predict/{self._name}", text="slowly?")
            self.said.append((answer.status_code, answer.json().get("response", answer.text)[: len(self._name) + 2]))
            if not answer.is_success:
                self._stop.wait(0.1)

    @property
    def last(self) -> str:
        return self.said[-1][1] if self.said else ""


def test_one_is_promoted_one_rolled_back_and_one_killed_and_the_others_answer_every_request(several: Endpoint) -> None:
    client = connect(several.platform, "docs")
    with Load(several, "docs") as docs, Load(several, "hr") as hr, Load(several, "it") as it:
        wait_for(lambda: (docs.last, hr.last, it.last) == ("docs-1", "hr-2", "it-1"))
        worker_of(several, "it").kill()
        client.set_registered_model_alias("docs", "production", "2")
        client.set_registered_model_alias("hr", "production", "1")
        late = register(several.platform, several.folder, "late", "later")
        client.set_registered_model_alias("later", "production", str(late))
        wait_for(lambda: (docs.last, hr.last) == ("docs-2", "hr-1"))
        failed = len(it.said)
        wait_for(lambda: it.last == "it-1" and len(it.said) > failed and states(several)["later"] == "ready")
    for load, answers in ((docs, ["docs-1", "docs-2"]), (hr, ["hr-2", "hr-1"])):
        assert {status for status, _ in load.said} == {200}
        assert [said for at, (_, said) in enumerate(load.said) if at == 0 or load.said[at - 1][1] != said] == answers
    assert {status for status, _ in it.said} == {200, 503}
    assert ask(several, "/predict/later").json()["response"].startswith("late says")


def worker_of(endpoint: Endpoint, name: str) -> psutil.Process:
    """The worker process whose child runs the version of this assistant."""
    for process in psutil.Process(endpoint.process.pid).children(recursive=True):
        if any(f"models:/{name}/" in " ".join(child.cmdline()) for child in process.children()):
            return process
    pytest.fail(f"{name} has no worker")
