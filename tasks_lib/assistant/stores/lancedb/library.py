"""LanceDB without the client of its REST namespaces, which takes half of its import and is asked by nothing here."""

from tasks_lib.deferred import deferred

with deferred("lance_namespace_urllib3_client"):
    import lancedb
    from lancedb import query
    from lancedb.background_loop import LOOP
    from lancedb.index import FTS, Bitmap, BTree, IvfSq, LabelList

__all__ = ["FTS", "LOOP", "BTree", "Bitmap", "IvfSq", "LabelList", "lancedb", "query"]
