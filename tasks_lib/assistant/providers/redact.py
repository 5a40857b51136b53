"""Taking secrets out of texts that others wrote, such as a provider's error message."""

import re
from collections.abc import Iterable

MASK = "***"
SHORTEST_SECRET = 4
"""Shorter values would blank ordinary words."""

_CREDENTIALS = re.compile(r"(?i)(?<=bearer )\S+|(?<=basic )[A-Za-z0-9+/=]{8,}|(?<=://)[^/\s:@]+:[^/\s@]+(?=@)")


def redact(text: str, secrets: Iterable[str]) -> str:
    """`text` on one line, without `secrets` and without what stands where credentials stand."""
    for secret in sorted(secrets, key=len, reverse=True):
        if len(secret) >= SHORTEST_SECRET:
            text = text.replace(secret, MASK)
    return " ".join(_CREDENTIALS.sub(MASK, text).split())
