"""Requests to public addresses only, whatever a name resolves to and wherever a redirect leads."""

import ipaddress
import socket
from collections.abc import Sequence
from contextlib import suppress
from urllib.request import getproxies, proxy_bypass

import httpx


class PrivateAddressError(httpx.UnsupportedProtocol):
    """A host is on this machine, in a private network, or otherwise not public."""


class PublicOnly(httpx.BaseTransport):
    """Resolves each host once, refuses addresses that are not public, and connects to the one that it looked at.

    A name that resolves to another address a moment later (DNS rebinding) gains nothing. Each host has connections of
    its own, since those of httpx are known by their address. Through a proxy, which resolves by itself, a name is
    refused that resolves to such an address here.
    """

    def __init__(self) -> None:
        self._transports: dict[str, httpx.HTTPTransport] = {}

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request.

        :raises PrivateAddressError: If the host has any address that is not public.
        :raises httpx.ConnectError: If the host has no address, or none of them answers.
        """
        host = request.url.host
        if proxy := _proxy_for(request.url):
            with suppress(httpx.ConnectError):
                public_addresses(host)
            return self._transports.setdefault(proxy, httpx.HTTPTransport(proxy=proxy)).handle_request(request)
        addresses = public_addresses(host, request.url.port or (443 if request.url.scheme == "https" else 80))
        transport = self._transports.setdefault(host, httpx.HTTPTransport(retries=1))
        for last, address in enumerate(addresses, start=1 - len(addresses)):
            try:
                return transport.handle_request(_to(address, request))
            except (httpx.ConnectError, httpx.ConnectTimeout):
                if last == 0:
                    raise
        raise httpx.ConnectError(f"{host} has no address", request=request)

    def close(self) -> None:
        """Close all connections."""
        for transport in self._transports.values():
            transport.close()


def public_addresses(host: str, port: int = 443) -> Sequence[str]:
    """The addresses that `host` resolves to.

    :raises PrivateAddressError: If one of them is not public.
    :raises httpx.ConnectError: If it does not resolve.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise httpx.ConnectError(f"{host} does not resolve: {error}") from error
    addresses = list(dict.fromkeys(str(each[4][0]) for each in found))
    for address in addresses:
        if not is_public(address):
            named = address if host == address else f"{host}: {host} is {address}"
            raise PrivateAddressError(f"leads to {named}, which is no public address")
    return addresses


def is_public(address: str) -> bool:
    """Whether an IP address belongs to the public internet; one inside an IPv6 address counts as well."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    inside = _embedded(ip) if isinstance(ip, ipaddress.IPv6Address) else None
    return ip.is_global and not ip.is_multicast and (inside is None or is_public(str(inside)))


_NAT64 = ipaddress.ip_network("64:ff9b::/96")


def _embedded(ip: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    if ip in _NAT64:
        return ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)


def _proxy_for(url: httpx.URL) -> str | None:
    """The proxy that the environment names for an address."""
    proxies = getproxies()
    proxy = proxies.get(url.scheme) or proxies.get("all")
    return proxy if proxy and not proxy_bypass(url.host) else None


def _to(address: str, request: httpx.Request) -> httpx.Request:
    """The same request, sent to `address`: the certificate and the header `Host` are those of the name."""
    sent = httpx.Request(
        request.method,
        request.url.copy_with(host=address),
        headers=request.headers,
        stream=request.stream,
        extensions={**request.extensions, "sni_hostname": request.url.host},
    )
    sent.headers["Host"] = request.headers["Host"]
    return sent
