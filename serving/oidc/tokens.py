"""Who sends a bearer token: its signature and claims are checked, its claims are read."""

import re
from collections.abc import Mapping
from typing import Any

import jwt
from jwt.exceptions import (
    ExpiredSignatureError,
    ImmatureSignatureError,
    InvalidAudienceError,
    InvalidIssuerError,
    InvalidSignatureError,
    MissingRequiredClaimError,
    PyJWTError,
)

from serving.oidc.issuer import Issuer
from tasks_lib.config.api_keys import RESERVED_GROUPS, ApiKey
from tasks_lib.config.oidc import KEY_TYPES, OidcConfig

TOKEN = re.compile(r"[\w-]+\.[\w-]*\.[\w-]*", re.ASCII)
"""A JSON Web Token, signed or not; no key of `llmops keys` looks like one."""
TYPES = frozenset({"jwt", "at+jwt", "application/at+jwt"})
"""Of tokens that say who calls, and not that somebody has logged out, say."""
CLAIMS = ("iss", "aud", "exp", "sub")
LONGEST_NAME = 200
UNSIGNED = "The token is not signed in a way that is taken here."
REASONS: tuple[tuple[type[PyJWTError], str], ...] = (
    (ExpiredSignatureError, "The token has expired."),
    (ImmatureSignatureError, "The token is not valid yet."),
    (InvalidAudienceError, "The token is meant for another audience."),
    (InvalidIssuerError, "The token is of another issuer."),
    (InvalidSignatureError, "The token's signature is not one of the issuer's."),
)


class TokenError(Exception):
    """A token that is not taken; the message tells why, and nothing that is not in the token."""


class Tokens:
    """Reads the tokens of one issuer.

    :param config: Whose tokens are taken, and what their claims are called.
    """

    def __init__(self, config: OidcConfig) -> None:
        self._config = config
        self.issuer = Issuer(config.issuer)

    async def caller(self, token: str) -> ApiKey:
        """Who sent the token.

        :raises TokenError: If it is forged, expired, unsigned, another's, or cannot be read.
        :raises IssuerDownError: If the issuer's keys are not known.
        """
        try:
            claims = await self._claims(token)
        except (PyJWTError, ValueError, TypeError, OverflowError, RecursionError) as error:
            raise TokenError(_reason(error)) from None
        return self._read(claims)

    async def _claims(self, token: str) -> dict[str, Any]:
        header = jwt.get_unverified_header(token)
        algorithm = header.get("alg")
        if algorithm not in self._config.algorithms:
            raise TokenError(UNSIGNED)
        if str(header.get("typ") or "JWT").lower() not in TYPES or "crit" in header:
            raise TokenError("The token is of another kind than those that say who calls.")
        found = await self.issuer.keys(header.get("kid"))
        keys = [key for key in found if _fits(key, algorithm)]
        if len(keys) != 1:
            raise TokenError("The token names no key of the issuer's.")
        return jwt.decode(
            token,
            jwt.PyJWK(dict(keys[0]), algorithm),
            algorithms=[algorithm],
            audience=self._config.audience,
            issuer=self._config.issuer,
            leeway=self._config.leeway_seconds,
            options={"require": list(CLAIMS), "enforce_minimum_key_length": True},
        )

    def _read(self, claims: Mapping[str, Any]) -> ApiKey:
        config = self._config
        groups = _groups(_claim(claims, config.groups_claim))
        bound = {name for group in groups for name in config.assistants.get(group, ())}
        roles = {role for group in groups for role in config.roles.get(group, ())}
        name = _claim(claims, config.name_claim)
        return ApiKey(
            name if _is_name(name) else claims["sub"],
            frozenset(bound) if config.assistants else None,
            groups,
            frozenset(roles.union(config.default_roles)),
            subject=f"{config.issuer} {claims['sub']}",
        )


def _fits(key: Mapping[str, Any], algorithm: str) -> bool:
    """Whether the issuer signs with this key in this way; a shared secret never fits."""
    kind = KEY_TYPES[algorithm[:2]]
    return key.get("kty") == kind and key.get("use", "sig") == "sig" and key.get("alg", algorithm) == algorithm


def _claim(claims: Mapping[str, Any], name: str) -> Any:
    """A claim by its name, else by the path `outer.inner`; `None` if there is none."""
    if name in claims:
        return claims[name]
    found: Any = claims
    for part in name.split("."):
        found = found.get(part) if isinstance(found, dict) else None
    return found


def _groups(value: Any) -> frozenset[str]:
    """The names in a list, or one name. Whatever else stands there is no group: one sees what is public."""
    names = [value] if isinstance(value, str) else value if isinstance(value, list) else []
    return frozenset(name for name in names if isinstance(name, str) and name) - RESERVED_GROUPS


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and value.isprintable() and bool(value.strip()) and len(value) <= LONGEST_NAME


def _reason(error: Exception) -> str:
    if isinstance(error, MissingRequiredClaimError):
        return f"The token has no claim {error.claim!r}."
    return next((told for kind, told in REASONS if isinstance(error, kind)), "The token cannot be read.")
