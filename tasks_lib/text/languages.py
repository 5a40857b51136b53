"""Which language a text is in: by its script, and by the stop words of spaCy where languages share one.

Good enough to say that traffic is mixed; a text of a few words often stays unknown.
"""

import unicodedata
from collections import Counter

from tasks_lib.text.words import stop_words, words

_BY_SCRIPT = {
    "HIRAGANA": ("ja",),
    "KATAKANA": ("ja",),
    "HANGUL": ("ko",),
    "CJK": ("zh",),
    "GREEK": ("el",),
    "HEBREW": ("he",),
    "THAI": ("th",),
    "DEVANAGARI": ("hi", "mr", "ne"),
    "ARABIC": ("ar", "fa", "ur"),
    "CYRILLIC": ("ru", "uk", "bg"),
    "LATIN": ("en", "de", "es", "fr", "it", "pt", "nl", "pl", "sv", "da", "cs", "tr"),
}
_JAPANESE = frozenset({"HIRAGANA", "KATAKANA"})
_MAIN = 0.5
"""Share of the letters that a script must have."""
_FEWEST = 2
"""Stop words that tell languages of one script apart."""


def language_of(text: str) -> str | None:
    """The language (ISO 639-1) of a text; `None` where it cannot be told."""
    scripts = Counter(unicodedata.name(c, "").partition(" ")[0] for c in text[:2_000] if c.isalpha())
    if not scripts:
        return None
    if _JAPANESE & scripts.keys():
        return "ja"
    script, count = scripts.most_common(1)[0]
    candidates = _BY_SCRIPT.get(script, ())
    if count < _MAIN * scripts.total() or not candidates:
        return None
    return candidates[0] if len(candidates) == 1 else _by_stop_words(text, candidates)


def _by_stop_words(text: str, candidates: tuple[str, ...]) -> str | None:
    """The candidate whose stop words are most of the text's words, if no other has as many."""
    said = words(text)
    found = sorted(((sum(word in stop_words(name) for word in said), name) for name in candidates), reverse=True)
    (most, language), (next_most, _) = found[:2]
    return language if most >= _FEWEST and most > next_most else None
