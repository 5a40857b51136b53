"""Findings in passages are cached: the same passages answer many questions."""

from dataclasses import replace
from hashlib import blake2b
from threading import Lock

from cachetools import LRUCache

from tasks_lib.assistant.guardrails.detection import JOINER, CheckContext, Detector, Finding

CACHED_TEXTS = 8192
"""Texts whose findings are kept, by digest; the texts themselves are not."""


class CachedDetector:
    """Another detector of passages, which reads new texts only. Threads share it.

    What an error or a timeout left unread is not cached. The detector must find the same in the same text.

    :param texts: How many are cached.
    """

    def __init__(self, detector: Detector, texts: int = CACHED_TEXTS) -> None:
        self.ends_by_itself = getattr(detector, "ends_by_itself", False)
        self._detector = detector
        self._cache: LRUCache[bytes, list[Finding]] = LRUCache(texts)
        self._lock = Lock()

    def find(self, text: str, context: CheckContext) -> list[Finding]:
        """As the detector; all that is new in one go."""
        parts = [(start, text[start:end]) for start, end in context.parts or [(0, len(text))]]
        keys = [blake2b(part.encode("utf-8", "surrogatepass"), digest_size=16).digest() for _, part in parts]
        with self._lock:
            known = {key: self._cache[key] for key in keys if key in self._cache}
        new = {key: part for key, (_, part) in zip(keys, parts, strict=True) if key not in known}
        if new:
            fresh = self._read(new, context)
            known |= fresh
            with self._lock:
                self._cache.update(fresh)
        return [
            replace(finding, start=finding.start + start, end=finding.end + start)
            for key, (start, _) in zip(keys, parts, strict=True)
            for finding in known[key]
        ]

    def _read(self, new: dict[bytes, str], context: CheckContext) -> dict[bytes, list[Finding]]:
        """Findings in each of the new texts, by its own positions."""
        every = list(self._detector.find(JOINER.join(new.values()), context))
        fresh: dict[bytes, list[Finding]] = {}
        offset = 0
        for key, part in new.items():
            end = offset + len(part)
            fresh[key] = [
                replace(finding, start=max(finding.start, offset) - offset, end=min(finding.end, end) - offset)
                for finding in every
                if finding.start < end and finding.end > offset
            ]
            offset = end + len(JOINER)
        return fresh
