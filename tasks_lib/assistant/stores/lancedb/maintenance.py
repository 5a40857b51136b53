"""Housekeeping of a LanceDB table: when its indexes are brought up to date, and how old versions go away."""

import warnings
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from tasks_lib.assistant.stores.lancedb.schema import EMBEDDING, keyword_columns
from tasks_lib.assistant.stores.lancedb.search import keyword_index

if TYPE_CHECKING:
    from lancedb.table import Table

VECTOR_INDEX_ROWS = 50_000
"""From here on a vector index answers faster than comparing with every row."""

_STALE_SHARE = 0.01
_STALE_ROWS = 500
RECENT = timedelta(days=1)
"""Younger versions are never deleted: a deployment under way may be about to pin one, a query may be reading one."""
_KEEP_ALL = timedelta(days=365 * 100)


def bring_up_to_date(table: "Table") -> None:
    """Take new rows into the indexes once there are enough, and create missing indexes; else commit nothing.

    Optimising rewrites small files and merges indexes: at 100,000 chunks 4 to 15 s and a second copy of the table on
    disk, for whatever change. Rows outside the indexes are found all the same, by scanning them: the keyword search
    takes about 30 µs for each. So up to 1 % of the rows, at most 500, are left to that.
    """
    keyword = _index_names(table).get(keyword_columns(table.schema.names)[0])
    statistics = table.index_stats(keyword) if keyword else None
    rows = table.count_rows()
    if statistics and statistics.num_unindexed_rows > min(_STALE_ROWS, rows * _STALE_SHARE):
        table.optimize(cleanup_older_than=_KEEP_ALL)
    _create_missing_indexes(table, rows)


def index_anew(table: "Table") -> None:
    """Make every index anew, so that nothing of earlier rows is left in its files."""
    wanted = _wanted_indexes(table, table.count_rows())
    for column, name in _index_names(table).items():
        if column in wanted:
            table.create_index(column, config=wanted[column], name=name, replace=True)
        else:
            table.drop_index(name)


def old_versions(table: "Table", keep: Collection[int] = (), margin: timedelta = RECENT) -> int:
    """How many versions `clean_up` would delete."""
    committed = {entry["version"]: entry["timestamp"] for entry in table.list_versions()}
    latest = max(committed)
    oldest = _oldest_needed(committed, keep)
    limit = min(oldest, datetime.now(oldest.tzinfo)) - margin
    return sum(moment < limit for version, moment in committed.items() if version != latest)


def clean_up(table: "Table", keep: Collection[int], margin: timedelta = RECENT) -> None:
    """Delete the versions older than the oldest of `keep` (the latest always stays), and the files only they need.

    LanceDB deletes by age and measures it after it has compacted the table. So that comes first, and versions at most
    `margin` older than the oldest stay too.
    """
    table.optimize(cleanup_older_than=_KEEP_ALL)
    oldest = _oldest_needed({entry["version"]: entry["timestamp"] for entry in table.list_versions()}, keep)
    age = datetime.now(oldest.tzinfo) - oldest
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # lancedb warns of ages of zero, which the margin rules out
        table.optimize(cleanup_older_than=age + margin)


def _oldest_needed(committed: Mapping[int, datetime], keep: Collection[int]) -> datetime:
    return min((committed[version] for version in keep if version in committed), default=max(committed.values()))


def _create_missing_indexes(table: "Table", rows: int) -> None:
    present = _index_names(table)
    for column, config in _wanted_indexes(table, rows).items():
        if column not in present:
            table.create_index(column, config=config)


def _wanted_indexes(table: "Table", rows: int) -> dict[str, Any]:
    """Column → its index."""
    from tasks_lib.assistant.stores.lancedb.library import Bitmap, BTree, IvfSq, LabelList

    wanted = {
        **{column: keyword_index(column) for column in keyword_columns(table.schema.names)},
        "id": BTree(),
        "source": Bitmap(),
        "document": BTree(),
        "content_hash": BTree(),
        "terms": LabelList(),
    }
    if rows >= VECTOR_INDEX_ROWS:
        wanted[EMBEDDING] = IvfSq(distance_type="cosine")  # a byte a dimension; searches score the best again in full
    return wanted


def _index_names(table: "Table") -> dict[str, str]:
    """Column → name of its index."""
    return {index.columns[0]: index.name for index in table.list_indices()}
