"""Points in time as people read them: one clock everywhere, and it is named."""

from datetime import UTC, datetime


def minute(moment: datetime) -> str:
    """`2026-11-26 12:00 UTC`; a moment without a timezone is one on this machine's clock."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
