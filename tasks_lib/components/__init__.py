"""Haystack components of our own."""
