"""Cue words of attempts in many languages: what a text speaks of, whatever language says it.

A concept is an idea that attempts speak of, such as *ignore*, *earlier*, *instructions*, *secret*. The words
for each, in some forty languages, are a data file of the package, written from no set of prompts. Russian, Greek and
Chinese words are listed in Latin letters, too.
All languages are looked for at once, so that neither mixed scripts nor a wrong guess of the language hide a word.
"""

import json
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import lru_cache
from importlib.resources import files

from tasks_lib.text.words import stem

CUES = "data/injection_cues.json"
EXACT = "="
"""Before a word that is not the beginning of others."""
_SHORTEST_STEM = 4
"""Letters; a shorter entry of an alphabet is a whole word."""
_SHORTEST_PIECE = 2
"""Letters of a Korean entry that is looked for inside words."""
_LONGEST = 24
"""Letters of a word that are looked at: no entry is longer."""

_WORD = re.compile(r"[^\W_]+(?:[^\W_]|[\u0300-\u036f\u0900-\u0dff\u200c])*")
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff]+")
_HANGUL = re.compile(r"[\uac00-\ud7af]")
_MARKS = re.compile(r"[\u0300-\u036f\u0591-\u05c7\u064b-\u065f\u0670\u0640]")
_CLITICS = re.compile(
    r"(?:[\u0648\u0641]?(?:\u0628\u0627\u0644|\u0644\u0644|\u0627\u0644|[\u0628\u0644\u0643])|[\u0648\u0641]|[\u05d5\u05d4\u05d1\u05dc\u05db\u05de\u05e9]{1,2})"
)
"""What Arabic and Hebrew write in one with the word that follows: and, the, in, to."""
_ALIKE = str.maketrans(
    {"\u0131": "i", "ł": "l", "ø": "o", "đ": "d", "ð": "d", "æ": "ae", "œ": "oe"}
    | {"\u0649": "\u06cc", "\u064a": "\u06cc", "\u0643": "\u06a9", "\u0629": "\u0647"}
)
"""Letters that one keyboard writes for another's: Latin ones, and Arabic ya, kaf and ta marbuta as Persian ones."""

_COMPOUNDING = frozenset({"de", "nl", "sv", "da", "no"})
"""Languages that write compounds as one word: there a cue word is not its beginning, as of a *Privatschule*."""
COMPOUND = "-"
"""Behind an entry of them that is one all the same, such as *Zugangs-*."""
_DERIVED = 3
"""Letters that a word of theirs may have beyond an entry, its inflection left out, as *Geheimnis* has."""

_Entries = dict[str, set[str]]


def plain(text: str) -> str:
    """Small letters without accents and vowel points, in one form."""
    return unicodedata.normalize("NFC", _MARKS.sub("", unicodedata.normalize("NFKD", text.casefold()))).translate(
        _ALIKE
    )


class CueWords:
    """The words of all languages, ready to be looked for.

    :param cues: Language → concept → words.
    """

    def __init__(self, cues: dict[str, dict[str, list[str]]]) -> None:
        self.languages = tuple(sorted(cues))
        self.concepts = tuple(sorted({concept for own in cues.values() for concept in own}))
        self._words: _Entries = defaultdict(set)
        self._stems: _Entries = defaultdict(set)
        self._inflected: dict[str, _Entries] = {language: defaultdict(set) for language in sorted(_COMPOUNDING)}
        self._pieces: _Entries = defaultdict(set)
        self._phrases: dict[str, _Entries] = defaultdict(lambda: defaultdict(set))
        for language, own in cues.items():
            for concept, entries in own.items():
                for entry in entries:
                    self._list(entry, concept, language)
        self._reach = {first: max(len(p) for p in own) for first, own in _by_first_letter(self._pieces).items()}

    def _list(self, entry: str, concept: str, language: str) -> None:
        word = plain(entry.removeprefix(EXACT).removesuffix(COMPOUND))
        if " " in word:
            self._phrases[word.partition(" ")[0]][word].add(concept)
        elif _UNSPACED.match(word) and (len(word) >= _SHORTEST_PIECE or not _HANGUL.match(word)):
            self._pieces[word].add(concept)
        elif entry.startswith(EXACT) or len(word) < _SHORTEST_STEM:
            self._words[word].add(concept)
        elif language in _COMPOUNDING and not entry.endswith(COMPOUND):
            self._inflected[language][word].add(concept)
        else:
            self._stems[word].add(concept)

    def found(self, text: str) -> Iterator[frozenset[str]]:
        """The concepts of every cue word of `text`, in no order."""
        seen = plain(text)
        for match in _WORD.finditer(seen):
            concepts = self._of(match[0])
            for phrase, meant in self._phrases.get(match[0], {}).items():
                if seen.startswith(phrase, match.start()):
                    concepts = concepts | meant
            if concepts:
                yield frozenset(concepts)
        for run in _UNSPACED.finditer(seen):
            yield from self._inside(run[0])

    def _inside(self, run: str) -> Iterator[frozenset[str]]:
        """Those of a run of letters of a script that writes no blanks, or joins words."""
        for start, first in enumerate(run):
            for end in range(start + 1, min(len(run), start + self._reach.get(first, 0)) + 1):
                if concepts := self._pieces.get(run[start:end]):
                    yield frozenset(concepts)

    def _of(self, word: str) -> set[str]:
        concepts = self._known(word)
        clitic = None if concepts or word.isascii() else _CLITICS.match(word)
        return self._known(word[clitic.end() :]) if clitic else concepts

    def _known(self, word: str) -> set[str]:
        concepts = set(self._words.get(word, ()))
        for length in range(_SHORTEST_STEM, min(len(word), _LONGEST) + 1):
            beginning = word[:length]
            concepts |= self._stems.get(beginning, set())
            for language, entries in self._inflected.items():
                if beginning in entries and _is_form_of(beginning, word, language):
                    concepts |= entries[beginning]
        return concepts


def _is_form_of(entry: str, word: str, language: str) -> bool:
    """Whether what stands behind the entry inflects or derives it, and makes no compound of it."""
    longest = len(entry) + _DERIVED
    return len(word) <= longest or len(stem(word, language)) <= longest


def _by_first_letter(words: Iterable[str]) -> dict[str, list[str]]:
    grouped: dict[str, list[str]] = defaultdict(list)
    for word in words:
        grouped[word[0]].append(word)
    return grouped


@lru_cache(maxsize=1)
def cue_words() -> CueWords:
    """The words of the package."""
    text = files("tasks_lib.assistant.guardrails").joinpath(CUES).read_text(encoding="utf-8")
    return CueWords(json.loads(text))
