"""The documents' gate: what an ingest changed is measured before it is read."""
