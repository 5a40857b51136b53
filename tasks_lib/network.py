"""Networks of companies: a proxy for what goes out, never for this machine; one file of certificates for all clients.

Prefect, MLflow and the providers' clients read these variables of the environment, each in its own way. We set them so
that all of them do the same, before a client is made; child processes inherit that.
"""

import os
import re
import ssl
import sys
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

from tasks_lib.config.api_keys import LOOPBACK
from tasks_lib.errors import ConfigurationError

PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy")
EXCEPTIONS = ("no_proxy", "NO_PROXY")
"""Clients prefer the first where they differ."""
CERTIFICATES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "AWS_CA_BUNDLE")
"""httpx reads the first, requests the next two, boto the last."""
SET_ASIDE = "LLMOPS_PROXIES_SET_ASIDE"
"""Our note to child processes: the variables that were taken out of the environment."""
_PASSWORD = re.compile(r"//[^/@]*@")


def prepare_network() -> list[str]:
    """Complete the variables, and say in a sentence each what was taken out of them."""
    _except_loopback()
    _share_certificates()
    return _set_aside_unusable()


def require_usable_network() -> None:
    """Refuse certificates that no client could load: each would fail at its first use, without naming the file.

    :raises ConfigurationError: Naming the variable; also if Prefect's server lies behind a proxy that cannot be used.
    """
    prefect = os.environ.get("PREFECT_API_URL")
    if prefect and urlsplit(prefect).hostname not in LOOPBACK:
        require_no_proxy_set_aside()
    for name in CERTIFICATES:
        value = os.environ.get(name)
        if value and (reason := _certificate_problem(Path(value))):
            raise ConfigurationError(
                f"{name} {value!r} holds no certificates that can be used: {reason}",
                hint=f"Set {name} to a file of certificates in PEM format, or unset it.",
            )


def require_no_proxy_set_aside() -> None:
    """To be called before something goes out that the user wants to go through a proxy.

    :raises ConfigurationError: If the proxy cannot be used.
    """
    names = os.environ.get(SET_ASIDE)
    if names:
        raise ConfigurationError(
            f"{names} names a SOCKS proxy, or one of another unknown kind, which the clients cannot use as installed",
            hint="Install the packages socksio and PySocks for SOCKS 5, set an http:// proxy, or unset the variable.",
        )


def describe_network() -> str:
    """The variables that decide where a call goes, without passwords; empty if none is set."""
    by_value: dict[str, list[str]] = {}
    for name in (*PROXIES, *EXCEPTIONS, *CERTIFICATES, SET_ASIDE):
        if value := os.environ.get(name):
            by_value.setdefault(_PASSWORD.sub("//***@", value), []).append(name)
    return ", ".join(f"{'/'.join(names)}={value}" for value, names in by_value.items())


def _except_loopback() -> None:
    """Add this machine's names to what goes directly, if anything is proxied; what the user names there stays."""
    if not any(os.environ.get(name) for name in PROXIES):
        return
    listed = [host.strip() for name in EXCEPTIONS for host in os.environ.get(name, "").split(",")]
    hosts = ",".join(dict.fromkeys(host for host in (*listed, *sorted(LOOPBACK)) if host))
    for name in EXCEPTIONS:
        os.environ[name] = "*" if "*" in listed else hosts


def _share_certificates() -> None:
    """Let every client trust what the user named for one of them."""
    named = next((os.environ[name] for name in CERTIFICATES if os.environ.get(name)), None)
    if named is not None and Path(named).is_file() and not _certificate_problem(Path(named)):
        for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "AWS_CA_BUNDLE"):
            os.environ.setdefault(name, named)


def _set_aside_unusable() -> list[str]:
    """Take out proxies that httpx cannot use: it makes no client then, not even one for this machine."""
    aside = [name for name in PROXIES if os.environ.get(name) and not _is_usable(os.environ[name])]
    if not aside:
        return []
    for name in aside:
        del os.environ[name]
    os.environ[SET_ASIDE] = ", ".join(dict.fromkeys(name.upper() for name in aside))
    line = (
        f"{os.environ[SET_ASIDE]} is set aside: without the package socksio no client can use a SOCKS proxy. "
        "This machine is reached directly; a platform with models or servers elsewhere is refused."
    )
    return [line]


def _is_usable(proxy: str) -> bool:
    scheme = urlsplit(proxy).scheme if "://" in proxy else "http"
    if scheme in {"socks5", "socks5h"}:
        return "socksio" in sys.modules or find_spec("socksio") is not None
    return scheme in {"http", "https"}


def _certificate_problem(file: Path) -> str:
    try:
        if file.is_dir():
            return ""  # a folder of hashed names, as requests takes it
        ssl.create_default_context(cafile=str(file))
    except ssl.SSLError:
        return "it is not in PEM format"
    except OSError as error:
        return error.strerror or str(error)
    return ""
