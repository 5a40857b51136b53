"""Sentences of the prose of a page that can be read alone, and what each language asks about them."""

import re
from collections.abc import Callable, Iterator

from tasks_lib.dataset.patterns import chinese, german, spanish
from tasks_lib.dataset.patterns.finding import Finding
from tasks_lib.dataset.patterns.page import ITEM, PROSE, Page, plain
from tasks_lib.text.sentences import sentence_spans

_UNREADABLE = re.compile(r"[{}<>|\\*_#`\[\]@=]|https?:|www\.|\?|;|：|“.*“")  # noqa: RUF001
_ORDINAL = re.compile(r"(?<!\d)\d{1,2}\.$")
_LONGEST = 260
"""Characters."""


_ASKING: dict[str, Callable[[str, frozenset[str]], Iterator[tuple[str, str, str]]]] = {
    "de": german.questions,
    "es": spanish.questions,
    "zh": chinese.questions,
}
LANGUAGES = frozenset(_ASKING)
"""Languages whose sentences are asked about here; English has a parser of its own."""


def _spans(text: str) -> Iterator[tuple[int, int]]:
    """Sentences; one that seems to end behind an ordinal (`am 3. Mai`) goes on."""
    begun: int | None = None
    for start, end in sentence_spans(text):
        begun = start if begun is None else begun
        if _ORDINAL.search(text[begun:end]) and end < len(text):
            continue
        yield begun, end
        begun = None


def sentences(page: Page) -> Iterator[Finding]:
    """Questions about single sentences."""
    asking = _ASKING.get(page.language or "")
    if asking is None:
        return
    small = frozenset(re.findall(r"(?<![\w-])[a-zäöüßáéíóúñ]{2,}(?![\w-])", page.text))
    for block in page.blocks:
        if block.kind not in {PROSE, ITEM}:
            continue
        for start, end in _spans(block.text.replace("\n", " ")):
            text = plain(block.text[start:end])
            if len(text) > _LONGEST or not text or _UNREADABLE.search(text) or text[-1] not in ".。!":
                continue
            place = block.start + start, block.start + end
            for question, answer, answer_type in asking(text, small):
                yield Finding(page, question, answer, *place, "sentence", answer_type, block.heading)
