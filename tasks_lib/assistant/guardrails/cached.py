"""What was found in a passage is remembered: the same passages answer many questions."""

from collections import OrderedDict
from dataclasses import replace
from hashlib import blake2b
from threading import Lock

from tasks_lib.assistant.guardrails.detection import JOINER, CheckContext, Detection, Detector

REMEMBERED = 8192
"""Texts whose findings are kept, by digest; the texts themselves are not."""


class RememberingDetector:
    """Another detector of passages, which is asked about new texts only. Threads share it.

    What an error or a timeout left unread is not remembered. The detector must find the same in the same text.

    :param texts: How many are remembered.
    """

    def __init__(self, detector: Detector, texts: int = REMEMBERED) -> None:
        self.name = detector.name
        self.ends_by_itself = getattr(detector, "ends_by_itself", False)
        self._detector = detector
        self._texts = texts
        self._found: OrderedDict[bytes, list[Detection]] = OrderedDict()
        self._lock = Lock()

    def detect(self, text: str, context: CheckContext) -> list[Detection]:
        """As the detector; all that is new in one go."""
        parts = [(start, text[start:end]) for start, end in context.parts or [(0, len(text))]]
        keys = [blake2b(part.encode("utf-8", "surrogatepass"), digest_size=16).digest() for _, part in parts]
        with self._lock:
            known = {key: self._found[key] for key in keys if key in self._found}
            for key in known:
                self._found.move_to_end(key)
        new = {key: part for key, (_, part) in zip(keys, parts, strict=True) if key not in known}
        if new:
            fresh = self._read(new, context)
            known |= fresh
            with self._lock:
                self._found |= fresh
                while len(self._found) > self._texts:
                    self._found.popitem(last=False)
        return [
            replace(found, start=found.start + start, end=found.end + start)
            for key, (start, _) in zip(keys, parts, strict=True)
            for found in known[key]
        ]

    def _read(self, new: dict[bytes, str], context: CheckContext) -> dict[bytes, list[Detection]]:
        """Findings in each of the new texts, by its own positions."""
        every = self._detector.detect(JOINER.join(new.values()), context)
        fresh: dict[bytes, list[Detection]] = {}
        offset = 0
        for key, part in new.items():
            end = offset + len(part)
            fresh[key] = [
                replace(found, start=max(found.start, offset) - offset, end=min(found.end, end) - offset)
                for found in every
                if found.start < end and found.end > offset
            ]
            offset = end + len(JOINER)
        return fresh
