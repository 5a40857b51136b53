"""Whether two texts say the same, judged by their words and numbers. English; no model."""

import re
import string
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache

RECALL_ENOUGH = 0.75
"""Share of a gold answer's content words that a response must hold: all of one, two or three, three of four."""
SEEN_AGAIN = 4096
"""Texts whose words are remembered."""


def listed(text: str) -> tuple[str, ...]:
    """The words of a list that is written as prose."""
    return tuple(text.split())


_UNITS = listed(
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen"
)
_TENS = dict(zip(listed("twenty thirty forty fifty sixty seventy eighty ninety"), range(20, 100, 10), strict=True))
_NUMBER_WORDS = {word: value for value, word in enumerate(_UNITS)} | _TENS
_NUMBER_WORDS |= {f"{ten}-{_UNITS[unit]}": value + unit for ten, value in _TENS.items() for unit in range(1, 10)}

_STOP_WORDS = frozenset(
    listed(
        "a an the of in on at to for from by with as is are was were be been being it its this that these those and or "
        "but do does did has have had will would can may must shall should there their they he she we you i his her "
        "our your which who whom what when where how than then so if per each about into within up"
    )
)
_NEGATIONS = frozenset(("not", "no", "never", "without", "cannot", "neither", "nor", "none", "nobody"))
_WORD = re.compile(r"\d+(?:[.,:/]\d+)*|[^\W\d_]+(?:[-'’][^\W\d_]+)*", re.UNICODE)
_SENTENCE_END = re.compile(r"(?<=[.!?])[\"'”’)\]]*\s+(?=[\"'“(\[]*[A-Z0-9])|\n+")
_CITATION = re.compile(r"\[\d+(?:\s*,\s*\d+)*\]")


def words(text: str) -> list[str]:
    """Lower-case words; numbers in one spelling (`1,250` and `1250`, `3.50` and `3.5`, `twenty-seven` and `27`)."""
    return [_canonical(match.group().lower().replace("’", "'")) for match in _WORD.finditer(text)]


def content_words(text: str) -> list[str]:
    """The words that carry meaning, without a plural s; all words if none of them does."""
    found = words(text)
    kept = [word for word in found if word not in _STOP_WORDS] or found
    return [_singular(word) for word in kept]


@lru_cache(maxsize=SEEN_AGAIN)
def content_set(text: str) -> frozenset[str]:
    """The words of :func:`content_words`. Remembered: the same passages are read for many answers."""
    return frozenset(content_words(text))


@lru_cache(maxsize=SEEN_AGAIN)
def numbers(text: str) -> frozenset[str]:
    """The numbers of `text`, in the spelling of :func:`words`; remembered."""
    return frozenset(word for word in words(text) if word[0].isdigit())


def is_negated(text: str) -> bool:
    """Whether a negation occurs."""
    return any(word in _NEGATIONS or word.endswith("n't") for word in words(text))


def word_recall(wanted: str, text: str) -> float:
    """Share of the content words of `wanted` (as a multiset of one each) that occur in `text`; 0 if there are none."""
    return share_found(wanted, [text])


def share_found(wanted: str, texts: Iterable[str]) -> float:
    """:func:`word_recall` in several texts together."""
    needed = content_set(wanted)
    missing = needed.difference(*map(content_set, texts))
    return (len(needed) - len(missing)) / len(needed) if needed else 0.0


def contains_answer(gold: str, response: str) -> bool:
    """Whether `response` says `gold`: every number of it, and :data:`RECALL_ENOUGH` of its content words."""
    return numbers(gold) <= numbers(response) and word_recall(gold, response) >= RECALL_ENOUGH


def token_f1(prediction: str, gold: str) -> float:
    """F1 of the shared tokens, as the evaluation script of SQuAD 1.1 computes it (Rajpurkar et al., 2016)."""
    predicted, wanted = _squad_tokens(prediction), _squad_tokens(gold)
    if not predicted or not wanted:
        return float(predicted == wanted)
    shared = sum((Counter(predicted) & Counter(wanted)).values())
    if not shared:
        return 0.0
    precision, recall = shared / len(predicted), shared / len(wanted)
    return 2 * precision * recall / (precision + recall)


def sentences(text: str) -> list[str]:
    """Sentences and lines of `text`, without citation marks such as `[1]` and without empty ones."""
    parts = (_CITATION.sub("", part).strip() for part in _SENTENCE_END.split(text))
    return [part for part in parts if _WORD.search(part)]


@lru_cache(maxsize=4096)
def _canonical(word: str) -> str:
    if word in _NUMBER_WORDS:
        return str(_NUMBER_WORDS[word])
    if not word[0].isdigit():
        return word.removesuffix("'s")
    plain = re.sub(r",(?=\d{3}(?!\d))", "", word)
    if re.fullmatch(r"\d+\.\d+", plain):
        plain = plain.rstrip("0").rstrip(".")
    return plain


def _singular(word: str) -> str:
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word


def _squad_tokens(text: str) -> list[str]:
    plain = "".join(character for character in text.lower() if character not in string.punctuation)
    return re.sub(r"\b(a|an|the)\b", " ", plain).split()
