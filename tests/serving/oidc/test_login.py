"""People log in on the chat page, in a real browser, at a provider that is a server of its own."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from blocks.local import LocalPlatform
from tasks_lib.home import Home
from tasks_lib.registry.tracking import TRACE_CALLER_TAG, connect
from tests.serving.chromium import Page
from tests.serving.conftest import Endpoint, question, register, served
from tests.stubs.openid import AUDIENCE, CLIENT, Provider, openid_provider

pytestmark = pytest.mark.slow
LAST = "[...document.querySelectorAll('article.assistant')].at(-1)"
SESSION = "document.getElementById('session')"


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with openid_provider() as provider:
        yield provider


@pytest.fixture(scope="module")
def closed(
    provider: Provider, tracked_home: Callable[[Path], Home], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Endpoint]:
    """An endpoint that takes this provider's tokens."""
    folder = tmp_path_factory.mktemp("closed")
    platform = LocalPlatform(tracked_home(folder / "home"))
    version, client = str(register(platform, folder, "first")), connect(platform, "rag-assistant")
    client.set_registered_model_alias("rag-assistant", "production", version)
    options = {"issuer": provider.issuer, "audience": AUDIENCE, "client_id": CLIENT, "leeway_seconds": 0}
    given = [part for name, value in options.items() for part in ("--set", f"serve.oidc.{name}={value}")]
    with served(platform, folder, *given) as endpoint:
        yield endpoint


def opened(page: Page, endpoint: Endpoint, path: str = "/") -> None:
    page.open(f"{endpoint.address}/health")
    page.value("localStorage.clear(); sessionStorage.clear()")
    page.open(f"{endpoint.address}{path}")
    page.wait_for(f"!{SESSION}.hidden")


def at_the_provider(page: Page) -> None:
    """Press its button."""
    page.wait_for("document.getElementById('go') !== null")
    page.value("document.getElementById('go').click()")
    page.wait_for("document.getElementById('question') !== null")


def logged_in(page: Page) -> None:
    page.value(f"{SESSION}.click()")
    at_the_provider(page)
    page.wait_for(f"{SESSION}.textContent === 'Log out' && !document.getElementById('forget').disabled")


def ask(page: Page, text: str) -> None:
    page.value("document.getElementById('question').focus()")
    page.type(text)
    page.press("Enter")


def answered(page: Page) -> str:
    page.wait_for(f"{LAST}?.ariaBusy === 'false'")
    return str(page.value(f"{LAST}.firstChild.textContent"))


def test_a_person_logs_in_asks_judges_and_logs_out(page: Page, closed: Endpoint, provider: Provider) -> None:
    opened(page, closed, "/#rag-assistant")
    assert page.value(f"{SESSION}.textContent") == "Log in"
    logged_in(page)
    assert page.value("location.search") == ""  # neither the code nor the state stays in the address
    assert page.value("location.hash") == "#rag-assistant"
    assert page.value(f"{SESSION}.title") == "ada"
    ask(page, "How long is leave?")
    assert answered(page) == "first says: 27 days. Ask again."
    page.value(f"{LAST}.querySelector('.up').click()")
    page.wait_for(f"{LAST}.querySelector('.up').ariaPressed === 'true'")
    page.value("location.reload()")
    page.wait_for(f"{SESSION}?.textContent === 'Log out'")
    client = connect(closed.platform, "rag-assistant")
    (trace,) = client.search_traces(locations=[client.experiment_id], filter_string="feedback.user_feedback = 'true'")
    assert len(trace.info.tags[TRACE_CALLER_TAG]) == 32
    assert not re.search(r"\bada\b", str(trace.info.tags))  # within the digits of an id it may stand
    page.value(f"{SESSION}.click()")
    page.wait_for(f"{SESSION}?.textContent === 'Log in'")
    assert provider.asked["/logout"] == 1
    assert "eyJ" not in page.value("JSON.stringify([{...sessionStorage}, {...localStorage}])")


def test_an_ended_login_leads_to_another_with_the_question_kept(
    page: Page, closed: Endpoint, provider: Provider
) -> None:
    opened(page, closed)
    provider.lasts = 4.0
    logged_in(page)
    provider.lasts = 300.0
    page.wait_for(
        "fetch('caller', {headers: {authorization: `Bearer ${sessionStorage.getItem('key')}`}})"
        ".then((it) => it.status === 401)"
    )
    ask(page, "Is it kept?")
    page.wait_for("document.getElementById('keys').open")
    page.value("document.getElementById('login').click()")
    at_the_provider(page)
    page.wait_for("document.getElementById('question').value === 'Is it kept?'")
    page.value("document.getElementById('question').focus()")
    page.press("Enter")
    assert answered(page).startswith("first says")


def test_a_login_that_was_not_begun_here_or_is_for_another_is_refused(
    page: Page, closed: Endpoint, provider: Provider
) -> None:
    opened(page, closed, "/?code=x&state=y")
    assert page.wait_for("document.querySelector('.wrong')?.textContent") == "Logging in did not work: state"
    assert page.value("location.search") == ""
    opened(page, closed)
    provider.forgets_nonce = True
    page.value(f"{SESSION}.click()")
    at_the_provider(page)
    assert page.wait_for("document.querySelector('.wrong')?.textContent") == "Logging in did not work: nonce"
    provider.forgets_nonce = False
    assert page.value("sessionStorage.getItem('key')") in {None, ""}


def test_keys_and_tokens_are_taken_beside_each_other_and_wrong_tokens_are_not(
    closed: Endpoint, provider: Provider
) -> None:
    def status(token: str, path: str = "/predict") -> int:
        headers = {"Authorization": f"Bearer {token}"}
        return httpx.post(f"{closed.address}{path}", json=question(), headers=headers, timeout=60).status_code

    assert status(provider.token()) == 200
    assert status(provider.token(groups=None)) == 200
    assert {status(provider.token(aud="else")), status(provider.token(exp=1)), status("x")} == {401}
    own = httpx.post(
        f"{closed.address}/predict",
        json=question(),
        headers={"Authorization": f"Bearer {provider.token()}"},
        timeout=60,
    ).json()["trace_id"]
    given = {"trace_id": own, "value": True}
    for token, expected in ((provider.token(sub="18"), 404), (provider.token(), 200)):
        headers = {"Authorization": f"Bearer {token}"}
        assert httpx.post(f"{closed.address}/feedback", json=given, headers=headers, timeout=60).status_code == expected


def test_the_policy_of_the_page_names_the_issuer_and_nobody_else(closed: Endpoint, provider: Provider) -> None:
    policy = httpx.get(closed.address).headers["content-security-policy"]
    assert f"connect-src 'self' {provider.issuer};" in policy
    way = httpx.get(f"{closed.address}/login").json()
    assert (way["client_id"], way["scope"]) == (CLIENT, "openid profile")
