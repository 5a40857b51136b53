"""An OpenID Connect provider: discovery, keys that rotate, authorization code with PKCE, tokens, logout."""

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

CLIENT, AUDIENCE = "chat-page", "llmops"
PrivateKey = RSAPrivateKey | EllipticCurvePrivateKey


class Provider:
    """What it knows: its keys, the people, and who is logging in."""

    def __init__(self) -> None:
        self.issuer = ""
        self.keys: dict[str, PrivateKey] = {}
        self.asked: dict[str, int] = {}
        """Path → how often it was asked for."""
        self.person: dict[str, Any] = {"sub": "17", "preferred_username": "ada", "groups": ["hr"]}
        self.lasts = 300.0
        self.forgets_nonce = False
        self.codes: dict[str, dict[str, str]] = {}
        self.rotate()

    def rotate(self, *, curve: bool = False) -> str:
        """Another key signs from now on; the ones before are withdrawn. Its id."""
        key_id = secrets.token_hex(4)
        key: PrivateKey = (
            ec.generate_private_key(ec.SECP256R1()) if curve else rsa.generate_private_key(65537, key_size=2048)
        )
        self.keys = {key_id: key}
        return key_id

    def jwks(self) -> dict[str, Any]:
        """The public keys."""
        return {"keys": [{**_public(key), "kid": key_id, "use": "sig"} for key_id, key in self.keys.items()]}

    def token(self, *, headers: dict[str, Any] | None = None, key: Any = None, alg: str = "", **claims: Any) -> str:
        """An access token of the person; a claim that is given as `None` is left out."""
        key_id, own = next(iter(self.keys.items()))
        now = time.time()
        said = {"iss": self.issuer, "aud": AUDIENCE, "iat": now, "exp": now + self.lasts, **self.person, **claims}
        kept = {name: value for name, value in said.items() if value is not None}
        algorithm = alg or ("ES256" if isinstance(own, EllipticCurvePrivateKey) else "RS256")
        return jwt.encode(kept, own if key is None else key, algorithm, {"kid": key_id, **(headers or {})})

    def code(self, query: dict[str, str]) -> str:
        """For who has logged in; it is good once."""
        code = secrets.token_urlsafe(8)
        self.codes[code] = query
        return code

    def exchange(self, form: dict[str, str]) -> dict[str, Any] | None:
        """Tokens for a code, if its client, address and verifier are those of the login."""
        asked = self.codes.pop(form.get("code", ""), None)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(form.get("code_verifier", "").encode()).digest())
        if asked is None or asked["code_challenge"] != challenge.rstrip(b"=").decode():
            return None
        if any(form.get(name) != asked[name] for name in ("redirect_uri", "client_id")):
            return None
        nonce = "another" if self.forgets_nonce else asked["nonce"]
        identity = self.token(aud=asked["client_id"], nonce=nonce)
        return {"access_token": self.token(), "id_token": identity, "token_type": "Bearer", "expires_in": self.lasts}


def _public(key: PrivateKey) -> dict[str, Any]:
    public = key.public_key()
    if isinstance(public, rsa.RSAPublicKey):
        return dict(RSAAlgorithm.to_jwk(public, as_dict=True))
    return dict(ECAlgorithm.to_jwk(public, as_dict=True))


class Handler(BaseHTTPRequestHandler):
    """Its routes."""

    provider: Provider

    def log_message(self, *_: Any) -> None:
        """Quiet."""

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        self.provider.asked[parts.path] = self.provider.asked.get(parts.path, 0) + 1
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        if parts.path == "/.well-known/openid-configuration":
            names = {"jwks_uri": "jwks", "end_session_endpoint": "logout"}
            names |= {f"{name}_endpoint": name for name in ("authorization", "token")}
            self._say(
                {"issuer": self.provider.issuer} | {key: f"{self.provider.issuer}/{at}" for key, at in names.items()}
            )
        elif parts.path == "/jwks":
            self._say(self.provider.jwks())
        elif parts.path == "/authorization":
            self._ask(query)
        elif parts.path == "/logout":
            self._go(query["post_logout_redirect_uri"])
        else:
            self.send_error(404)

    def do_POST(self) -> None:
        text = self.rfile.read(int(self.headers["Content-Length"])).decode()
        form = {name: values[0] for name, values in parse_qs(text).items()}
        given = self.provider.exchange(form)
        self._say(given or {"error": "invalid_grant"}, 200 if given else 400)

    def _ask(self, query: dict[str, str]) -> None:
        """A page with one button: whoever presses it is the person."""
        assert query["response_type"] == "code"
        assert query["code_challenge_method"] == "S256"
        there = f"{query['redirect_uri']}?{urlencode({'code': self.provider.code(query), 'state': query['state']})}"
        page = f"<button id=go onclick='location.href = {json.dumps(there)}'>Log in</button>".encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)

    def _go(self, there: str) -> None:
        self.send_response(302)
        self.send_header("Location", there)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _say(self, content: dict[str, Any], status: int = 200) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Access-Control-Allow-Origin", "*")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def openid_provider() -> Iterator[Provider]:
    """It listens on loopback."""
    provider = Provider()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Routes", (Handler,), {"provider": provider}))
    server.daemon_threads = True
    provider.issuer = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
