"""The index on Weaviate."""

import warnings

with warnings.catch_warnings():
    import weaviate  # noqa: F401  (its import would show every warning of every package)
