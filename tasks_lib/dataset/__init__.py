"""Evaluation sets: generated from the documents, filtered, imported and stored."""
