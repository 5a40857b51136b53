"""What is looked for: a person's value, what only one document says, or the records of an answer."""

import re
from collections.abc import Collection, Iterable, Iterator, Sequence

from pydantic import BaseModel, Field, PrivateAttr

from tasks_lib.errors import InputError
from tasks_lib.text.occurrences import merged, path_pattern, pattern_of, word_spans, words_of

GONE = "[forgotten]"
"""What stands where something was."""
RUN = 5
"""Words in a row by which a passage is known."""
SHORTEST = 3
"""Letters or digits that a value has at least."""
SHORTEST_NAME = 5
_TOKEN = re.compile(r"[^\W_](?:[\w@.+-]*[^\W_])?")
_SENTENCE_ENDS = ".!?:\n|#*-•"


class Needles(BaseModel):
    """What is looked for, in whatever form texts are written.

    It is kept in the journal of a document until that is forgotten: its text is out of the index by then.
    """

    values: list[str] = Field(default_factory=list, description="Found as whole words.")
    paths: list[str] = Field(default_factory=list, description="Found as whole paths.")
    passages: list[list[str]] = Field(default_factory=list, description="Words, or one, in a row.")
    records: list[str] = Field(default_factory=list, description="Ids: what has one of them goes as a whole.")
    _known: dict[str, set[tuple[str, ...]]] | None = PrivateAttr(default=None)

    def spans(self, text: str) -> list[tuple[int, int]]:
        """Where something of it stands in `text`."""
        found = [match.span() for pattern in self._patterns() for match in pattern.finditer(text)]
        return merged([*found, *self._passages_in(text)])

    def found_in(self, text: str) -> bool:
        """Whether anything of it stands in `text`."""
        if self.names_record(text) or any(pattern.search(text) for pattern in self._patterns()):
            return True
        return next(iter(self._passages_in(text)), None) is not None

    def names_record(self, text: str) -> bool:
        """Whether `text` has one of the ids."""
        return any(record in text for record in self.records)

    def without(self, text: str) -> str:
        """`text` with :data:`GONE` in its place."""
        for start, end in reversed(self.spans(text)):
            text = text[:start] + GONE + text[end:]
        return text

    def blacked_out(self, text: str) -> str:
        """`text` of unchanged length."""
        for start, end in self.spans(text):
            text = text[:start] + "".join(" " if each.isspace() else "█" for each in text[start:end]) + text[end:]
        return text

    def _patterns(self) -> "Iterator[re.Pattern[str]]":
        for value in self.values:
            if pattern := pattern_of(value):
                yield pattern
        yield from map(path_pattern, self.paths)

    def _passages_in(self, text: str) -> Iterator[tuple[int, int]]:
        if not self.passages:
            return
        if self._known is None:
            self._known = {}
            for passage in self.passages:
                self._known.setdefault(passage[0], set()).add(tuple(passage))
        known = self._known
        spans = word_spans(text)
        words = [word for word, _, _ in spans]
        for at, word in enumerate(words):
            for run in known.get(word, ()):
                if tuple(words[at : at + len(run)]) == run:
                    yield spans[at][1], spans[at + len(run) - 1][2]


def of_value(value: str) -> Needles:
    """The needles of a person's value.

    :raises InputError: If it is so short that it would be found everywhere.
    """
    letters = sum(map(len, words_of(value)))
    wide = any(ord(character) > 0x2E7F for character in value)
    if letters < (2 if wide else SHORTEST):
        raise InputError(
            f"a value of {letters} letters or digits would be found in texts about others",
            hint=f"Give a whole name, number or address: {SHORTEST} letters or digits at least.",
        )
    return Needles(values=[value])


def of_document(
    path: str, own: Sequence[str], others: Iterable[str], *, only_path: bool, capitals: bool = True
) -> Needles:
    """What tells a document from all others: its path, runs of five words, and numbers and names of its own.

    :param own: Its texts, with titles and headings.
    :param others: Those of every other document.
    :param only_path: Whether no other document has its path.
    :param capitals: Whether a word in capitals is a name: in German every noun is.
    """
    runs = {run for text in own for run in _runs(words_of(text))}
    names = {name for text in own for name in _names(text, capitals=capitals)}
    said = {word for text in own for word in _TOKEN.findall(text) if word == word.lower() and word.isalpha()}
    for text in others:
        runs -= set(_runs(words_of(text)))
        said |= {word.casefold() for word in _TOKEN.findall(text)}
    own_names = {tuple(words_of(name)) for name in names if name.casefold() not in said}
    return Needles(paths=[path] if only_path else [], passages=sorted(map(list, {*runs, *own_names} - {()})))


def of_records(ids: Collection[str], questions: Iterable[str]) -> Needles:
    """The needles of answers: their ids, and what was asked, if it is a sentence."""
    asked = {question for question in questions if len(words_of(question)) >= RUN - 1}
    return Needles(records=sorted(ids), values=sorted(asked))


def _runs(words: list[str]) -> Iterator[tuple[str, ...]]:
    return (tuple(words[at : at + RUN]) for at in range(len(words) - RUN + 1))


def _names(text: str, *, capitals: bool) -> Iterator[str]:
    """Numbers and codes, addresses, and words in capitals in the middle of a sentence."""
    for match in _TOKEN.finditer(text):
        word = match[0]
        if len(word) < SHORTEST_NAME - any(map(str.isdigit, word)):
            continue
        before = text[: match.start()].rstrip(" \"'(“„")
        begins = not before or before[-1] in _SENTENCE_ENDS
        if any(map(str.isdigit, word)) or "@" in word or (capitals and word[0].isupper() and not begins):
            yield word
