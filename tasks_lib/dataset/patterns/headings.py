"""Questions that a heading asks, or that it answers as `how do I`, and definitions below it."""

import re
from collections.abc import Iterator

from tasks_lib.dataset.patterns.finding import Finding
from tasks_lib.dataset.patterns.page import CODE, HEADING, ITEM, PROSE, Block, Page, plain
from tasks_lib.dataset.patterns.templates import Templates
from tasks_lib.text.sentences import sentence_spans
from tasks_lib.text.words import listed

_ACTIONS = frozenset(
    listed(
        "add adjust apply assign attach authenticate block build change check choose cancel configure connect contact "
        "control convert copy create customize customise debug define delete deploy develop disable download edit "
        "enable encrypt exclude exempt export extend filter find fix force generate get give group handle identify "
        "ignore import include increase inspect install integrate limit list load log manage migrate modify monitor "
        "move open order organize override pause plan prepare prevent protect provide publish rebuild reduce register "
        "release reload remove rename render replace report request reset resolve restore restrict resume retrieve "
        "retry return revoke roll rotate run scale schedule secure select send set share sign skip specify start stop "
        "submit switch sync synchronize tag test trigger troubleshoot uninstall unlock update upgrade upload use "
        "validate verify view write"
    )
)
_ALSO_NOUNS = frozenset(
    listed(
        "block build change check contact control copy debug filter fix force group limit list load log move open "
        "order "
        "pause plan release report request reset retry return rotate run scale schedule select set share sign skip "
        "start stop switch sync tag test trigger update upgrade use view"
    )
)
_OBJECTS = frozenset(listed("a an the your all another multiple from to with up on off and each specific new"))
_GERUND = re.compile(r"(?P<stem>[a-z]+)ing")
_LONGEST_HEADING = 14
_SHORTEST_ANSWER = 4
"""Words."""
_POINTING = re.compile(
    r"(?:this|these|that|it|they|he|she|see|for more|note|go to|the (?:following|document|page|section|guide))\b",
    re.IGNORECASE,
)


def headings(page: Page, wording: Templates) -> Iterator[Finding]:
    """Questions of the headings that a sentence below them answers."""
    blocks = page.blocks
    for number, block in enumerate(blocks):
        if block.kind != HEADING:
            continue
        question = _asked(page, wording, plain(block.text))
        answer = _first_sentence(blocks[number + 1 : number + 3]) if question else None
        if question and answer:
            start, end = answer
            text = plain(page.text[start:end])
            yield Finding(page, question, text, start, end, "heading", "how", plain(block.text))


def below_headings(page: Page) -> Iterator[tuple[str, tuple[int, int]]]:
    """Each heading with the place of the first sentence below it, where that says something by itself."""
    for number, block in enumerate(page.blocks):
        if block.kind == HEADING and (said := _first_sentence(page.blocks[number + 1 : number + 3])):
            yield plain(block.text), said


def _asked(page: Page, wording: Templates, heading: str) -> str:
    heading = re.sub(r"^(?:\d+(?:\.\d+)*[.)]?|step \d+\s*[-:]?)\s+", "", heading, flags=re.IGNORECASE)
    heading = heading.replace("`", "").strip()
    words = heading.split()
    if not 2 <= len(words) <= _LONGEST_HEADING and not heading.endswith("？"):  # noqa: RUF001
        return ""
    if heading.endswith(("?", "？")):  # noqa: RUF001
        return heading.replace(" ?", "?")
    action = _action(words[0].lower())
    if not wording.how_to or not action or heading[-1] in ".:!" or {"/", "-", "–"} & set(words):
        return ""
    if words[0].lower() in _ALSO_NOUNS and words[1].lower() not in _OBJECTS:
        return ""
    rest = " ".join([action, *(_written(page, word) for word in words[1:])])
    question = wording.how_to.format(action=rest)
    if len(words) > 3 or not page.title or page.title.lower() in wording.generic:
        return question
    known = any(word.lower() in page.title.lower() for word in words[1:])
    return (
        question
        if known
        else wording.about.format(topic=plain(page.title), question=question[0].lower() + question[1:])
    )


def _action(word: str) -> str:
    """The verb that begins a heading: `create`, `creating`; empty where it is none."""
    if word in _ACTIONS:
        return word
    gerund = _GERUND.fullmatch(word)
    if not gerund:
        return ""
    stem = gerund["stem"]
    return next((base for base in (stem, stem + "e", stem[:-1]) if base in _ACTIONS), "")


def _written(page: Page, word: str) -> str:
    """A word of a heading, without its capital where the page has it without one."""
    small = word.lower()
    return small if word.istitle() and re.search(rf"(?<![\w`]){re.escape(small)}(?![\w`])", page.text) else word


def _first_sentence(blocks: tuple[Block, ...]) -> tuple[int, int] | None:
    """Where the first sentence below a heading stands that says something by itself."""
    for block in blocks:
        if block.kind in {HEADING, CODE}:
            return None
        if block.kind not in {PROSE, ITEM} or block.text.startswith("[!"):
            continue
        for start, end in sentence_spans(block.text.replace("\n", " ")):
            text = plain(block.text[start:end])
            if (len(text.split()) < _SHORTEST_ANSWER and len(text) < 12) or text[-1] in ":：?" or text.startswith("!"):  # noqa: RUF001
                break
            return None if _POINTING.match(text) else (block.start + start, block.start + end)
    return None
