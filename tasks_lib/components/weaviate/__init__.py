"""The index on Weaviate."""
