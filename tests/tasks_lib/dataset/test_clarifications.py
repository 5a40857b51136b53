"""Questions that are not clear, made where documents name two things alike."""

import pytest
from haystack import Document

from tasks_lib.dataset.clarifications import clarifications
from tasks_lib.dataset.examples import CLARIFICATION, Example
from tasks_lib.dataset.patterns.page import Page, pages_of
from tasks_lib.gate.answer_metrics import asks_back


def page(document: str, title: str, text: str) -> Page:
    (made,) = pages_of(
        [
            Document(
                content=text,
                meta={
                    "source": "s",
                    "document": document,
                    "start": 0,
                    "end": len(text),
                    "title": title,
                    "heading": None,
                },
            )
        ]
    )
    return made


def rules(title: str, days: int, *, heading: str = "Notice period") -> str:
    return (
        f"# {title}\n\nThis page tells everybody what has been agreed with the employee council about it.\n\n"
        f"## {heading}\n\nEverybody gives notice {days} days before the change takes effect.\n"
    )


def turns(*pages: Page, count: int = 10) -> list[Example]:
    return clarifications(pages, count, seed=0)


def test_a_heading_of_two_documents_must_be_asked_back_about_and_then_answered_from_the_one_that_is_named() -> None:
    leave, office = (
        page("leave.md", "Parental leave", rules("Parental leave", 40)),
        page("o.md", "Desks", rules("Desks", 3)),
    )
    first, second = turns(leave, office)

    assert (first.kind, first.question) == (CLARIFICATION, "What should I know about Notice period?")
    assert asks_back(first.answer)
    assert "Parental leave" in first.answer
    assert "Desks" in first.answer
    assert first.references == ()
    assert (second.kind, second.conversation) == ("follow_up", first.conversation)
    assert [message.content for message in second.messages[:2]] == [first.question, first.answer]
    (reference,) = second.references
    named = {"leave.md": leave, "o.md": office}[reference.document]
    assert named.title in second.question
    assert named.text[reference.start : reference.end] == reference.content == second.answer


@pytest.mark.parametrize(
    "pages",
    [
        (("a.md", "Desks", rules("Desks", 3)),),
        (("a.md", "Desks", rules("Desks", 3)), ("b.md", "Desks", rules("Desks", 4))),
        (("a.md", "Desks", rules("Desks", 3)), ("b.md", "Leave", rules("Leave", 3))),
        (("a.md", "Desks", rules("Desks", 3)), ("b.md", "Leave", rules("Leave", 4, heading="Deadlines"))),
        tuple((f"{number}.md", f"Part {number}", rules(f"Part {number}", number)) for number in range(5)),
    ],
    ids=["one document", "one title", "the same answer", "other names", "a heading of many"],
)
def test_nothing_is_asked_back_about_where_one_thing_is_meant_or_none(pages: tuple[tuple[str, str, str], ...]) -> None:
    assert turns(*(page(*each) for each in pages)) == []


def test_a_question_that_two_documents_answer_is_not_clear() -> None:
    heading = "Rotate all the old keys"
    asked = [
        turn.question
        for turn in turns(*(page(f"{n}.md", n, rules(n, len(n), heading=heading)) for n in ("Gates", "Bus")))
    ]
    assert "How do I rotate all the old keys?" in asked


def test_there_are_no_more_than_wanted() -> None:
    pages = [
        page(
            f"{name}.md", name, rules(name, number) + rules(name, number + 10, heading="Deadline").partition("\n\n")[2]
        )
        for number, name in enumerate(("Desks", "Leave"))
    ]
    assert len(turns(*pages)) == 4
    assert len(turns(*pages, count=1)) == 2
    assert turns(*pages, count=0) == []
