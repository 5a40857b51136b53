"""Sentences turned into questions."""

import pytest
from haystack import Document

from tasks_lib.dataset.extractive.facts import Fact, facts
from tasks_lib.dataset.extractive.prose import sentences_of
from tasks_lib.dataset.extractive.topics import Topics


def chunk(content: str, *, start: int = 0, title: str | None = None, heading: str | None = None) -> Document:
    return Document(
        content=content,
        meta={
            "source": "s",
            "document": "d.md",
            "start": start,
            "end": start + len(content),
            "title": title,
            "heading": heading,
        },
    )


def asked(text: str) -> dict[str, str]:
    return {fact.question: fact.answer for sentence in sentences_of([chunk(text)]) for fact in facts(sentence)}


@pytest.mark.parametrize(
    ("sentence", "question", "answer"),
    [
        (
            "Full-time employees receive 27 days of annual leave per calendar year.",
            "how many days of annual leave per calendar year do full-time employees receive?",
            "27 days",
        ),
        (
            "Employees may carry over up to five days of unused leave to the next year.",
            "how many days of unused leave may employees carry over to the next year?",
            "up to five days",
        ),
        (
            "After four years of service an employee may take an unpaid sabbatical of up to three months.",
            "after how many years of service may an employee take an unpaid sabbatical of up to three months?",
            "four years",
        ),
        (
            "A request for more than five consecutive working days must be made at least six weeks in advance.",
            "how far in advance must a request for more than five consecutive working days be made?",
            "at least six weeks in advance",
        ),
        (
            "The notice period of the company is three months.",
            "how long is the notice period of the company?",
            "three months",
        ),
        (
            "Parking in Aarhus costs 4 euros a day.",
            "how much does parking in Aarhus cost a day?",
            "4 euros",
        ),
        ("Skerry Deck was launched in 2019.", "in which year was Skerry Deck launched?", "2019"),
        (
            "The refrigerators are emptied every Friday at 15:00.",
            "at what time are the refrigerators emptied every Friday?",
            "15:00",
        ),
        ("The final rating is announced by 25 November.", "by what date is the final rating announced?", "25 November"),
        (
            "The buddy accompanies a new employee for the first eight weeks.",
            "who accompanies a new employee for the first eight weeks?",
            "the buddy",
        ),
        (
            "Extra hours of part-timers are paid at 115 percent of the hourly rate.",
            "at what percentage of the hourly rate are extra hours of part-timers paid?",
            "115 percent",
        ),
    ],
)
def test_a_phrase_is_replaced_by_question_words(sentence: str, question: str, answer: str) -> None:
    assert asked(sentence).get(question) == answer


def test_each_clause_of_a_sentence_is_asked_about_by_itself() -> None:
    found = asked(
        "The headquarters is in Aarhus, the engineering office is in Lisbon, and the sales office is in Leeds."
    )

    assert found == {
        "where is the headquarters?": "in Aarhus",
        "where is the engineering office?": "in Lisbon",
        "where is the sales office?": "in Leeds",
    }


@pytest.mark.parametrize(
    "sentence",
    [
        "Leave cannot be sold during the 12 months of employment.",
        "No employee works more than 60 hours of overtime.",
        "We built 40 bridges last year.",
        "There are 12 chairs in the room.",
        "Otherwise the price falls by 10 euros.",
    ],
)
def test_what_would_be_wrong_or_dangling_is_not_asked(sentence: str) -> None:
    assert asked(sentence) == {}


def test_headings_tables_and_lists_are_no_sentences() -> None:
    content = (
        "# The 12 months\n\n| Trip | 3 euros |\n\n- Employees receive 4 days\n\nEmployees receive 5 days of leave."
    )
    texts = [sentence.text for sentence in sentences_of([chunk(content)])]

    assert texts == ["Employees receive 5 days of leave."]


def test_a_sentence_over_two_lines_has_its_exact_place() -> None:
    content = "Leave\n\nThe plan is old. Employees receive 27 days of\nannual leave per year."
    sentence = next(s for s in sentences_of([chunk(content, start=500)]) if "27" in s.text)

    assert content[sentence.start - 500 : sentence.end - 500] == sentence.text
    assert sentence.text == "Employees receive 27 days of\nannual leave per year."


