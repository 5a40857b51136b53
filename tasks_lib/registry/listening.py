"""Sockets of a server, on whatever address of this machine it is told to listen."""

import errno
import socket


def listen_on(host: str, port: int) -> list[socket.socket]:
    """Sockets bound to all addresses of `host`: `localhost` has one of IPv6 beside that of IPv4, where there is IPv6.

    :param host: An address of either family, or a name.
    :raises OSError: If one of the addresses is in use, none is of this machine, or the name is unknown.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    bound: list[socket.socket] = []
    missing: OSError | None = None
    for family, kind, protocol, _, address in found:
        try:
            bound.append(_bound(socket.socket(family, kind, protocol), address, alone=len(found) == 1))
        except OSError as error:
            if error.errno not in {errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT}:
                close_all(bound)
                raise
            missing = error
    if not bound and missing is not None:
        raise missing
    return bound


def close_all(sockets: list[socket.socket]) -> None:
    """Close them."""
    for one in sockets:
        one.close()


def _bound(one: socket.socket, address: object, *, alone: bool) -> socket.socket:
    try:
        # as servers do: connections of the last run that linger are no obstacle
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if one.family == socket.AF_INET6 and not alone:
            one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)  # else `::` takes the port of IPv4 as well
        one.bind(address)  # type: ignore[arg-type]  # what getaddrinfo gave
    except OSError:
        one.close()
        raise
    return one
