"""API keys that do not lie in a file of the home: where the audit says they are, and lists in its Prefect's database.

Prefect's database may lie in the home, and so a block with keys in the backup. As with the file, an old list must not
open what was ended since.
"""

import sqlite3
from contextlib import closing
from pathlib import Path

from tasks_lib.config.key_store import BLOCK_TYPE
from tasks_lib.home import Home
from tasks_lib.registry.audit import KEPT_IN, AuditError, read_audit

_LISTS = """SELECT document.name, document.data, document.updated FROM block_document AS document
JOIN block_type ON block_type.id = document.block_type_id WHERE block_type.slug = ?"""
_CHANGE = """UPDATE block_document SET data = ?, updated = ?
WHERE name = ? AND block_type_id IN (SELECT id FROM block_type WHERE slug = ?)"""
_DELETE = """DELETE FROM block_document
WHERE name = ? AND block_type_id IN (SELECT id FROM block_type WHERE slug = ?)"""
_KEY = "SELECT value FROM configuration WHERE key = 'ENCRYPTION_KEY'"
_TABLES = {"block_document", "block_type", "configuration"}


def places_of_keys(home: Home) -> list[str]:
    """Places outside of the home where keys were made or changed, as its audit tells; none if it cannot be trusted."""
    try:
        lines = read_audit(home)
    except AuditError:
        return []
    return list(dict.fromkeys(line.told[KEPT_IN] for line in lines if KEPT_IN in line.told))


def carry_over_blocks(later: Home, restored: Home) -> list[str]:
    """Give lists in blocks of the restored home's Prefect what they hold in `later`, if that has a Prefect of its own.

    :returns: Names of the blocks that were taken out, since nobody can tell what they hold now: they are not there any
        more, or are encrypted with another key.
    """
    database, old = restored.prefect / "prefect.db", later.prefect / "prefect.db"
    if not database.is_file() or not old.is_file():
        return []
    lists, _ = _read(database)
    now, same_key = _read_safely(old, database) if lists else ({}, False)
    gone = []
    with closing(sqlite3.connect(database)) as connection, connection:
        for name in sorted(lists):
            if name in now and same_key:
                connection.execute(_CHANGE, (*now[name], name, BLOCK_TYPE))
            else:
                connection.execute(_DELETE, (name, BLOCK_TYPE))
                gone.append(name)
    return gone


def _read_safely(old: Path, database: Path) -> tuple[dict[str, tuple[str, str]], bool]:
    """Lists of a home that is replaced, which may be as broken as can be, and whether their encryption is the same."""
    try:
        lists, key = _read(old)
    except sqlite3.DatabaseError:
        return {}, False
    return lists, key == _read(database)[1]


def _read(database: Path) -> tuple[dict[str, tuple[str, str]], str]:
    """Name of each list → what it holds, encrypted, and when it was changed; and what it is encrypted with."""
    with closing(sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True)) as connection:
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if not tables >= _TABLES:
            return {}, ""
        lists = {name: (data, updated) for name, data, updated in connection.execute(_LISTS, (BLOCK_TYPE,))}
        key = connection.execute(_KEY).fetchone()
    return lists, str(key[0]) if key else ""
