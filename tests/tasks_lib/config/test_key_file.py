"""Keys that are made, replaced and ended: what opens is what a model says, and the key itself is kept nowhere."""

import hashlib
import json
import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks_lib.config import stored_key
from tasks_lib.config.api_keys import ApiKey
from tasks_lib.config.key_file import KeyFile
from tasks_lib.config.key_ring import KeyRing, key_ring
from tasks_lib.config.stored_key import Rights
from tasks_lib.errors import ConfigurationError, InputError


@pytest.fixture
def file(tmp_path: Path) -> KeyFile:
    return KeyFile(tmp_path / "home" / "api-keys.json")


RIGHTS = Rights(assistants=("docs",), groups=("hr", "Räte & Co"), roles=("ask", "metrics"), requests_per_minute=7)


def digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


def test_a_key_opens_until_it_is_revoked_and_is_itself_kept_nowhere(file: KeyFile) -> None:
    ring = key_ring("127.0.0.1", file, {})
    assert not ring.required
    secret, made = file.create("alice", by="ann", rights=Rights(assistants=("docs", "staff")))
    assert secret.startswith("llmops_")
    assert ring.holders() == {digest(secret): ApiKey("alice", frozenset({"docs", "staff"}))}
    assert all(secret.encode() not in path.read_bytes() for path in file.path.parent.iterdir())
    assert stat.S_IMODE(file.path.stat().st_mode) == 0o600
    assert made.created_by == "ann"
    (ended,) = file.revoke("alice", by="ben")
    assert ended.revoked_by == "ben"
    assert ring.holders() == {}
    assert ring.required


def test_a_key_that_was_replaced_works_for_its_grace_and_the_new_one_lasts_as_long(
    file: KeyFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin = datetime(2026, 11, 27, tzinfo=UTC)
    clock = [begin]
    monkeypatch.setattr(stored_key, "now", lambda: clock[0])
    monkeypatch.setattr("tasks_lib.config.key_ring.now", lambda: clock[0])
    first, _ = file.create("alice", by="ann", rights=RIGHTS, lasts=timedelta(days=10))
    clock[0] += timedelta(days=4)
    second, made = file.rotate("alice", by="ann", grace=timedelta(hours=1))
    assert made.expires_at == begin + timedelta(days=14)
    assert made.rights == RIGHTS
    ring = KeyRing({}, file)
    assert ring.holders().keys() == {digest(first), digest(second)}
    clock[0] += timedelta(hours=1)
    assert ring.holders().keys() == {digest(second)}  # the file has not changed
    clock[0] += timedelta(days=10)
    assert not ring.holders()
    with pytest.raises(InputError, match="'alice' has no valid key; who has one: nobody"):
        file.rotate("alice", by="ann", grace=timedelta())


def test_a_key_of_before_groups_opens_what_it_did_and_is_read_by_what_knows_none(file: KeyFile) -> None:
    secret, _ = file.create("alice", by="ann")
    (kept,) = json.loads(file.path.read_text())["keys"]
    assert set(kept) == {"name", "digest", "created_at", "created_by"}
    assert KeyRing({}, file).holders() == {digest(secret): ApiKey("alice")}


def test_rights_are_changed_under_a_ring_that_runs_and_what_is_not_named_stays(file: KeyFile) -> None:
    secret, _ = file.create("alice", by="ann", rights=RIGHTS)
    ring = KeyRing({}, file)
    assert ring.holders()[digest(secret)].groups == {"hr", "Räte & Co"}
    file.change("alice", {"groups": ("legal",), "roles": ("ask",)})
    assert ring.holders() == {
        digest(secret): ApiKey("alice", frozenset({"docs"}), frozenset({"legal"}), frozenset({"ask"}), 7)
    }
    with pytest.raises(InputError, match="'bob' has no valid key; who has one: alice"):
        file.change("bob", {"groups": ()})


@pytest.mark.parametrize("name", ["", "a b", "a/b", "ä" * 65, "a\n"])
def test_a_name_that_is_none_makes_no_key(file: KeyFile, name: str) -> None:
    with pytest.raises(InputError, match="no name of a key's holder"):
        file.create(name, by="ann")
    assert file.read() == []


@pytest.mark.parametrize("content", ["", "{", "[]", '{"keys": [{"name": "alice"}]}', '{"keys": [], "more": 1}'])
def test_a_broken_file_opens_nothing_and_is_named(file: KeyFile, content: str) -> None:
    secret, _ = file.create("alice", by="ann")
    ring = KeyRing({digest("of the environment"): ApiKey("bob")}, file)
    assert len(ring.holders()) == 2
    file.path.write_text(content)
    assert ring.holders().keys() == {digest("of the environment")}
    assert ring.state == "broken"
    with pytest.raises(ConfigurationError, match=r"api-keys.json.*is broken"):
        key_ring("127.0.0.1", file, {})
    assert digest(secret) not in ring.holders()
    assert ring.required
    with pytest.raises(ConfigurationError, match="is broken"):
        file.create("carol", by="ann")
    assert file.path.read_text() == content


def test_keys_made_at_the_same_time_are_all_kept(file: KeyFile) -> None:
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda number: file.create(f"app-{number}", by="ann"), range(16)))
    assert len(file.read()) == 16
    assert len(json.loads(file.path.read_text())["keys"]) == 16


STEPS = st.lists(
    st.tuples(st.sampled_from(["create", "rotate", "revoke"]), st.sampled_from(["alice", "bob"])), max_size=8
)


@given(STEPS)
def test_any_sequence_leaves_what_a_model_says(steps: list[tuple[str, str]]) -> None:
    with TemporaryDirectory() as folder:
        file = KeyFile(Path(folder) / "api-keys.json")
        ring, valid = KeyRing({}, file), dict[str, str]()
        for step, name in steps:
            if (step == "create") == (name in valid):
                with pytest.raises(InputError):
                    take(file, step, name)
                continue
            secret = take(file, step, name)
            valid = {held: key for held, key in valid.items() if held != name}
            if secret:
                valid[name] = secret
            assert ring.holders() == {digest(key): ApiKey(held) for held, key in valid.items()}


def take(file: KeyFile, step: str, name: str) -> str | None:
    if step == "create":
        return file.create(name, by="ann")[0]
    if step == "rotate":
        return file.rotate(name, by="ann", grace=timedelta())[0]
    file.revoke(name, by="ann")
    return None
