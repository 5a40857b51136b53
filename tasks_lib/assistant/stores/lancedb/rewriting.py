"""Erasure in a LanceDB table: kept versions are written anew, then every file of the others is deleted.

A deleted row stays in its file, and its words in the files of the indexes, for as long as a version names them. So all
rows go into new files, in one commit that readers see as a whole, and the indexes are made anew.
"""

import time
import warnings
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pyarrow as pa

from tasks_lib.assistant.contract.index import Rewriting
from tasks_lib.assistant.stores.lancedb.maintenance import index_anew
from tasks_lib.assistant.stores.lancedb.schema import to_documents, to_table

if TYPE_CHECKING:
    from lancedb.table import Table

GAP_SECONDS = 1.0
"""Between the last version that goes and the first that stays: LanceDB deletes by age."""
TRIES = 5
_KEEP_ALL = timedelta(days=365 * 100)


class Rewrite:
    """Versions of a table written anew.

    :param change: What becomes of the chunks of each.
    :param dimension: Length of the embeddings.
    """

    def __init__(self, change: Rewriting, dimension: int) -> None:
        self._change = change
        self._dimension = dimension
        self.differing = 0
        """Chunks that went or changed, over all versions."""

    def run(self, table: "Table", versions: Collection[int]) -> dict[int, int]:
        """Write `versions` and the current one anew, the oldest first; each with the number that it has then.

        Who reads the latest sees each of them pass by, and stays at the current one in the end.
        """
        _to_latest(table)
        committed = {entry["version"] for entry in table.list_versions()}
        wanted = sorted({*versions} & committed | {table.version})
        moved: dict[int, int] = {}
        for version in wanted:
            table.checkout(version)
            rows = self._changed(table.to_arrow())
            _to_latest(table)
            if moved:
                _turn_into(table, rows)
            else:
                _write_anew(table, rows)
                time.sleep(GAP_SECONDS if len(wanted) > 1 else 0)
                index_anew(table)
            moved[version] = table.version
        return moved

    def _changed(self, rows: pa.Table) -> pa.Table:
        before = to_documents(rows)
        after = self._change(before)
        known = {id(chunk) for chunk in before}
        kept = {id(chunk) for chunk in after} & known
        new = [chunk for chunk in after if id(chunk) not in known]
        self.differing += rows.num_rows - len(kept)
        stay = rows.filter(pa.array([id(chunk) in kept for chunk in before], pa.bool_()))
        if not new:
            return stay
        made = to_table(new, self._dimension, rows.schema.names)
        return pa.concat_tables([stay, made.select(stay.schema.names).cast(stay.schema)])


def delete_all_but(table: "Table", versions: Collection[int]) -> None:
    """Delete what only versions before the oldest of `versions` need, the latest being one of them.

    A tag keeps the oldest from going where the machine is so busy that its age was measured wrongly. Nobody may be
    writing: files of interrupted commits go, too.
    """
    _to_latest(table)
    table.optimize(cleanup_older_than=_KEEP_ALL)  # compacts, so that nothing is done below but deleting
    for left in reversed(range(TRIES)):
        committed = {entry["version"]: entry["timestamp"] for entry in table.list_versions()}
        oldest = min((version for version in versions if version in committed), default=max(committed))
        with _tagged(table, oldest), warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # lancedb warns of an age of zero
            try:
                table.optimize(cleanup_older_than=_age(committed, oldest), delete_unverified=True)
            except RuntimeError:
                if not left:
                    raise
            else:
                return


def _to_latest(table: Any) -> None:
    table.checkout_latest()


def _write_anew(table: "Table", rows: pa.Table) -> None:
    """Put `rows`, all of them in new files, in place of everything, in one commit."""
    if not rows.num_rows:
        table.delete("id IS NOT NULL")
        return
    merge = table.merge_insert("id").when_matched_update_all().when_not_matched_insert_all()
    merge.when_not_matched_by_source_delete().execute(rows)


def _turn_into(table: "Table", rows: pa.Table) -> None:
    """Bring the table, in whose files nothing is that must go, to `rows`, in one commit if they differ."""
    held = {row["id"]: row for row in table.to_arrow().to_pylist()}
    wanted = rows.to_pylist()
    new = [held.get(row["id"]) != row for row in wanted]
    if held.keys() - {row["id"] for row in wanted}:
        _write_anew(table, rows)
    elif any(new):
        merge = table.merge_insert("id").when_matched_update_all().when_not_matched_insert_all()
        merge.execute(rows.filter(pa.array(new)))


def _age(committed: dict[int, datetime], oldest: int) -> timedelta:
    """How old a version must be to go: somewhere between the oldest that stays and the one before it."""
    before = [moment for version, moment in committed.items() if version < oldest]
    latest = oldest == max(committed)
    if latest or not before:
        return timedelta() if latest else _KEEP_ALL
    limit = max(before) + (committed[oldest] - max(before)) / 10
    return datetime.now(limit.tzinfo) - limit


@contextmanager
def _tagged(table: "Table", version: int) -> Iterator[None]:
    name = f"kept-{uuid4().hex}"
    table.tags.create(name, version)
    try:
        yield
    finally:
        table.tags.delete(name)
