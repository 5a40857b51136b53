"""Backups of a home: one archive with a manifest, made while everything runs, and checked before it is put in place."""
