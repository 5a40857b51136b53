"""Which pages of a browser may call the endpoint: its own, and those of the origins that the operator names.

Without API keys the endpoint answers whoever reaches it on this machine, and that is every page that a browser on it
shows: one whose name was made to point at 127.0.0.1 (DNS rebinding) comes with a foreign `Host`, any other with a
foreign `Origin`.
"""

from collections.abc import Collection
from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware

from serving.logs import REQUEST_ID, TRACE_ID
from serving.parameters import IGNORED

PROBES = ("/health", "/ready")
"""Paths that any host may ask for: they tell nothing of the documents."""


def cors(origins: Collection[str]) -> list[tuple[type[CORSMiddleware], dict[str, object]]]:
    """Starlette's middleware for the pages of these origins; none without origins."""
    if not origins:
        return []
    options: dict[str, object] = {
        "allow_origins": tuple(origins),
        "allow_methods": ("GET", "POST"),
        "allow_headers": ("*",),  # OpenAI's client sends a dozen of its own
        "expose_headers": (REQUEST_ID, TRACE_ID, IGNORED, "Retry-After"),
    }
    return [(CORSMiddleware, options)]


def foreign(headers: Headers, path: str, *, hosts: Collection[str], origins: Collection[str]) -> str | None:
    """Why a request without a key is none of this machine's own; `None` if it is.

    :param hosts: Names, beside this machine's own, under which the endpoint is called.
    :param origins: Origins whose pages may call it.
    """
    host = headers.get("host")
    if path.startswith(PROBES) or host is None:
        return None
    name, _ = _address_in(f"//{host}")
    if not (_is_loopback(name) or name in hosts):
        own = "Without API keys the endpoint is called as localhost or 127.0.0.1, or by a name in serve.hosts."
        return f"The host {host!r} is not this machine's. {own}"
    origin = headers.get("origin")
    if origin is None or origin in origins or _address_in(origin)[1] == host.lower():
        return None
    return (
        f"A page of {origin!r} may not call this endpoint, which has no API keys and does not name it in serve.origins."
    )


def _address_in(url: str) -> tuple[str, str]:
    """The name, and the name with its port, both in lower case; nothing of what is no URL."""
    try:
        parts = urlsplit(url)
        return (parts.hostname or "").rstrip("."), parts.netloc.lower()
    except ValueError:  # brackets around no IPv6 address
        return "", ""


def _is_loopback(name: str) -> bool:
    if name == "localhost":
        return True
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False
