"""Only public addresses are asked, whatever a name resolves to."""

import ipaddress
import socket
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks_lib.ingestion.sources.web import addresses
from tasks_lib.ingestion.sources.web.addresses import PrivateAddressError, PublicOnly, is_public, public_addresses
from tests.stubs.web_site import WebSite

PRIVATE = [
    ipaddress.ip_network(network)
    for network in (
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "100.64.0.0/10",
        "0.0.0.0/8",
    )
]


@given(
    st.sampled_from(PRIVATE).flatmap(
        lambda network: st.integers(0, network.num_addresses - 1).map(lambda n: network[n])
    )
)
def test_private_addresses_are_known_also_inside_others(address: ipaddress.IPv4Address) -> None:
    number = int(address)
    inside = [
        f"::ffff:{address}",
        str(ipaddress.IPv6Address((0x64FF9B << 96) | number)),
        str(ipaddress.IPv6Address((0x2002 << 112) | (number << 80))),
    ]
    assert not any(is_public(each) for each in (str(address), *inside))


@pytest.mark.parametrize("address", ["::1", "fe80::1%eth0", "fd00::1", "ff02::1", "224.0.0.1", "255.255.255.255", "::"])
def test_other_addresses_that_are_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "64:ff9b::808:808"])
def test_public_ones(address: str) -> None:
    assert is_public(address)


def resolving(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> list[str]:
    """Let names resolve to each of `answers` in turn, as a server of names may do; the hosts that were asked for."""
    asked: list[str] = []
    waiting, real = list(answers), socket.getaddrinfo

    def resolved(host: str, port: Any, *_: Any, **__: Any) -> list[Any]:
        if host.replace(".", "").isdigit():
            return real(host, port, *_, **__)
        asked.append(host)
        found = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in found]

    monkeypatch.setattr(addresses.socket, "getaddrinfo", resolved)
    return asked


def test_a_name_with_any_private_address_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    resolving(monkeypatch, ["8.8.8.8", "10.0.0.1"])
    with pytest.raises(PrivateAddressError, match=r"docs\.acme\.com is 10\.0\.0\.1"):
        public_addresses("docs.acme.com")


def test_the_address_that_was_looked_at_is_the_one_that_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that changes its address between the look and the connection gains nothing: it resolves once."""
    with WebSite(a="Alpha.") as site:
        monkeypatch.setattr(addresses, "is_public", lambda address: address == "127.0.0.1")
        asked = resolving(monkeypatch, ["127.0.0.1"], ["10.0.0.1"])
        port = site.url.rpartition(":")[2]
        with httpx.Client(transport=PublicOnly()) as client:
            answer = client.get(f"http://docs.acme.com:{port}/a")
        assert answer.status_code == 200
        assert asked.count("docs.acme.com") == 1
        assert site.requests[0].headers["Host"] == f"docs.acme.com:{port}"


def test_the_next_address_is_tried_where_one_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    with WebSite(a="Alpha.") as site:
        monkeypatch.setattr(addresses, "is_public", lambda _: True)
        resolving(monkeypatch, ["127.0.0.2", "127.0.0.1"])
        with httpx.Client(transport=PublicOnly()) as client:
            assert client.get(f"http://docs.acme.com:{site.url.rpartition(':')[2]}/a").status_code == 200


def test_a_proxy_of_the_environment_is_used_and_private_names_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with WebSite() as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        monkeypatch.setenv("no_proxy", "")
        resolving(monkeypatch, ["8.8.8.8"])
        with httpx.Client(transport=PublicOnly()) as client:
            assert client.get("http://docs.acme.com/a").status_code == 404
            assert proxy.requests[0].path == "http://docs.acme.com/a"
            resolving(monkeypatch, ["10.0.0.1"])
            with pytest.raises(PrivateAddressError):
                client.get("http://intranet/a")
