"""Keys and limits, without a server."""

import hashlib
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from serving.access import AccessGuard
from serving.callers import Callers, UnknownCallerError
from serving.limits import RateLimits
from serving.origins import foreign
from tasks_lib.config.api_keys import DEFAULT_ROLES, KEYS_VARIABLE, RESERVED_GROUPS, ROLES, ApiKey, read_keys
from tasks_lib.config.key_file import KeyFile
from tasks_lib.config.key_ring import KeyRing, key_ring
from tasks_lib.errors import ConfigurationError
from tests.stubs.clock import Clock

KEY = "a key of alice"
DIGEST = hashlib.sha256(KEY.encode()).hexdigest()


async def ask(guard: Any, path: str = "/predict", *, key: str | None = KEY, body: bytes = b"{}") -> httpx.Response:
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(guard)) as client:
        return await client.post(f"http://127.0.0.1:8000{path}", content=body, headers=headers)


def guarded(limits: RateLimits, **changes: Any) -> AccessGuard:
    async def who(request: Request) -> PlainTextResponse:
        return PlainTextResponse(getattr(request.state, "key", ""))

    routes = [Route(path, who, methods=["POST"]) for path in ("/predict", "/v1/chat/completions", "/health")]
    options: dict[str, Any] = {"keys": {DIGEST: ApiKey("alice")}, "largest_body": 100, **changes}
    ring = options.pop("keys")
    callers = Callers(ring if isinstance(ring, KeyRing) else KeyRing(ring))
    return AccessGuard(Starlette(routes=routes), limits=limits, callers=callers, **options)


@pytest.mark.asyncio
async def test_a_known_key_is_named_and_others_are_turned_away() -> None:
    guard = guarded(RateLimits())
    assert (await ask(guard)).text == "alice"
    for key in (None, "another", ""):
        refused = await ask(guard, key=key)
        assert (refused.status_code, refused.headers["www-authenticate"]) == (401, "Bearer")
    assert (await ask(guard, "/v1/chat/completions", key=None)).json()["error"]["type"] == "authentication_error"
    assert (await ask(guard, "/health", key=None)).status_code == 200


@pytest.mark.asyncio
async def test_without_keys_everyone_may_ask() -> None:
    assert (await ask(guarded(RateLimits(), keys={}), key=None)).text == "anyone"


@pytest.mark.asyncio
async def test_keys_of_the_home_open_and_close_an_endpoint_that_runs(tmp_path: Path) -> None:
    file = KeyFile(tmp_path / "api-keys.json")
    guard = guarded(RateLimits(), keys=KeyRing({}, file))
    assert (await ask(guard, key=None)).text == "anyone"
    key, _ = file.create("carol", by="ann")
    assert (await ask(guard, key=None)).status_code == 401
    assert (await ask(guard, key=key)).text == "carol"
    file.path.write_text("broken")
    assert [(await ask(guard, key=key)).status_code for _ in range(2)] == [401, 401]
    file.path.unlink()
    key, _ = file.create("carol", by="ann")
    assert (await ask(guard, key=key)).text == "carol"
    file.revoke("carol", by="ann")
    assert (await ask(guard, key=key)).status_code == 401
    assert (await ask(guard, key=None)).status_code == 401


@pytest.mark.asyncio
async def test_too_large_a_request_is_413() -> None:
    refused = await ask(guarded(RateLimits()), body=b"x" * 101)
    assert refused.status_code == 413
    assert "101 bytes; at most 100" in refused.text


@pytest.mark.asyncio
async def test_requests_over_the_limit_are_told_when_to_come_back(clock: Clock) -> None:
    guard = guarded(RateLimits(requests=2))
    assert [(await ask(guard)).status_code for _ in range(2)] == [200, 200]
    clock.now += 20
    refused = await ask(guard)
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "41")
    assert refused.json() == {"detail": "The limit of requests a minute is reached."}
    clock.now += 41
    assert (await ask(guard)).status_code == 200


