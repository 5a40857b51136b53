"""Words, numbers and stems of a text: stop words by spaCy, stems by Snowball, numbers and negations in English."""

import re
import runpy
import unicodedata
from functools import cache, lru_cache
from importlib.util import find_spec
from pathlib import Path

import Stemmer

from tasks_lib.errors import ConfigurationError

CACHED_TEXTS = 4096
"""Texts whose stems and numbers are cached: the same passages are read for many answers."""
CACHED_WORDS = 65_536


def listed(text: str) -> tuple[str, ...]:
    """The words of a list that is written as prose."""
    return tuple(text.split())


_UNITS = listed(
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen"
)
_TENS = dict(zip(listed("twenty thirty forty fifty sixty seventy eighty ninety"), range(20, 100, 10), strict=True))
_NUMERALS = {word: value for value, word in enumerate(_UNITS)} | _TENS
_NUMERALS |= {f"{ten}-{_UNITS[unit]}": value + unit for ten, value in _TENS.items() for unit in range(1, 10)}

AMOUNTS = frozenset(
    listed(
        "half hundred thousand million billion first second third fourth fifth sixth seventh eighth ninth tenth once "
        "twice double daily weekly monthly yearly quarter"
    )
)
"""Words that tell how many or how often, beside the numbers that :func:`words` writes in digits."""
NEGATIONS = frozenset(listed("not no never without cannot neither nor none nobody"))
MONTHS = frozenset(listed("january february march april may june july august september october november december"))
WEEKDAYS = frozenset(listed("monday tuesday wednesday thursday friday saturday sunday"))

_GROUPED = re.compile(r"(?<![\d.,])\d{1,3}(?:([\u00a0\u2009\u202f'’])\d{3}(?:\1\d{3})*)(?!\d)")
"""Thousands apart by a narrow blank or an apostrophe, as in French and in Switzerland; a plain blank may be between
two numbers."""
_INDIAN = re.compile(r"\d{1,2}(?:,\d{2})+,\d{3}(?:\.\d+)?")
_SEPARATORS = {"٫": ".", "٬": ",", "．": ".", "，": ","}  # noqa: RUF001
_WORD = re.compile(r"\d+(?:[.,:/]\d+)*|[^\W\d_]+(?:[-'’][^\W\d_]+)*")
_DIGITS = re.compile(r"\d+(?:[.,:/]\d+)*")
_DIGIT_RUN = re.compile(r"\d+(?:[.,٫٬．，]\d+)*")  # noqa: RUF001


def words(text: str) -> list[str]:
    """Lower-case words; numbers in one spelling (`1,250` and `1250`, `3.50` and `3.5`, `twenty-seven` and `27`).

    Digits and separators of every script are those of ASCII: `1’250` and `12,34,567`, or Arabic ones.
    """
    return [_canonical(word) for word in _WORD.findall(plain_numbers(text.lower()))]


def plain_numbers(text: str) -> str:
    """`text` with numbers in ASCII digits, and without what parts their thousands but for commas and points."""
    if text.isascii() and "'" not in text:
        return text
    if not text.isascii():
        text = _DIGIT_RUN.sub(_in_ascii, text)
    return _GROUPED.sub(lambda match: match[0].replace(match[1], ""), text)


def _in_ascii(run: re.Match[str]) -> str:
    return "".join(
        character if character.isascii() else _SEPARATORS.get(character) or str(unicodedata.decimal(character))
        for character in run[0]
    )


@lru_cache(maxsize=CACHED_TEXTS)
def numbers(text: str, *, spelled_out: bool = True) -> frozenset[str]:
    """The numbers of `text`, in the spelling of :func:`words`.

    :param spelled_out: Also those that are written as words.
    """
    return frozenset(word for word in (words(text) if spelled_out else _digits(text)) if word[0].isdigit())


@lru_cache(maxsize=CACHED_TEXTS)
def content_stems(text: str, language: str = "en") -> frozenset[str]:
    """Stems of the words that carry meaning: all but the stop words."""
    return frozenset(stem(word, language) for word in words(text) if word not in stop_words(language))


def stems(text: str, language: str = "en") -> frozenset[str]:
    """Stems of all words."""
    return frozenset(stem(word, language) for word in words(text))


@lru_cache(maxsize=CACHED_WORDS)
def stem(word: str, language: str = "en") -> str:
    """The word without inflection, by the Snowball stemmer of `language` (ISO 639-1)."""
    stemmed: str = _stemmer(language).stemWord(word)
    return stemmed


@cache
def stop_words(language: str = "en") -> frozenset[str]:
    """Stop words of `language` (ISO 639-1) by spaCy; in English without numbers and negations, which carry meaning.

    :raises ConfigurationError: If spaCy has no list for the language.
    """
    spacy = find_spec("spacy")  # only found: importing it takes seconds, and its lists import nothing
    path = Path(spacy.origin if spacy and spacy.origin else "spacy").with_name("lang") / language / "stop_words.py"
    if not path.is_file():
        raise ConfigurationError(
            f"there are no stop words for the language {language!r}", hint="Name one of spaCy's languages, such as en."
        )
    listed = frozenset(runpy.run_path(str(path))["STOP_WORDS"])
    return listed - NEGATIONS - AMOUNTS - _NUMERALS.keys() if language == "en" else listed


def is_negated(text: str) -> bool:
    """Whether a negation occurs."""
    return any(word in NEGATIONS or word.endswith("n't") for word in words(text))


@cache
def _stemmer(language: str) -> Stemmer.Stemmer:
    try:
        return Stemmer.Stemmer(language, 0)  # without its own cache: threads share it
    except KeyError:
        raise ConfigurationError(
            f"there is no stemmer for the language {language!r}", hint="Name one of Snowball's languages, such as en."
        ) from None


def _digits(text: str) -> list[str]:
    return [_canonical(number) for number in _DIGITS.findall(plain_numbers(text))]


@lru_cache(maxsize=CACHED_WORDS)
def _canonical(word: str) -> str:
    if word in _NUMERALS:
        return str(_NUMERALS[word])
    if not word[0].isdigit():
        return word.replace("’", "'").removesuffix("'s")
    if _INDIAN.fullmatch(word):
        word = word.replace(",", "")
    plain = re.sub(r"[.,](?=\d{3}(?!\d))", "", word).removesuffix(":00").replace(",", ".")
    plain = re.sub(r"^0+(?=\d)", "", plain)
    return plain.rstrip("0").rstrip(".") if re.fullmatch(r"\d+\.\d+", plain) else plain
