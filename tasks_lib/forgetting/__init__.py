"""Erasure: what is forgotten is found wherever it was written, and taken out."""
