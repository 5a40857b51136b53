"""Questions about named things that a list or a command's help describes: what they are for, and their defaults."""

import re
from collections.abc import Iterator

from tasks_lib.dataset.patterns.finding import Finding
from tasks_lib.dataset.patterns.page import CODE, ITEM, Block, Page, first_sentence, plain
from tasks_lib.dataset.patterns.templates import Templates
from tasks_lib.text.words import listed

_NAMED = re.compile(
    r"(?:\*\*|__)?(?:`(?P<code>[^`\n]{2,60})`|(?P<bold>(?<=\*\*)[^*\n]{3,60}?(?=:?\*\*)))(?::?(?:\*\*|__))?"
    r"(?:\s*\((?:optional|required|opcional|optionell)[^)]*\))?\s*(?:[-–—:：=]|->)+\s*(?P<description>\S.*)",  # noqa: RUF001
    re.DOTALL,
)
_OPTION = re.compile(r"\s*(?:-\w, )?(?P<name>--[\w-]+)(?: (?P<type>[\w\[\]=]+))?\s{2,}(?P<description>\S.*)")
_DEFAULT = re.compile(r"\s*[(\[]\s*default[^)\]]*[)\]]?\.?\s*$", re.IGNORECASE)
_SPECIFIC = re.compile(r"\w+[._-]\w+[._/-]\w+|[A-Z][A-Z0-9]+_[A-Z0-9_]+|[a-z]+[A-Z]\w+[A-Z]\w+")
_UNREADABLE = re.compile(r"[{}<>|\\\[\]]")
_OWNER_NOISE = re.compile(r"\s*\b(?:command )?(?:reference|documentation|guide)\b\s*$", re.IGNORECASE)
_VERBS = frozenset(
    listed(
        "set use show print delete remove create get list enable disable turn run wait skip specify perform ignore "
        "force allow add override filter include exclude require return display save load sync send start stop update "
        "change write read generate apply confirm limit restrict keep drop check validate compare refresh select "
        "export import prevent make define configure control log record retry revert rename resume pause open "
        "suppress trigger render resolve report append replace provide pass wrap follow ask prompt do assume"
    )
)
_OPTIONAL = re.compile(r"^\(?(?:optional|required)\b\)?[,:.]?\s*", re.IGNORECASE)
_SHORTEST_DESCRIPTION = 12
_SAYS_LITTLE = re.compile(
    r"[\x21-\x7e]+ [\x21-\x7e]+|(?:this|it|these|they) (?:will|is|are|can|may)\b.*", re.IGNORECASE
)
"""Two words (`Helm details`), or a sentence whose subject stands elsewhere."""
_THING = re.compile(r"(?:an?|eine?|una?) ", re.IGNORECASE)
"""Begins what something is, rather than what it is for."""
_LONGEST_TERM = 2
_NO_DEFAULTS = frozenset(listed("to is the a an value values of empty it this in for set by no not as and or none"))
_LEAST, _MOST = 3, 22
"""Words of a description that is put into a question."""


def parameters(page: Page, wording: Templates) -> Iterator[Finding]:
    """Questions about the items of lists, and the options of commands."""
    for block in page.blocks:
        if block.kind == ITEM and (named := _NAMED.match(_marked(page, block))):
            name = plain(named["code"] or named["bold"]).rstrip(":")
            if named["bold"] and len(name.split()) > _LONGEST_TERM:
                continue
            yield from _of_item(page, wording, block, name, plain(named["description"]))
        elif block.kind == CODE and (option := _OPTION.match(block.text)):
            yield from _of_option(page, wording, block, option["name"], option["description"].strip())


def owner_of(page: Page, block: Block, wording: Templates) -> str:
    """What the parameter belongs to: the heading above it, or the title where that says nothing."""
    for words in (block.heading, page.title):
        name = _OWNER_NOISE.sub("", plain(words)).strip(" :")
        if name and name.lower() not in wording.generic and len(name.split()) <= 8 and not _UNREADABLE.search(name):
            return name if "options inherited" not in name.lower() else ""
    return ""


def _marked(page: Page, block: Block) -> str:
    """The item with the emphasis that its marker may have been taken for."""
    return block.text if page.text[max(0, block.start - 2) : block.start] != "**" else f"**{block.text}"


def _of_item(page: Page, wording: Templates, block: Block, name: str, description: str) -> Iterator[Finding]:
    if _UNREADABLE.search(name) or not any(letter.isalpha() for letter in name):
        return
    owner = owner_of(page, block, wording)
    yield from _default(page, wording, block, name, owner, description)
    answer = first_sentence(_OPTIONAL.sub("", description))
    if len(answer) < _SHORTEST_DESCRIPTION or answer.endswith(":") or _SAYS_LITTLE.fullmatch(answer):
        return
    if " " in name and _THING.match(answer):
        question = wording.definition.format(name=name)
    elif _SPECIFIC.search(name):
        question = wording.purpose.format(name=name)
    elif owner and name.lower() not in owner.lower():
        question = wording.purpose_of.format(name=name, owner=owner)
    else:
        return
    yield Finding(page, question, answer, block.start, block.end, "purpose", "what", owner)


def _of_option(page: Page, wording: Templates, block: Block, name: str, description: str) -> Iterator[Finding]:
    owner = owner_of(page, block, wording)
    if not owner or name == "--help":
        return
    yield from _default(page, wording, block, name, owner, description)
    words = re.split(r"[.;](?:\s|$)", _DEFAULT.sub("", plain(description)))[0].split()
    if not _LEAST <= len(words) <= _MOST or _UNREADABLE.search(" ".join(words)) or name[2:] in words:
        return
    question = _asked_by_description(wording, owner, words)
    if question:
        yield Finding(page, question, name, block.start, block.end, "option", "which", owner)


def _asked_by_description(wording: Templates, owner: str, words: list[str]) -> str:
    first = words[0].lower()
    rest = " ".join([first if words[0][1:].islower() else words[0], *words[1:]])
    if first in _VERBS and words[1].lower() not in {"of", "is", "are", "for", "to", "in", "where", "that"}:
        return wording.option_verb.format(owner=owner, rest=rest)
    if first.endswith("s") and {first[:-1], first[:-2], f"{first[:-3]}y"} & _VERBS:
        return wording.option_does.format(owner=owner, rest=rest)
    if first in {"if", "when", "only", "whether", "to", "optional", "can", "one", "this", "deprecated"}:
        return ""
    article = "" if first in {"the", "a", "an", "how", "which"} else "the "
    return wording.option_sets.format(owner=owner, rest=article + rest)


def _default(
    page: Page, wording: Templates, block: Block, name: str, owner: str, description: str
) -> Iterator[Finding]:
    """The default that the description names."""
    found = next(filter(None, (pattern.search(description) for pattern in wording.defaults)), None)
    value = found["value"].strip("\"'`.,") if found else ""
    if not value or value.lower() in _NO_DEFAULTS or value in name:
        return
    if _SPECIFIC.search(name):
        question = wording.default.format(name=name)
    elif owner and name.lower() not in owner.lower():
        question = wording.default_of.format(name=name, owner=owner)
    else:
        return
    yield Finding(page, question, value, block.start, block.end, "default", "which_default", owner)
