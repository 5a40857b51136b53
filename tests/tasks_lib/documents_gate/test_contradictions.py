"""Documents that contradict each other, and those that only look like it."""

import pytest
from haystack import Document

from tasks_lib.documents_gate.change import DocumentChange
from tasks_lib.documents_gate.contradictions import contradictions, findings_of

LEAVE = "Employees receive 27 days of annual leave per calendar year."


def chunk(document: str, content: str, title: str = "Annual leave", heading: str | None = None) -> Document:
    meta = {"source": "s", "document": document, "title": title, "heading": heading, "start": 0, "end": len(content)}
    return Document(content=content, meta=meta)


def between(one: Document, other: Document) -> list[str]:
    """How an added document contradicts one that was there."""
    change = DocumentChange(one.meta["document"], "added", (), (one,))
    return [found.differs for found in contradictions([change], [other])]


@pytest.mark.parametrize(
    ("said", "other", "differs"),
    [
        (LEAVE, "Employees receive 25 days of annual leave per calendar year.", "number"),
        (LEAVE, "Employees receive twenty-five days of annual leave per calendar year.", "number"),
        ("Leave is carried over until 31 March.", "Leave is carried over until 30 April.", "date"),
        ("Leave is carried over until 31 March.", "Leave is carried over until 1 March.", "date"),
        ("The company was founded in Aarhus in 2011.", "The company was founded in Aarhus in 2009.", "date"),
        ("The notice period is four weeks.", "The notice period is four months.", "unit"),
        ("The office opens at 8:30.", "The office opens at 9:15.", "date"),
        ("Unused leave is paid out.", "Unused leave is not paid out.", "negation"),
        ("A meal costs at most €30.", "A meal costs at most 25 euros.", "number"),
        ("| Manager | 30 days |", "| Manager | 35 days |", "number"),
    ],
)
def test_another_value_of_the_same_thing_contradicts(said: str, other: str, differs: str) -> None:
    head = "| Role | Leave |\n| --- | --- |\n" if said.startswith("|") else ""
    assert between(chunk("new.md", head + other), chunk("leave.md", head + said)) == [differs]


@pytest.mark.parametrize(
    ("said", "other"),
    [
        (LEAVE, "Employees in Portugal receive 25 days of annual leave per calendar year."),
        (LEAVE, "Part-time employees receive 20 days of annual leave per calendar year."),
        (LEAVE, "Employees receive 27 days of annual leave per calendar year, and 2 days for a move."),
        ("In 2023, the fund paid 4 percent of all salaries.", "In 2024, the fund paid 5 percent of all salaries."),
        ("Version 2.3 keeps 10 revisions of an application.", "Version 2.4 keeps 20 revisions of an application."),
        ("The deposit limit is 300 euros.", "The withdrawal limit is 500 euros."),
        ("Meals in Leeds cost at most 30 pounds.", "Meals in Porto cost at most 20 pounds."),
        ("The server on Java 17 starts in 3 seconds.", "The server on Java 21 starts in 2 seconds."),
        ("A session ends after 60 minutes.", "A session ends after 1 hour."),
        ("More than 100 teams use the service.", "The service is used by 120 teams."),
        ("See step 3 of the guide for requests.", "See step 4 of the guide for requests."),
        (LEAVE, "Employees receive 27 days of annual leave per calendar year"),
    ],
)
def test_another_subject_is_no_contradiction(said: str, other: str) -> None:
    assert between(chunk("new.md", other), chunk("leave.md", said)) == []


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"title": "Office in Leeds"}, {"title": "Office in Porto"}),
        ({"heading": "Managers"}, {"heading": "Trainees"}),
        ({"title": "Leave 2023"}, {"title": "Leave 2024"}),
        ({"document": "1.8/leave.md"}, {"document": "1.9/leave.md"}),
    ],
)
def test_titles_headings_and_paths_tell_subjects_apart(one: dict[str, str], other: dict[str, str]) -> None:
    said = chunk(**{"document": "a.md", "content": "The desk is free for 5 days.", **one})
    also = chunk(**{"document": "b.md", "content": "The desk is free for 9 days.", **other})
    assert between(said, also) == []


def test_a_document_does_not_contradict_itself() -> None:
    both = chunk("a.md", f"{LEAVE} Employees receive 25 days of annual leave per calendar year.")
    assert contradictions([DocumentChange("a.md", "added", (), (both,))], []) == []


def test_what_a_document_said_before_is_not_told_again() -> None:
    wrong = "Employees receive 25 days of annual leave per calendar year."
    was, now = chunk("a.md", wrong), chunk("a.md", f"{wrong} Ask your manager for it.")
    assert contradictions([DocumentChange("a.md", "changed", (was,), (now,))], [chunk("leave.md", LEAVE)]) == []


def test_two_changed_documents_that_contradict_each_other_are_told_once_with_both_sentences() -> None:
    wrong = "Employees receive 25 days of annual leave per calendar year."
    changes = [
        DocumentChange(name, "added", (), (chunk(name, text),)) for name, text in (("a.md", LEAVE), ("b.md", wrong))
    ]
    (finding,) = findings_of(contradictions(changes, []))
    assert (finding.document, finding.others, finding.level) == ("a.md", ("b.md",), "hold")
    assert finding.sentences == (LEAVE, wrong)
    assert finding.reason == "a.md contradicts b.md in 1 number"


def test_code_is_not_compared() -> None:
    text = "```yaml\nreplicas of the server: {}\n```"
    assert between(chunk("a.md", text.format(2)), chunk("b.md", text.format(3))) == []
