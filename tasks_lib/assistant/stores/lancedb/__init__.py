"""Chunks in LanceDB: a Haystack document store, its retrievers, and the index that the flows keep in sync."""
