"""``OidcConfig``: the section `serve.oidc`, for people who log in."""

from ipaddress import ip_address
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field

from tasks_lib.config.api_keys import DEFAULT_ROLES, Role, role_names
from tasks_lib.config.strict import StrictModel

OIDC_VARIABLE = "LLMOPS_OIDC"
"""Environment variable by which the endpoint's process is given this section, as JSON."""
DISCOVERY = "/.well-known/openid-configuration"
"""Of an issuer's discovery document, below the issuer's URL."""
KEY_TYPES = {"RS": "RSA", "PS": "RSA", "ES": "EC", "Ed": "OKP"}
"""First letters of an algorithm → type of its keys."""
Algorithm = Literal["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]
"""Signatures by a key that the issuer keeps to itself: no shared secrets (HS256), and never `none`."""


def _issuer(url: str) -> str:
    parts = urlsplit(url)
    if parts.query or parts.fragment or parts.username or not parts.hostname or not is_private(url):
        msg = (
            f"{url!r} is no issuer: write the URL that its discovery document names, as https://login.example.org/acme"
        )
        raise ValueError(msg)
    return url


def is_private(url: str) -> bool:
    """Whether nobody between can read or change what is fetched: by https, or from this machine."""
    try:
        parts = urlsplit(url)
        return parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(parts.hostname or ""))
    except ValueError:  # brackets around no IPv6 address
        return False


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _several(given: object) -> object:
    return (given,) if isinstance(given, str) else given


Name = Annotated[str, Field(min_length=1)]
Names = Annotated[tuple[Name, ...], BeforeValidator(_several)]


class OidcConfig(StrictModel):
    """Bearer tokens of an OpenID Connect issuer, beside API keys."""

    issuer: Annotated[str, AfterValidator(_issuer)] = Field(
        description="URL of the issuer, exactly as its tokens name it; its discovery document lies below."
    )
    audience: Annotated[Names, Field(min_length=1)] = Field(
        description="Audience of the tokens that are taken: one of these must be in `aud`."
    )
    groups_claim: Name = Field(
        default="groups", description="Claim with the caller's groups; `realm_access.roles` is one inside another."
    )
    name_claim: Name = Field(default="preferred_username", description="Claim with the caller's name; else `sub`.")
    roles: dict[Name, tuple[Role, ...]] = Field(
        default_factory=dict, description="Group → what its members may do beside `default_roles`."
    )
    default_roles: tuple[Role, ...] = Field(
        default=role_names(DEFAULT_ROLES), description="What whoever has a valid token may do."
    )
    assistants: dict[Name, tuple[Name, ...]] = Field(
        default_factory=dict,
        description="Group → assistants that its members may ask; where none is named, all may ask all.",
    )
    algorithms: Annotated[tuple[Algorithm, ...], Field(min_length=1)] = Field(
        default=("RS256", "PS256", "ES256", "EdDSA"), description="Signatures that are taken."
    )
    leeway_seconds: float = Field(default=60.0, ge=0, le=600, description="How far the issuer's clock may be off.")
    client_id: Name | None = Field(
        default=None, description="Public client by which the chat page logs people in; it offers no login without."
    )
    scopes: tuple[Annotated[str, Field(pattern=r"^\S+$")], ...] = Field(
        default=("openid", "profile"), description="Scopes that the page asks for; `openid` is among them."
    )
    page_token: Literal["access_token", "id_token"] = Field(
        default="access_token",
        description="What the page sends. `id_token` for issuers whose access tokens are no JWT; `client_id` is then "
        "the audience.",
    )
