"""Lists of API keys in Prefect's own database, as its server writes it: an old one does not come back."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from prefect.settings import PREFECT_SERVER_DATABASE_CONNECTION_URL

from blocks.api_keys import ApiKeys
from tasks_lib.backup.block_keys import carry_over_blocks, places_of_keys
from tasks_lib.config.key_store import BLOCK_TYPE
from tasks_lib.home import Home
from tasks_lib.registry.audit import KEPT_IN, write_audit

pytestmark = [pytest.mark.flow, pytest.mark.usefixtures("prefect_harness")]


def snapshot(home: Home) -> Home:
    """Put the database of the running server into a home, as a backup does."""
    source = str(PREFECT_SERVER_DATABASE_CONNECTION_URL.value()).split("///")[1]
    home.prefect.mkdir(parents=True, exist_ok=True)
    target = home.prefect / "prefect.db"
    with closing(sqlite3.connect(source)) as running, closing(sqlite3.connect(target)) as copy:
        running.backup(copy)
    return home


def lists(home: Home) -> dict[str, str]:
    """Name of each list in a home → its encrypted content."""
    query = "SELECT d.name, d.data FROM block_document d JOIN block_type t ON t.id = d.block_type_id WHERE t.slug = ?"
    with closing(sqlite3.connect(home.prefect / "prefect.db")) as connection:
        return dict(connection.execute(query, (BLOCK_TYPE,)))


@pytest.fixture
def homes(tmp_path: Path) -> tuple[Home, Home]:
    """A home as it is, in which a key was revoked, and a restored one from before."""
    block = ApiKeys()
    block.save("restored", overwrite=True)
    store = block.store()
    store.create("alice", by="ann")
    restored = snapshot(Home(tmp_path / "restored"))
    store.revoke("alice", by="ann")
    return snapshot(Home(tmp_path / "later")), restored


def changed(home: Home, statement: str) -> None:
    with closing(sqlite3.connect(home.prefect / "prefect.db")) as connection, connection:
        connection.execute(statement)


def test_a_list_is_what_it_was_in_the_home_that_is_replaced(homes: tuple[Home, Home]) -> None:
    later, restored = homes
    assert lists(later)["restored"] != lists(restored)["restored"]
    assert carry_over_blocks(later, restored) == []
    assert lists(later) == lists(restored)


@pytest.mark.parametrize(
    "change",
    [
        "DELETE FROM block_document WHERE name = 'restored'",
        "UPDATE configuration SET value = '{\"fernet_key\": \"another\"}' WHERE key = 'ENCRYPTION_KEY'",
        "DROP TABLE block_document",
    ],
)
def test_a_list_of_which_nobody_knows_what_was_ended_since_is_taken_out(homes: tuple[Home, Home], change: str) -> None:
    later, restored = homes
    changed(later, change)
    assert "restored" in carry_over_blocks(later, restored)
    assert "restored" not in lists(restored)


def test_a_home_that_is_damaged_closes_and_one_without_prefect_says_nothing(homes: tuple[Home, Home]) -> None:
    later, restored = homes
    (later.prefect / "prefect.db").unlink()
    before = lists(restored)
    assert carry_over_blocks(later, restored) == []
    assert lists(restored) == before
    (later.prefect / "prefect.db").write_bytes(b"SQLite format 3\x00" + b"?" * 4096)
    assert "restored" in carry_over_blocks(later, restored)
    assert lists(restored) == {}


def test_places_are_those_that_the_audit_tells_each_once(home: Home) -> None:
    assert places_of_keys(home) == []
    for place in ("the block a/b", "the AWS secret 'c' (d)", "the block a/b", ""):
        write_audit(home, "key made", {"by": "ann", KEPT_IN: place})
    assert places_of_keys(home) == ["the block a/b", "the AWS secret 'c' (d)"]
    home.audit.write_text(home.audit.read_text().replace("a/b", "x/y", 1))
    assert places_of_keys(home) == []