def test_keys_are_read_by_digest_and_needed_where_others_can_reach() -> None:
    assert key_ring("0.0.0.0", None, {KEYS_VARIABLE: f"alice={DIGEST}, bob={'0' * 64}"}).holders() == {
        DIGEST: ApiKey("alice"),
        "0" * 64: ApiKey("bob"),
    }
    assert not key_ring("127.0.0.1", None, {}).required
    with pytest.raises(ConfigurationError, match="without API keys"):
        key_ring("0.0.0.0", None, {})
    with pytest.raises(ConfigurationError, match="entry 1") as caught:
        read_keys({KEYS_VARIABLE: "alice=secret-key"})
    assert "secret-key" not in str(caught.value) + caught.value.hint


@pytest.mark.asyncio
@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Z"]), min_size=1, max_size=12))
async def test_a_key_of_any_letters_opens_however_its_bytes_are_sent(key: str) -> None:
    callers = Callers(KeyRing({hashlib.sha256(key.encode()).hexdigest(): ApiKey("alice")}))
    for sent in (key.encode(), key.encode("latin-1", "replace")):
        headers = Headers(raw=[(b"authorization", b"Bearer  " + sent + b" ")])
        known = sent == key.encode() or key.encode("latin-1", "ignore").decode("latin-1") == key
        try:
            found = await callers.find(headers)
        except UnknownCallerError:
            found = None
        assert (found == ApiKey("alice")) is known


async def status_of(guard: Any, path: str = "/predict", **headers: str) -> int:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(guard), base_url="http://127.0.0.1:8000") as client:
        return (await client.post(path, headers=headers)).status_code


SLASHES = st.text("/", min_size=1, max_size=3)


@pytest.mark.asyncio
@given(SLASHES, SLASHES)
async def test_slashes_that_clients_add_change_neither_the_route_nor_what_is_open(first: str, second: str) -> None:
    guard = guarded(RateLimits())
    assert (await ask(guard, f"{first}v1{second}chat/completions")).text == "alice"
    assert (await ask(guard, f"{first}v1{second}chat/completions", key=None)).status_code == 401
    assert (await ask(guard, f"{first}health", key=None)).status_code == 200
    assert (await ask(guard, f"{first}health{second}predict", key=None)).status_code == 401


OWN = ["127.0.0.1:8000", "localhost:8000", "localhost", "LOCALHOST:1", "localhost.:8000", "[::1]:8000", "127.8.9.1"]
FOREIGN = ["evil.example", "evil.example:8000", "127.0.0.1.evil.example", "10.0.0.1:8000", "localhost.evil", "[", ""]


@pytest.mark.asyncio
@pytest.mark.parametrize(("host", "status"), [*((host, 200) for host in OWN), *((host, 403) for host in FOREIGN)])
async def test_without_keys_a_foreign_host_is_refused(host: str, status: int) -> None:
    assert await status_of(guarded(RateLimits(), keys={}), Host=host) == status
    assert await status_of(guarded(RateLimits(), keys={}), "/health", Host=host) == 200
    assert await status_of(guarded(RateLimits()), Host=host, Authorization=f"Bearer {KEY}") == 200  # a key is enough
    assert await status_of(guarded(RateLimits(), keys={}, hosts=["intern.example"]), Host="intern.example:443") == 200


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("http://127.0.0.1:8000", 200),
        ("https://wiki.example", 200),
        ("http://127.0.0.1:3000", 403),
        ("https://evil.example", 403),
        ("https://wiki.example.evil", 403),
        ("http://[", 403),
        ("null", 403),
    ],
)
async def test_without_keys_a_page_of_a_foreign_origin_is_refused(origin: str, status: int) -> None:
    guard = guarded(RateLimits(), keys={}, origins=["https://wiki.example"])
    assert await status_of(guard, Origin=origin) == status
    if status == 403:
        refused = (await ask_from(guard, origin)).json()["error"]["message"]
        assert repr(origin) in refused


