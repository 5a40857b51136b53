"""The search pipeline: retrievers, fusion and selection of passages."""
