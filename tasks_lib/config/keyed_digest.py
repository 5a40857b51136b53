"""Keyed digests: two texts can be told to be the same without keeping them, and only with this home's secret."""

import hashlib
import hmac

from tasks_lib.config.pseudonyms import kept_secret
from tasks_lib.home import Home

DIGITS = 32
"""Hexadecimal digits of a digest."""


class KeyedDigest:
    """HMAC-SHA256 with a secret that never leaves the home.

    :param secret: At least 32 bytes.
    """

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def of(self, kind: str, *parts: str) -> str:
        """The digest of a text, or of several that belong together.

        :param kind: Tells digests of one text for two purposes apart.
        """
        text = "\x1f".join((kind, *parts))
        return hmac.new(self._secret, text.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()[:DIGITS]


def keyed_digest(home: Home) -> KeyedDigest:
    """That of a home, whose secret is made when it is needed first."""
    return KeyedDigest(kept_secret(home.forget_secret))
