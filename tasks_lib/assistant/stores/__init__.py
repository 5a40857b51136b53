"""Vector stores: LanceDB and Weaviate behind one protocol."""
