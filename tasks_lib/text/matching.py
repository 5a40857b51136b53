"""Whether two texts say the same, judged by their words and numbers, each in the way of its language; no model."""

import re
import string
import unicodedata
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache

from tasks_lib.text.analyser import UNSPACED, document_terms
from tasks_lib.text.languages import language_of
from tasks_lib.text.words import CACHED_TEXTS, content_stems, numbers, plain_numbers, stems, words

RECALL_ENOUGH = 0.75
"""Share of a gold answer's content words that a response must hold: all of one, two or three, three of four."""

_TELLING = 500
"""Characters of each text that tell the language."""
_PARTICLES = str.maketrans("", "", "的了")
"""Chinese particles that come and go between words that say the same."""


def word_recall(wanted: str, texts: Iterable[str]) -> float:
    """Share of the content words of `wanted` that occur in any of `texts`; 0 if there are none."""
    texts = list(texts)
    language = language_of(" ".join([wanted, *(text[:_TELLING] for text in texts)])) or "en"
    needed = _meaning(wanted, language)
    missing = needed.difference(*(_meaning(text, language) for text in texts))
    return (len(needed) - len(missing)) / len(needed) if needed else 0.0


def contains_answer(gold: str, response: str) -> bool:
    """Whether `response` says `gold`: every number of it, and :data:`RECALL_ENOUGH` of its content words."""
    return numbers(gold) <= numbers(response) and word_recall(gold, [response]) >= RECALL_ENOUGH


def token_f1(prediction: str, gold: str) -> float:
    """F1 of the shared tokens, as the evaluation script of SQuAD 1.1 computes it (Rajpurkar et al., 2016).

    As in MLQA's (Lewis et al., 2020), punctuation is that of every script, and a Chinese character is a token; so is
    one of Japanese, Thai and their like.
    """
    predicted, wanted = _squad_tokens(prediction), _squad_tokens(gold)
    if not predicted or not wanted:
        return float(predicted == wanted)
    shared = sum((Counter(predicted) & Counter(wanted)).values())
    if not shared:
        return 0.0
    precision, recall = shared / len(predicted), shared / len(wanted)
    return 2 * precision * recall / (precision + recall)


@lru_cache(maxsize=CACHED_TEXTS)
def _meaning(text: str, language: str) -> frozenset[str]:
    """Stems of the content words; of all words where none carries meaning. Pairs of characters where no blanks are."""
    if language == "en":
        return content_stems(text) or stems(text)
    if language == "zh":
        text = text.translate(_PARTICLES)
    return frozenset(document_terms(plain_numbers(text), language).split()) or frozenset(words(text))


def _squad_tokens(text: str) -> list[str]:
    plain = "".join(character for character in text.lower() if not _is_punctuation(character))
    return re.sub(r"\b(a|an|the)\b", " ", UNSPACED.sub(r" \g<0> ", plain)).split()


def _is_punctuation(character: str) -> bool:
    return character in string.punctuation or unicodedata.category(character).startswith("P")
