"""What `llmops doctor` asks of an OpenID Connect issuer: does it answer, is it the one, can its tokens be checked."""

from typing import Any

from tasks_lib.config.oidc import DISCOVERY, KEY_TYPES, OidcConfig, is_private
from tasks_lib.errors import LlmopsError

CALL_SECONDS = 5.0


def check_issuer(config: OidcConfig) -> str:
    """Read the issuer's discovery document and its keys, as the endpoint does.

    :raises LlmopsError: If they cannot be read, are another issuer's, leave tokens unchecked or people without login.
    """
    place = config.issuer.removesuffix("/") + DISCOVERY
    about = _fetched(place, "the issuer's discovery document")
    if about.get("issuer") != config.issuer:
        raise LlmopsError(
            f"{place} describes the issuer {about.get('issuer')!r}, and serve.oidc.issuer is {config.issuer!r}",
            hint="Write serve.oidc.issuer exactly as the document names it, a slash at its end included.",
        )
    wanted = ["jwks_uri", *(["authorization_endpoint", "token_endpoint"] if config.client_id else [])]
    for name in wanted:
        if not is_private(str(about.get(name) or "")):
            raise LlmopsError(
                f"{place} gives {name} as {about.get(name)!r}, which is no https:// address",
                hint="Correct it at the issuer; the chat page needs the last two (serve.oidc.client_id).",
            )
    keys = _fetched(str(about["jwks_uri"]), "the issuer's keys").get("keys")
    listed = [key for key in keys if isinstance(key, dict)] if isinstance(keys, list) else []
    usable = [key for key in listed if _signs(key, config)]
    if not usable:
        kinds = ", ".join(sorted({str(key.get("alg") or key.get("kty")) for key in listed})) or "none"
        raise LlmopsError(
            f"none of the issuer's keys signs as serve.oidc.algorithms asks for ({', '.join(config.algorithms)}); "
            f"its keys: {kinds}",
            hint="Name the issuer's signature in serve.oidc.algorithms.",
        )
    login = f"the chat page logs in as {config.client_id!r}" if config.client_id else "the chat page offers no login"
    return f"{config.issuer} answers with {len(usable)} usable keys; {login}"


def _signs(key: dict[str, Any], config: OidcConfig) -> bool:
    """Whether a token that it signed would be taken."""
    algorithms = [name for name in config.algorithms if KEY_TYPES[name[:2]] == key.get("kty")]
    return bool(algorithms) and key.get("use", "sig") == "sig" and key.get("alg", algorithms[0]) in config.algorithms


def _fetched(url: str, what: str) -> dict[str, Any]:
    import httpx

    try:
        response = httpx.get(url, timeout=CALL_SECONDS)
        response.raise_for_status()
        found = response.json()
    except httpx.HTTPStatusError as error:
        problem = f"HTTP {error.response.status_code}"
        raise LlmopsError(f"{what} at {url} cannot be read: {problem}", hint="Check serve.oidc.issuer.") from error
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        problem = f"{type(error).__name__}: {error}"
        raise LlmopsError(f"{what} at {url} cannot be read: {problem}", hint="Check serve.oidc.issuer.") from error
    if not isinstance(found, dict):
        raise LlmopsError(f"{what} at {url} is no JSON object", hint="Check serve.oidc.issuer.")
    return found
