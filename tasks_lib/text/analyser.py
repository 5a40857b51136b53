"""The words of a text as a keyword index holds them: each text in the way of its language.

Both sides of a search go through here, so that an index has nothing left to do but to split at spaces. English comes
out as LanceDB's own English analyser gives it. What was tried instead, such as parts of compounds for German, is in
benchmarks/languages.
"""

import unicodedata
from collections.abc import Iterator
from functools import cache, lru_cache

import regex
import Stemmer

from tasks_lib.errors import ConfigurationError
from tasks_lib.text.forms import searchable
from tasks_lib.text.languages import language_code, language_of
from tasks_lib.text.words import CACHED_WORDS, listed, stem, stop_words

GRAM = 2
"""Characters that stand for a word where none is written apart: Chinese, Japanese, Korean, Thai and their like."""
FEW_WORDS = 3
"""A query of so few words in an unknown language is looked up with the stems of every language."""
UNTOLD = "en"
"""How texts are read whose language cannot be told: tables, code, names."""

_WORD = regex.compile(r"[\p{L}\p{N}][\p{L}\p{M}\p{N}]*+")
_NO_SPACES = r"\p{Han}\p{Hiragana}\p{Katakana}ー\p{Hangul}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}"
_PART = regex.compile(rf"(?P<joined>[{_NO_SPACES}]+)|[^{_NO_SPACES}]+")
UNSPACED = regex.compile(rf"[{_NO_SPACES}]\p{{M}}*")
"""A character of those that are written without spaces, with its marks."""
_CHARACTER = regex.compile(r"\X")
_ACCENTS = regex.compile("[\u0300-\u036f\u0591-\u05c7\u0640\u064b-\u0652\u0670]")
"""Accents of Latin, Greek and Cyrillic letters, vowel points of Hebrew and Arabic; not the vowels of Indian scripts."""
_ENGLISH = frozenset(
    listed(
        "i me my myself we our ours ourselves you your yours yourself yourselves he him his himself she her hers "
        "herself it its itself they them their theirs themselves what which who whom this that these those am is "
        "are was were be been being have has had having do does did doing a an the and but if or because as until "
        "while of at by for with about against between into through during before after above below to from up "
        "down in out on off over under again further then once here there when where why how all any both each "
        "few more most other some such no nor not only own same so than too very s t can will just don should now "
        "d ll m o re ve y ain aren couldn didn doesn hadn hasn haven isn ma mightn mustn needn shan shouldn wasn "
        "weren won wouldn"
    )
)
"""The stop words of LanceDB's English analyser, which looks for them among stems."""
_LETTERS = {"ß": "ss", "ø": "o", "ł": "l", "đ": "d", "æ": "ae", "œ": "oe", "ı": "i", "ς": "σ"}  # noqa: RUF001
_FOLDED = str.maketrans(_LETTERS)


def document_terms(text: str, language: object = None) -> str:
    """The terms of a text that is stored, with spaces between them.

    :param language: What the document's metadata says of it; asked of the text itself where that is no language tag.
    """
    told = language_code(language) or language_of(text) or UNTOLD
    return " ".join(term for word in _words(text) for term in _terms(word, told))


def query_terms(query: str, most: int) -> str:
    """The terms of a query, in the language that it is written in, for as many as `most` of its words.

    A query of a few words that do not tell their language has the stems of every language: each text has one of them.
    """
    words = list(_words(query))[:most]
    language = language_of(query)
    if language is None and len(words) <= FEW_WORDS:
        languages = [UNTOLD, *_stemmed()]
        return " ".join(dict.fromkeys(term for word in words for name in languages for term in _terms(word, name)))
    return " ".join(term for word in words for term in _terms(word, language or UNTOLD))


def folded(word: str) -> str:
    """Without accents and vowel points, and with digits of every script as those of ASCII."""
    if word.isascii():
        return word
    plain = _ACCENTS.sub("", unicodedata.normalize("NFD", word)).translate(_FOLDED)
    return "".join(_digit(character) for character in unicodedata.normalize("NFC", plain))


def _words(text: str) -> Iterator[str]:
    for word in _WORD.findall(searchable(text).lower(), concurrent=False):
        yield from (match[0] for match in _PART.finditer(word, concurrent=False))


@lru_cache(maxsize=CACHED_WORDS)
def _terms(word: str, language: str) -> tuple[str, ...]:
    """What is looked up of one word: nothing of a stop word, its stem, or pairs of characters."""
    match = _PART.fullmatch(word)
    if match and match["joined"]:
        characters = [folded(character) for character in _CHARACTER.findall(word)]
        pairs = ("".join(characters[n : n + GRAM]) for n in range(max(1, len(characters) - GRAM + 1)))
        return tuple(pair for pair in pairs if pair)
    stemmed = stem(word, language) if language in _stemmed() else word
    if (stemmed if language == UNTOLD else word) in _stop_words(language):
        return ()
    plain = folded(stemmed)
    return (plain,) if plain else ()


@cache
def _stop_words(language: str) -> frozenset[str]:
    if language == UNTOLD:
        return _ENGLISH
    try:
        return stop_words(language)
    except ConfigurationError:
        return frozenset()


@cache
def _stemmed() -> tuple[str, ...]:
    """Languages (ISO 639-1) that Snowball has a stemmer for, English first."""
    candidates = listed(
        "en ar hy eu ca cs da nl eo et fi fr de el hi hu id ga it lt ne no fa pl pt ro ru sr es sv ta tr yi"
    )
    return tuple(language for language in candidates if _has_stemmer(language))


def _has_stemmer(language: str) -> bool:
    try:
        Stemmer.Stemmer(language)
    except KeyError:
        return False
    return True


def _digit(character: str) -> str:
    value = unicodedata.decimal(character, None)
    return character if value is None else str(value)
