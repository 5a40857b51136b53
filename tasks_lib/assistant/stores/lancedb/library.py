"""LanceDB without the clients of its servers, which take most of its import and are asked by nothing here."""

from tasks_lib.deferred import deferred

with deferred("lance_namespace_urllib3_client", "lancedb.namespace", "lancedb.remote"):
    import lancedb
    from lancedb import query
    from lancedb.background_loop import LOOP
    from lancedb.index import FTS, Bitmap, BTree, IvfSq, LabelList

__all__ = ["FTS", "LOOP", "BTree", "Bitmap", "IvfSq", "LabelList", "lancedb", "query"]
