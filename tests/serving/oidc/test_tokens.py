"""Who is let in by a token, and what everybody else is told."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from serving.access import AccessGuard
from serving.callers import Callers
from serving.limits import RateLimits
from serving.oidc import issuer as issuer_module
from serving.oidc.tokens import Tokens
from tasks_lib.config.api_keys import ApiKey
from tasks_lib.config.key_ring import KeyRing
from tasks_lib.config.oidc import OidcConfig
from tests.stubs.openid import AUDIENCE, Provider, openid_provider

KEY = "a key of alice"
RING = {hashlib.sha256(KEY.encode()).hexdigest(): ApiKey("alice")}
OTHER = rsa.generate_private_key(65537, key_size=2048)


@pytest.fixture
def provider() -> Iterator[Provider]:
    with openid_provider() as provider:
        yield provider


@pytest.fixture
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(issuer_module, "PAUSE_SECONDS", 0.0)


def guarded(issuer: str, **config: Any) -> AccessGuard:
    async def who(request: Request) -> JSONResponse:
        caller = request.state.holder
        return JSONResponse(
            {
                "name": caller.name,
                "groups": sorted(caller.groups),
                "roles": sorted(caller.roles),
                "assistants": None if caller.assistants is None else sorted(caller.assistants),
            }
        )

    paths = ("/predict", "/feedback", "/metrics", "/v1/models")
    app = Starlette(routes=[Route(path, who, methods=["POST"]) for path in paths])
    tokens = Tokens(OidcConfig(issuer=issuer, audience=(AUDIENCE,), **config))
    return AccessGuard(app, callers=Callers(KeyRing(RING), tokens), limits=RateLimits(), largest_body=100)


async def ask(guard: AccessGuard, token: str, path: str = "/predict") -> httpx.Response:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(guard)) as client:
        return await client.post(f"http://127.0.0.1{path}", headers={"Authorization": f"Bearer {token}"})


@pytest.mark.asyncio
async def test_a_token_tells_who_asks_and_a_key_beside_it_goes_on(provider: Provider) -> None:
    guard = guarded(provider.issuer)
    known = (await ask(guard, provider.token())).json()
    assert known == {"name": "ada", "groups": ["hr"], "roles": ["ask", "feedback"], "assistants": None}
    assert (await ask(guard, KEY)).json()["name"] == "alice"
    assert (await ask(guard, provider.token(aud=["else", AUDIENCE]))).status_code == 200
    assert provider.asked["/jwks"] == 1  # its keys are kept


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("claims", "groups"),
    [
        ({"groups": None}, []),
        ({"groups": []}, []),
        ({"groups": "hr"}, ["hr"]),
        ({"groups": ["legal", "hr", "hr"]}, ["hr", "legal"]),
        ({"groups": ["public", "nobody", "", 7, None, "hr"]}, ["hr"]),
        ({"groups": {"hr": True}}, []),
        ({"groups": 7}, []),
    ],
)
async def test_groups_are_those_of_the_claim_and_without_it_there_are_none(
    provider: Provider, claims: dict[str, Any], groups: list[str]
) -> None:
    answer = await ask(guarded(provider.issuer), provider.token(**claims))
    assert (answer.status_code, answer.json()["groups"]) == (200, groups)


@pytest.mark.asyncio
async def test_claims_are_named_and_groups_give_roles_and_assistants(provider: Provider) -> None:
    guard = guarded(
        provider.issuer,
        groups_claim="realm_access.roles",
        name_claim="https://acme.example/name",
        assistants={"hr": ("staff",), "it": ("docs",)},
        roles={"ops": ("metrics",)},
    )
    claims = {"realm_access": {"roles": ["hr", "ops"]}, "https://acme.example/name": "Ada L."}
    known = (await ask(guard, provider.token(**claims))).json()
    assert known["name"] == "Ada L."
    assert (known["assistants"], known["groups"]) == (["staff"], ["hr", "ops"])
    assert known["roles"] == ["ask", "feedback", "metrics"]
    assert (await ask(guard, provider.token())).json()["assistants"] == []
    refused = await ask(guard, provider.token(), "/metrics")
    assert (refused.status_code, refused.json()["detail"]) == (
        403,
        "/metrics needs the role 'metrics'; this caller's roles: ask, feedback.",
    )


def public_pem(provider: Provider) -> bytes:
    key = next(iter(provider.keys.values())).public_key()
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def confused(provider: Provider) -> str:
    """Signed by HS256 with the public key, as if it were a shared secret."""

    def part(content: bytes) -> bytes:
        return base64.urlsafe_b64encode(content).rstrip(b"=")

    kid = next(iter(provider.keys))
    claims = jwt.decode(provider.token(), options={"verify_signature": False})
    text = part(json.dumps({"alg": "HS256", "kid": kid}).encode()) + b"." + part(json.dumps(claims).encode())
    return (text + b"." + part(hmac.digest(public_pem(provider), text, "sha256"))).decode()


WRONG: dict[str, tuple[Any, str]] = {
    "expired": (lambda it: it.token(exp=time.time() - 61), "The token has expired."),
    "not yet": (lambda it: it.token(nbf=time.time() + 90), "The token is not valid yet."),
    "audience": (lambda it: it.token(aud="else"), "The token is meant for another audience."),
    "no audience": (lambda it: it.token(aud=None), "The token has no claim 'aud'."),
    "issuer": (lambda it: it.token(iss="https://else.example"), "The token is of another issuer."),
    "no expiry": (lambda it: it.token(exp=None), "The token has no claim 'exp'."),
    "no subject": (lambda it: it.token(sub=None), "The token has no claim 'sub'."),
    "forged": (lambda it: it.token(key=OTHER), "The token's signature is not one of the issuer's."),
    "unsigned": (lambda it: it.token(key="", alg="none"), "The token is not signed in a way that is taken here."),
    "confusion": (confused, "The token is not signed in a way that is taken here."),
    "algorithm": (lambda it: it.token(alg="RS512"), "The token is not signed in a way that is taken here."),
    "unknown key": (lambda it: it.token(headers={"kid": "else"}), "The token names no key of the issuer's."),
    "own key": (
        lambda it: it.token(key=OTHER, headers={"kid": "x", "jwk": {"kty": "RSA"}, "jku": "http://127.0.0.1/"}),
        "The token names no key of the issuer's.",
    ),
    "logout": (lambda it: it.token(headers={"typ": "logout+jwt"}), "The token is of another kind than those that"),
    "changed": (lambda it: it.token()[:-9] + "AAAAAAAAA", "The token's signature is not one of the issuer's."),
}


@pytest.mark.asyncio
@pytest.mark.parametrize("name", WRONG)
async def test_a_wrong_token_is_401_with_a_reason_that_tells_no_secret(provider: Provider, name: str) -> None:
    make, reason = WRONG[name]
    token = make(provider)
    refused = await ask(guarded(provider.issuer), token, "/v1/models")
    assert refused.status_code == 401
    assert refused.json()["error"]["message"].startswith(reason)
    assert refused.headers["www-authenticate"].startswith('Bearer error="invalid_token"')
    told = refused.text + str(refused.headers)
    assert not any(part in told for part in token.split(".") if part)
    assert not any(secret in told for secret in (provider.issuer, "ada", AUDIENCE))


@pytest.mark.asyncio
async def test_a_clock_that_is_a_little_off_shuts_nobody_out(provider: Provider) -> None:
    now = time.time()
    late = provider.token(exp=now - 50, nbf=now + 50, iat=now + 50)
    assert (await ask(guarded(provider.issuer), late)).status_code == 200
    assert (await ask(guarded(provider.issuer, leeway_seconds=0), late)).status_code == 401


@pytest.mark.asyncio
@given(st.text("abcXYZ019_-.", max_size=60) | st.binary(max_size=90).map(lambda raw: f"eyJ{raw.hex()}.e30."))
async def test_any_text_is_refused_or_a_key(text: str) -> None:
    assert (await ask(guarded("http://127.0.0.1:9"), text)).status_code in {401, 503}


@pytest.mark.asyncio
@pytest.mark.usefixtures("no_pause")
@pytest.mark.parametrize("curve", [True, False])
async def test_a_key_that_was_rotated_is_looked_for_once(provider: Provider, curve: bool) -> None:
    guard, before = guarded(provider.issuer), provider.token()
    assert (await ask(guard, before)).status_code == 200
    provider.rotate(curve=curve)
    assert (await ask(guard, provider.token())).status_code == 200
    assert provider.asked["/jwks"] == 2
    assert (await ask(guard, before)).status_code == 401  # it was withdrawn


@pytest.mark.asyncio
async def test_invented_keys_do_not_make_the_endpoint_ask_the_issuer_again_and_again(provider: Provider) -> None:
    guard = guarded(provider.issuer)
    for number in range(20):
        assert (await ask(guard, provider.token(headers={"kid": str(number)}))).status_code == 401
    assert (await ask(guard, provider.token())).status_code == 200
    assert provider.asked["/jwks"] == 1


@pytest.mark.asyncio
@pytest.mark.usefixtures("no_pause")
async def test_an_issuer_that_cannot_be_reached_shuts_out_no_key(provider: Provider) -> None:
    nowhere = guarded("http://127.0.0.1:9")
    refused = await ask(nowhere, provider.token())
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "10")
    assert "127.0.0.1:9" not in refused.text
    assert (await ask(nowhere, KEY)).json()["name"] == "alice"


@pytest.mark.asyncio
@pytest.mark.usefixtures("no_pause")
async def test_keys_that_are_known_hold_while_the_issuer_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    with openid_provider() as provider:
        guard, token = guarded(provider.issuer), provider.token()
        assert (await ask(guard, token)).status_code == 200
    monkeypatch.setattr(issuer_module, "LIFETIME_SECONDS", 0.0)
    assert [(await ask(guard, token)).status_code for _ in range(2)] == [200, 200]
    monkeypatch.setattr(issuer_module, "STALE_SECONDS", 0.0)
    assert (await ask(guard, token)).status_code == 503


@pytest.mark.asyncio
async def test_a_discovery_document_of_another_issuer_is_not_believed(provider: Provider) -> None:
    own, token = provider.issuer, provider.token()
    provider.issuer = "https://else.example"
    assert (await ask(guarded(own), token)).status_code == 503


@pytest.mark.parametrize(
    "change",
    [
        {"issuer": "http://login.example.org"},
        {"issuer": "login.example.org"},
        {"issuer": "https://login.example.org/?x=1"},
        {"audience": ()},
        {"algorithms": ("none",)},
        {"algorithms": ("HS256",)},
        {"roles": {"hr": ("boss",)}},
    ],
)
def test_a_configuration_that_would_let_others_in_is_refused(change: dict[str, Any]) -> None:
    right: dict[str, Any] = {"issuer": "https://login.example.org/acme", "audience": "llmops"}
    assert OidcConfig.model_validate(right).audience == ("llmops",)
    with pytest.raises(ValidationError):
        OidcConfig.model_validate({**right, **change})
