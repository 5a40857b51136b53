"""Which language a text is in: by its script where that tells, else by py3langid, a classifier that needs no download.

benchmarks/languages measures it on questions. A text of a word or two often stays unknown.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from functools import cache, lru_cache
from threading import Lock
from typing import Any

from tasks_lib.text.words import listed

_READ = 2_000
"""Characters that are read."""
_MAIN = 0.5
"""Share of the letters that a script must have."""
_CERTAIN = 0.5
"""Probability, among the languages of its script, from which a text counts as in a language."""
_FEWEST_LETTERS = 8
"""Letters below which a text of a script that many languages share is not guessed."""
_CACHED = 4_096

_ALONE = {
    "CJK": "zh",
    "HANGUL": "ko",
    "GREEK": "el",
    "THAI": "th",
    "HEBREW": "he",
    "LAO": "lo",
    "KHMER": "km",
    "MYANMAR": "my",
}
"""Scripts that one language has to itself, for those who ask questions."""
_ALONE |= {"TAMIL": "ta", "TELUGU": "te", "KANNADA": "kn", "MALAYALAM": "ml", "GUJARATI": "gu", "GURMUKHI": "pa"}
_ALONE |= {"ARMENIAN": "hy", "GEORGIAN": "ka", "SINHALA": "si", "BENGALI": "bn"}
_SHARED = {
    "ARABIC": frozenset({"ar", "fa", "ur", "ps", "ku", "ug"}),
    "DEVANAGARI": frozenset({"hi", "mr", "ne"}),
    "CYRILLIC": frozenset({"ru", "uk", "bg", "be", "sr", "mk", "kk", "ky", "mn", "tg", "tt"}),
    "LATIN": frozenset(
        listed(
            "af az ca cs cy da de en es et eu fi fr ga hr hu id is it lt lv mt nl no pl pt ro sk sl sq sv sw tl tr vi"
        )
    ),
}
_JAPANESE = frozenset({"HIRAGANA", "KATAKANA"})
_KANA_SHARE = 0.1
"""Share of the letters from which Han characters are Japanese: a Chinese text may quote a name in kana."""
_ONE_NAME = {"nb": "no", "nn": "no", "bs": "hr", "ms": "id"}
"""Languages of one another, so close that a question does not tell them apart."""
_WITHOUT_BLANKS = frozenset({"CJK", "THAI", "LAO", "KHMER", "MYANMAR"})
_LETTERS_OF_A_WORD = 2
_FEWEST_WORDS = 4
_LETTERS = re.compile(r"[^\W\d_]+")
_NO_PROSE = re.compile(r"https?://\S+|\S+@\S+|[\d_`<>{}\[\]|#*=/\\]+")


_TAG = re.compile(r"([a-z]{2})(?:[-_][a-z0-9]{1,8})*", re.IGNORECASE)


def language_code(said: object) -> str | None:
    """ISO 639-1 of a language tag such as `de` or `pt-BR` (BCP 47); `None` for whatever else metadata holds."""
    tag = _TAG.fullmatch(said.strip()) if isinstance(said, str) else None
    return tag[1].lower() if tag else None


@lru_cache(maxsize=_CACHED)
def language_of(text: str) -> str | None:
    """The language (ISO 639-1) of a text, by its first 2,000 characters; `None` where it cannot be told.

    A text of mixed scripts is in the language of the script that most of its letters are in.
    """
    text = _NO_PROSE.sub(" ", text[:_READ])
    scripts = Counter(script_of(character) for character in text if character.isalpha())
    if not scripts:
        return None
    return _of_scripts(text, scripts)


def _of_scripts(text: str, scripts: Counter[str]) -> str | None:
    letters = scripts.total()
    if (kana := sum(scripts[name] for name in _JAPANESE)) and scripts["CJK"] + kana >= _MAIN * letters:
        return "ja" if kana >= _KANA_SHARE * letters else "zh"
    script, count = scripts.most_common(1)[0]
    if count < _MAIN * letters:
        return None
    if script in _ALONE:
        return _ALONE[script]
    if script not in _SHARED or letters < _FEWEST_LETTERS:
        return None
    return _classified(text, _SHARED[script])


def other_scripts(text: str) -> Iterator[tuple[str, str]]:
    """Script and words of each script but the main one, where these are enough to say something: no name, no term."""
    words: dict[str, list[str]] = {}
    for word in _LETTERS.findall(_NO_PROSE.sub(" ", text[:_READ])):
        words.setdefault(_one_script(script_of(word[0])), []).append(word)
    letters = {script: sum(map(len, own)) for script, own in words.items()}
    main = max(letters, key=lambda script: letters[script], default="")
    for script, own in words.items():
        said = letters[script] / _LETTERS_OF_A_WORD if script in _WITHOUT_BLANKS else len(own)
        if script != main and said >= _FEWEST_WORDS:
            yield script, " ".join(own)


def _one_script(script: str) -> str:
    return "CJK" if script in _JAPANESE else script


def may_be_english(text: str) -> bool:
    """Whether a formula for English applies: the text is English, or shows no language."""
    return language_of(text) in {"en", None}


@lru_cache(maxsize=_CACHED)
def script_of(character: str) -> str:
    """The script of a letter, as the names of Unicode begin: `LATIN`, `CJK`, `HANGUL`."""
    return unicodedata.name(character, "").partition(" ")[0].removesuffix("-1")


def _classified(text: str, candidates: frozenset[str]) -> str | None:
    """The likeliest of `candidates`, where it is likely enough among them."""
    ranked = [(_ONE_NAME.get(name, name), share) for name, share in _identifier().rank(text)]
    shares: dict[str, float] = dict.fromkeys(candidates, 0.0)
    for name, share in ranked:
        if name in candidates:
            shares[name] += float(share)
    language = max(shares, key=lambda name: shares[name])
    return language if shares[language] >= _CERTAIN * sum(shares.values()) > 0 else None


_loading = Lock()


def _identifier() -> Any:
    """The classifier, loaded once, however many ask for it at a time: it takes a second and 80 MB."""
    with _loading:
        return _cached_identifier()


@cache
def _cached_identifier() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
