"""Networks of companies: this machine is never proxied, what the user set stays, and what cannot work is named."""

import json
import os
import subprocess
from importlib.util import find_spec
from pathlib import Path

import certifi
import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.network_checks import network_hint, reach_this_machine
from tasks_lib.config.api_keys import LOOPBACK
from tasks_lib.errors import ConfigurationError
from tasks_lib.network import (
    CERTIFICATES,
    EXCEPTIONS,
    PROXIES,
    SET_ASIDE,
    describe_network,
    prepare_network,
    require_no_proxy_set_aside,
    require_usable_network,
)
from tests.stubs.command import LLMOPS, ROOT

DEAD = "http://user:hush@127.0.0.1:9"
VARIABLES = (*PROXIES, *EXCEPTIONS, *CERTIFICATES, SET_ASIDE)
UNUSABLE = ["socks4://127.0.0.1:9", "SOCKS4A://proxy.corp:1080", "quic://proxy.corp"]
if find_spec("socksio") is None:
    UNUSABLE += ["socks5://127.0.0.1:9", "socks5h://user:hush@proxy.corp:1080", "SOCKS5://proxy:1080"]
HOSTS = st.lists(st.sampled_from([".corp", "10.0.0.0/8", "localhost", "git.corp:8443", "127.0.0.1"]), max_size=4)


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """No variable of the machine that runs the tests; what is set is taken back, since it is registered here."""
    for name in VARIABLES:
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)


@given(
    proxies=st.dictionaries(st.sampled_from(PROXIES), st.just(DEAD), min_size=1),
    lower=HOSTS,
    upper=HOSTS,
)
def test_this_machine_is_excepted_whatever_is_proxied_and_the_users_exceptions_stay(
    proxies: dict[str, str], lower: list[str], upper: list[str]
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in (proxies | {"no_proxy": ", ".join(lower), "NO_PROXY": ",".join(upper)}).items():
            patch.setenv(name, value)
        assert prepare_network() == []
        prepare_network()  # as child processes do
        for name in EXCEPTIONS:
            hosts = os.environ[name].split(",")
            assert set(hosts) == {*lower, *upper, *LOOPBACK}
            assert len(hosts) == len(set(hosts))
        assert {name: os.environ[name] for name in proxies} == proxies


def test_no_proxy_at_all_leaves_the_environment_alone() -> None:
    before = dict(os.environ)
    assert prepare_network() == []
    assert dict(os.environ) == before


@pytest.mark.parametrize("name", PROXIES)
def test_clients_reach_this_machine_with_a_dead_proxy(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, DEAD)
    prepare_network()
    said = reach_this_machine()
    assert "directly" in said
    assert name in said
    assert "hush" not in said


@settings(deadline=None, max_examples=20)
@given(name=st.sampled_from(PROXIES), proxy=st.sampled_from(UNUSABLE))
def test_a_proxy_that_no_client_can_use_is_set_aside_and_what_needs_it_is_refused(name: str, proxy: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(name, proxy)
        patch.setenv(SET_ASIDE, "")
        (line,) = prepare_network()
        assert name.upper() in line
        httpx.Client().close()
        assert "this machine is reached directly" in reach_this_machine()
        with pytest.raises(ConfigurationError, match=name.upper()):
            require_no_proxy_set_aside()
        patch.setenv("PREFECT_API_URL", "https://prefect.corp/api")
        with pytest.raises(ConfigurationError, match=name.upper()):
            require_usable_network()
        patch.setenv("PREFECT_API_URL", "http://127.0.0.1:4200/api")
        require_usable_network()


@pytest.mark.parametrize("name", CERTIFICATES)
def test_certificates_named_for_one_client_are_trusted_by_all(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, certifi.where())
    prepare_network()
    require_usable_network()
    shared = {
        variable: os.environ.get(variable) for variable in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "AWS_CA_BUNDLE")
    }
    assert set(shared.values()) == {certifi.where()}


@pytest.mark.parametrize("name", CERTIFICATES)
@pytest.mark.parametrize("content", [None, "not in PEM format"])
def test_certificates_that_cannot_be_used_are_refused_with_their_variable(
    name: str, content: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "corporate.pem"
    if content is not None:
        file.write_text(content)
    monkeypatch.setenv(name, str(file))
    prepare_network()
    with pytest.raises(ConfigurationError, match=name) as caught:
        require_usable_network()
    assert str(file) in caught.value.message


def test_a_call_that_fails_on_the_way_names_the_variables_and_no_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", DEAD)
    prepare_network()
    with pytest.raises(httpx.TransportError) as caught:
        httpx.get("https://models.example/v1", timeout=5)
    hint = network_hint(caught.value)
    assert "HTTPS_PROXY" in hint
    assert "hush" not in hint + describe_network()
    assert network_hint(ValueError("the answer is empty")) == ""


@pytest.mark.slow
def test_doctor_starts_prefect_behind_a_dead_proxy(tmp_path: Path) -> None:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    proxies = {"HTTP_PROXY": DEAD, "ALL_PROXY": "socks5://127.0.0.1:9"}
    environment = kept | proxies | {"LLMOPS_HOME": str(tmp_path / "home"), "PYTHONPATH": str(ROOT)}
    done = subprocess.run([*LLMOPS, "doctor", "--json"], env=environment, capture_output=True, text=True, check=False)
    checks = {check["name"]: check for check in json.loads(done.stdout)["checks"]}
    assert checks["network"]["ok"]
    assert checks["prefect"]["ok"]
    assert "hush" not in done.stdout + done.stderr