def the_fact(content: str, title: str | None = None, heading: str | None = None) -> tuple[Topics, Fact]:
    document = chunk(content, title=title, heading=heading)
    fact = next(fact for sentence in sentences_of([document]) for fact in facts(sentence))
    return Topics([document, chunk("People take leave and lease a bicycle.")]), fact


@pytest.mark.parametrize(
    ("content", "title", "heading", "question"),
    [
        (
            "Contractors receive 10 days of absence per year.",
            "Annual Leave",
            None,
            "Regarding annual leave, how many days of absence per year do contractors receive?",
        ),
        (
            "Employees receive 27 days of annual leave.",
            "Annual leave",
            None,
            "How many days of annual leave do employees receive?",
        ),
        (
            "The lease runs for 36 months.",
            "Benefits",
            "Bicycle lease",
            "Regarding the bicycle lease, for how long does the lease run?",
        ),
        (
            "A locker is lent for one year.",
            "OFFICE GUIDE",
            None,
            "According to the office guide, for how long is a locker lent?",
        ),
    ],
)
def test_a_question_gets_its_topic_where_it_needs_one(
    content: str, title: str, heading: str | None, question: str
) -> None:
    topics, fact = the_fact(content, title, heading)

    assert topics.standing_alone(fact).lower() == question.lower()  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "content",
    [
        "The hearing takes place within two weeks.",
        "Its reception is staffed within two hours.",
        "Such requests take three weeks.",
        "The People team answers them within two days.",
    ],
)
def test_what_no_topic_explains_is_given_up(content: str) -> None:
    document = chunk(content, title="Offices")

    for sentence in sentences_of([document]):
        assert [Topics([document]).standing_alone(fact) for fact in facts(sentence) if fact.kind != "who"] in (
            [None],
            [],
        )


def test_a_person_is_asked_for_by_who_and_an_answer_names_something() -> None:
    assert "who was Christoph Clavius?" in asked("Christoph Clavius was the expert on the committee.")
    assert not asked("On August 31, 2004, Jason Spezza tied the game.").get("what did Jason Spezza tie?")
    assert all(answer != "the claim" for answer in asked("The United States denied the claim in August.").values())


@pytest.mark.parametrize(
    ("sentence", "question"),
    [
        (
            "Ada Lovelace married William King on 8 July 1835 after a short engagement.",
            "on what date did Ada Lovelace marry William King?",
        ),
        (
            "The club sold its stadium in 1950 during a crisis.",
            "in which year did the club sell its stadium?",
        ),
        (
            "The observatory (a wooden building) opened its doors in 1841.",
            "in which year did the observatory open its doors?",
        ),
    ],
)
def test_a_question_can_do_without_circumstances(sentence: str, question: str) -> None:
    assert question in asked(sentence)


@pytest.mark.parametrize(
    ("sentence", "unasked"),
    [
        ("Kate Greenaway was a childhood favorite of the painter.", "who was Kate Greenaway?"),
        ("The Harbour Line was a strong influence on Barker.", "what was the Harbour Line?"),
        (
            "The magazine praised the story of the hero, the art style, and most points about its gameplay.",
            "what did the magazine praise?",
        ),
        (
            "Steve Mason was injured in Kiel three days later on March 28.",
            "on what date was Steve Mason injured in Kiel three days later?",
        ),
        ("The Gambia only played its first match in 2007.", "in which year did the Gambia only play its first match?"),
    ],
)
def test_what_says_too_little_or_reads_badly_is_not_asked(sentence: str, unasked: str) -> None:
    assert unasked not in asked(sentence)


def test_a_name_keeps_its_capital_where_no_text_writes_it_small() -> None:
    text = "Richards had previously coached the Minnesota Wild in 1990. A book about the coach Richards was printed."
    chunks = [chunk(text, title="Coaches of the Minnesota Wild")]
    found = [Topics(chunks).standing_alone(fact) for sentence in sentences_of(chunks) for fact in facts(sentence)]
    assert "In which year had Richards previously coached the Minnesota Wild?" in found


def test_some_of_a_kind_are_not_asked_about_where_nothing_says_the_occasion() -> None:
    text = "Multiple DLC maps were released by Sega in February 2011."
    for title, standing in ((None, False), ("Valkyria DLC maps", True)):
        chunks = [chunk(text, title=title)]
        found = [Topics(chunks).standing_alone(fact) for s in sentences_of(chunks) for fact in facts(s)]
        assert any(found) is standing