async def ask_from(guard: Any, origin: str) -> httpx.Response:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(guard), base_url="http://127.0.0.1:8000") as client:
        return await client.post("/v1/chat/completions", headers={"Origin": origin})


labels = st.text("abcdefghijklmnopqrstuvwxyz", min_size=1, max_size=8)


@given(labels, st.sampled_from(["localhost", "127.0.0.1"]), st.sampled_from(["", ":80", ":8000"]))
def test_a_name_around_this_machines_is_foreign(label: str, own: str, port: str) -> None:
    for host in (f"{label}.{own}", f"{own}.{label}", f"{label}{own}", f"{own}{label}", f"{label}-{own}"):
        why = foreign(Headers({"host": host + port}), "/predict", hosts=(), origins=())
        assert why is not None
        assert repr(host + port) in why


@given(st.text(st.characters(max_codepoint=255), max_size=30))
def test_any_header_is_decided_on(text: str) -> None:
    headers = Headers({"host": text, "origin": text})
    assert foreign(headers, "/predict", hosts=(), origins=()) is None or foreign(headers, "/", hosts=(), origins=())
    assert foreign(Headers({"host": "127.0.0.1", "origin": text}), "/predict", hosts=(), origins=[text]) is None


names = st.text("abcdefghijklmnopqrstuvwxyz0123456789-._", min_size=1, max_size=12)
digests = st.text("0123456789abcdef", min_size=64, max_size=64)


sets = st.frozensets(names, min_size=1)
groups = st.frozensets(names.filter(lambda name: name not in RESERVED_GROUPS))
roles = st.frozensets(st.sampled_from(ROLES), min_size=1)


@given(st.dictionaries(digests, st.builds(ApiKey, names, st.none() | sets, groups, roles)))
def test_keys_are_bound_to_what_their_entries_name(keys: dict[str, ApiKey]) -> None:
    def entry(digest: str, key: ApiKey) -> str:
        bound = [f":{'+'.join(sorted(key.assistants))}"] if key.assistants else []
        bound += [f":groups={'+'.join(sorted(key.groups))}"] if key.groups else []
        bound += [f":roles={'+'.join(sorted(key.roles))}"] if key.roles != DEFAULT_ROLES else []
        return f"{key.name}={digest}{''.join(bound)}"

    written = ", ".join(entry(digest, key) for digest, key in keys.items())
    assert read_keys({KEYS_VARIABLE: written}) == keys


@pytest.mark.parametrize(
    "binding",
    [
        ":",
        ":docs+",
        ":+docs",
        ":docs::hr",
        ":docs+:hr",
        ":groups=",
        ":groups=hr:docs",
        ":groups=a:groups=b",
        ":role=ask",
    ],
)
def test_a_binding_that_is_half_written_binds_nobody_to_less(binding: str) -> None:
    with pytest.raises(ConfigurationError, match=r"name=sha256:assistant\+assistant"):
        read_keys({KEYS_VARIABLE: f"alice={DIGEST}{binding}"})


@pytest.mark.parametrize(
    ("binding", "said"),
    [(":roles=boss", "there is no role 'boss'"), (":groups=nobody", "nobody is in a group 'nobody'")],
)
def test_a_role_or_a_group_that_there_cannot_be_is_named(binding: str, said: str) -> None:
    with pytest.raises(ConfigurationError, match=rf"entry 1 of {KEYS_VARIABLE} \(alice\): {said}"):
        read_keys({KEYS_VARIABLE: f"alice={DIGEST}{binding}"})


def test_one_key_with_two_bindings_is_refused() -> None:
    twice = f"alice={DIGEST}:docs bob={DIGEST}:groups=hr"
    with pytest.raises(ConfigurationError, match=r"entry 2 .*\(bob\) binds a key to other assistants"):
        read_keys({KEYS_VARIABLE: twice})
