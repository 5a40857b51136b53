"""Questions that are not clear before the assistant has asked back: two documents name two things alike.

A conversation of two turns: the question, which is answered rightly by asking which one is meant, and the name of the
document, which is answered by what that document says.
"""

import hashlib
import random
from collections import defaultdict
from collections.abc import Iterator, Sequence

from tasks_lib.assistant.contract.answer import Message
from tasks_lib.dataset.examples import CLARIFICATION, TURN, Example, Reference
from tasks_lib.dataset.patterns.finding import Finding
from tasks_lib.dataset.patterns.found import Patterns
from tasks_lib.dataset.patterns.headings import below_headings
from tasks_lib.dataset.patterns.page import Page
from tasks_lib.dataset.patterns.templates import templates

MOST_MEANT = 4
"""Things of one name: what more documents name alike is no name, as `Overview` is none."""


def clarifications(pages: Sequence[Page], count: int, seed: int) -> list[Example]:
    """The turns of at most `count` conversations, two each.

    :param pages: The documents; those of one title, or without any, cannot be told apart by name.
    """
    if not count:
        return []
    groups = [*Patterns(pages, seed).ambiguous(), *_under_one_heading(pages)]
    chooser = random.Random(seed)  # noqa: S311  not for security
    chooser.shuffle(groups)
    made: list[Example] = []
    asked: set[str] = set()
    for group in groups:
        meant = _told_apart(group)
        if len(made) < 2 * count and 2 <= len(meant) <= MOST_MEANT and group[0].question not in asked:
            asked.add(group[0].question)
            made += _turns(chooser.sample(meant, len(meant)))
    return made


def _under_one_heading(pages: Sequence[Page]) -> Iterator[list[Finding]]:
    """What stands below a heading that several documents have."""
    named: dict[tuple[str, str], list[Finding]] = defaultdict(list)
    for page in pages:
        wording = templates().get(page.language or "")
        if wording is None:
            continue
        for heading, (start, end) in below_headings(page):
            if heading.lower() not in wording.generic and heading.lower() != page.title.lower():
                question = wording.about_heading.format(name=heading)
                said = page.text[start:end]
                named[page.language or "", heading.lower()].append(
                    Finding(page, question, said, start, end, "heading", "how", heading)
                )
    yield from named.values()


def _told_apart(group: Sequence[Finding]) -> list[Finding]:
    """One finding a title; none where two of them say the same, so that any would do."""
    by_title = {finding.page.title: finding for finding in group if finding.page.title}
    answers = {" ".join(finding.answer.lower().split()) for finding in by_title.values()}
    return list(by_title.values()) if len(answers) == len(by_title) else []


def _turns(meant: Sequence[Finding]) -> Iterator[Example]:
    """The question, and what is said once the first of `meant` was named."""
    first = meant[0]
    page, wording = first.page, templates()[first.page.language or ""]
    either = wording.either.join(finding.page.title for finding in meant)
    question, back, named = first.question, wording.which.format(names=either), wording.named.format(name=page.title)
    name = f"clarification-{hashlib.sha256(f'{question}|{either}'.encode()).hexdigest()[:12]}"
    history = (Message(role="user", content=question), Message(role="assistant", content=back))
    reference = Reference(
        source=page.source, document=page.document, start=first.start, end=first.end, content=first.evidence
    )
    yield Example(id=f"{name}{TURN}1", kind=CLARIFICATION, messages=history[:1], answer=back, made_by=first.made_by)
    yield Example(
        id=f"{name}{TURN}2",
        kind="follow_up",
        messages=(*history, Message(role="user", content=named)),
        answer=first.answer,
        references=(reference,),
        made_by=first.made_by,
    )
