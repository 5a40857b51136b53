"""A server listens where it is told to, whatever family its address is of."""

import socket
from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks_lib.registry.listening import close_all, listen_on

IPV6 = socket.has_ipv6


def reached(address: str, port: int) -> bool:
    try:
        with socket.create_connection((address, port), timeout=2):
            return True
    except OSError:
        return False


def listening(host: str, port: int) -> list[socket.socket]:
    sockets = listen_on(host, port)
    for one in sockets:
        one.listen()
    return sockets


@given(st.tuples(st.integers(0, 255), st.integers(0, 255), st.integers(1, 254)))
def test_any_loopback_address_is_listened_on_and_no_other(last: tuple[int, int, int]) -> None:
    host = "127." + ".".join(map(str, last))
    sockets = listening(host, 0)
    number = sockets[0].getsockname()[1]
    try:
        assert reached(host, number)
        other = "127.99.99.99" if host != "127.99.99.99" else "127.0.0.1"
        assert not reached(other, number)
    finally:
        close_all(sockets)


@pytest.mark.skipif(not IPV6, reason="no IPv6 here")
@pytest.mark.parametrize(
    ("host", "v4", "v6"),
    [("::1", False, True), ("::", True, True), ("0.0.0.0", True, False), ("localhost", True, True)],
)
def test_addresses_of_both_families(host: str, v4: bool, v6: bool) -> None:
    with closing(socket.socket(socket.AF_INET6)) as probe:
        probe.bind(("::", 0))
        number = probe.getsockname()[1]
    sockets = listening(host, number)
    try:
        names = {found[4][0] for found in socket.getaddrinfo(host, number)}
        assert reached("127.0.0.1", number) is v4
        assert reached("::1", number) is (v6 and (host != "localhost" or "::1" in names))
    finally:
        close_all(sockets)


def test_a_name_with_an_address_that_is_not_there_uses_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 0)) for address in ("192.0.2.1", "127.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    sockets = listen_on("localhost", 0)
    assert [one.getsockname()[0] for one in sockets] == ["127.0.0.1"]
    close_all(sockets)


@pytest.mark.parametrize(
    ("host", "said"), [("192.0.2.1", "requested address"), ("no.such.name.invalid", "name"), ("[::1]", "name")]
)
def test_an_address_that_is_none_is_an_error(host: str, said: str) -> None:
    with pytest.raises(OSError, match=f"(?i){said}"):
        listen_on(host, 0)


def test_a_port_that_is_taken_is_an_error_and_leaves_nothing_behind() -> None:
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(OSError, match="in use"):
            listen_on("localhost", taken.getsockname()[1])
