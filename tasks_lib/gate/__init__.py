"""The gate: a version validated, asked, scored, compared with production, and decided about."""
