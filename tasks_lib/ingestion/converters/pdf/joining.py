"""Rows to running text: words that a line end broke are whole again."""

import re
from collections.abc import Iterable

from tasks_lib.text.forms import plain_forms

_HYPHENS = "-\u2010\u00ad"
_BROKEN = re.compile(rf"([^\W\d_]+)[{_HYPHENS}]$")
_OPENING = re.compile(r"[^\W\d_]+")
_WORD = re.compile(rf"[^\W\d_]+(?:[{_HYPHENS}][^\W\d_]+)*")
_CJK = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\u3000-\u303f\uff00-\uff60]")


class Words:
    """The words of a document, by which a hyphen at a line's end is told from a broken word."""

    def __init__(self, texts: Iterable[str]) -> None:
        self._known: set[str] = set()
        for text in texts:
            found = _WORD.findall(plain_forms(text).casefold())
            broken = text.rstrip().endswith(tuple(_HYPHENS))
            self._known.update(found[1 : -1 if broken else None] or found[:0])

    def join(self, before: str, after: str) -> str:
        """Two rows, one after the other."""
        before, after = before.rstrip(), after.lstrip()
        if not before or not after:
            return before or after
        if before.endswith("\u00ad"):
            return before[:-1] + after
        match = _BROKEN.search(before)
        if match:
            return self._whole(before, after, match[1])
        if before[-1] in _HYPHENS and len(before) > 1 and before[-2].isalnum() and after[0].isalnum():
            return before + after
        if _CJK.match(before[-1]) and _CJK.match(after[0]):
            return before + after
        return f"{before} {after}"

    def _whole(self, before: str, after: str, start: str) -> str:
        """A word whose start ends a row in a hyphen: whole, unless the document writes it with one."""
        opening = _OPENING.match(after)
        if opening is None:
            return before + after if after[0].isdigit() else f"{before} {after}"
        whole, kept = f"{start}{opening[0]}".casefold(), f"{start}-{opening[0]}".casefold()
        compound = start[-1].isupper() or opening[0][0].isupper() or (kept in self._known and whole not in self._known)
        return before + after if compound else before[:-1] + after
