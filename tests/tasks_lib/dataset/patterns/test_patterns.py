"""Questions by patterns: what is asked of tables, parameters, headings and sentences, in four languages."""

import re
from types import ModuleType

import pytest
from haystack import Document
from hypothesis import given
from hypothesis import strategies as st

from tasks_lib.dataset.patterns import german, spanish
from tasks_lib.dataset.patterns.found import LANGUAGE_NOT_COVERED, SAID_OFTEN, Patterns
from tasks_lib.dataset.patterns.page import Page, pages_of, plain
from tasks_lib.dataset.patterns.renamed import renamed
from tasks_lib.dataset.patterns.templates import templates

ENGLISH = "These are the rules of the house, and they are the same for all of the people who work with us here."


def patterns_of(*texts: str, title: str = "Guide") -> Patterns:
    return Patterns([Page("s", f"{n}.md", title, text) for n, text in enumerate(texts)], seed=0)


def asked(*texts: str, title: str = "Guide") -> dict[str, str]:
    """Question → answer."""
    groups = patterns_of(*texts, title=title).alternatives()
    return {candidate.example.question: candidate.example.answer for group in groups for candidate in group}


TABLE = """# Travel

{prose}

Table 3: Hotels and meals

| City | Hotel limit | Per diem |
|------|-------------|----------|
| Lisbon | 140 euros | 62 euros |
| Leeds | 150 euros | 70 euros |
"""


def test_a_cell_is_asked_for_by_caption_row_and_column() -> None:
    found = asked(TABLE.format(prose=ENGLISH))

    assert found["Hotels and meals: what is given for Lisbon under “Hotel limit”?"] == "140 euros"
    assert len(found) == 4


@pytest.mark.parametrize(
    ("file", "caption"),
    [
        ("offices/hotel-limits.csv", "hotel limits: "),
        ("2024.csv", ""),
        ("x1.csv", ""),
    ],
)
def test_a_table_that_nothing_else_names_is_named_by_its_file(file: str, caption: str) -> None:
    table = "| City | Where employees sleep and what they get |\n|---|---|\n| Kiel | the old hotel by the sea |\n"
    page = Page("s", file, "", table + "| Leeds | the house of the company |\n")
    found = [c.example.question for group in Patterns([page], seed=0).alternatives() for c in group]
    assert len(found) == 2 * bool(caption)
    assert all(question.startswith(caption) for question in found)


def test_the_row_is_the_evidence_and_stands_at_its_place() -> None:
    text = TABLE.format(prose=ENGLISH)
    references = [c.example.references[0] for group in patterns_of(text).alternatives() for c in group]

    assert {reference.content for reference in references} == {
        "| Lisbon | 140 euros | 62 euros |",
        "| Leeds | 150 euros | 70 euros |",
    }
    assert all(text[reference.start : reference.end] == reference.content for reference in references)


def test_a_pdf_row_that_names_its_columns_gives_the_bare_value() -> None:
    rows = "| Country | Total EURbn |\n| Country: Malta | Total EURbn: 0.72 |\n| Country: Cyprus | Total EURbn: 0.21 |"
    found = asked(f"{ENGLISH}\n\nTable 1 - Funds by country\n\n{rows}\n")

    assert found["Funds by country: what is the figure for Malta under “Total EURbn”?"] == "0.72"


def test_another_row_of_a_table_makes_a_follow_up() -> None:
    follow_up = next(patterns_of(TABLE.format(prose=ENGLISH)).follow_ups())

    assert follow_up.example.kind == "follow_up"
    assert re.fullmatch(r"And for (Lisbon|Leeds)\?", follow_up.example.question)


@pytest.mark.parametrize(
    ("text", "question", "answer"),
    [
        (
            "* `SESSION_MAX_COUNT`: Maximum number of failed logins. Default: 5.",
            "What is the default value of SESSION_MAX_COUNT?",
            "5",
        ),
        (
            "* `SESSION_MAX_COUNT`: Maximum number of failed logins. Default: 5.",
            "What is SESSION_MAX_COUNT used for?",
            "Maximum number of failed logins.",
        ),
        (
            "```\n      --yes              Turn off prompting to confirm the deletion\n```",
            "Which option of Delete command do I use to turn off prompting to confirm the deletion?",
            "--yes",
        ),
        (
            '```\n      --policy string    Specify the policy of deletion (default "foreground")\n```',
            "What is the default value of --policy in Delete command?",
            "foreground",
        ),
        ("## How do I reset it?\n\nDelete the file and restart the server.", "How do I reset it?", None),
        (
            "## Creating projects\n\nProjects are created with the command line or in the browser.",
            "How do I create projects?",
            "Projects are created with the command line or in the browser.",
        ),
    ],
)
def test_parameters_and_headings_are_asked_for(text: str, question: str, answer: str | None) -> None:
    found = asked(f"# Delete command\n\n{ENGLISH}\n\n{text}\n", title="Delete command")
    matching = [said for words, said in found.items() if words.lower().endswith(question.lower())]

    assert matching, sorted(found)
    assert answer is None or matching == [answer]


GERMAN = "Die Stadt liegt an der Küste und ist für ihren Hafen und die Werften bekannt, die es dort seit langem gibt."
SPANISH = (
    "La ciudad está en la costa y es conocida por su puerto y por los astilleros que hay en ella desde hace siglos."
)
CHINESE = "这座城市位于海岸，以港口和造船厂闻名，几百年来一直如此，人们从各地来到这里工作和生活。"  # noqa: RUF001


@pytest.mark.parametrize(
    ("prose", "sentence", "question", "answer"),
    [
        (
            GERMAN,
            "Im Jahr 1871 gründete Anna Berg eine Werft in der Altstadt.",
            "Wann gründete Anna Berg eine Werft in der Altstadt?",
            "Im Jahr 1871",
        ),
        (
            GERMAN,
            "Etwa 400 Arbeiter bauen im Winter die neuen Schiffe.",
            "Wie viele Arbeiter bauen im Winter die neuen Schiffe?",
            "etwa 400 Arbeiter",
        ),
        (
            GERMAN,
            "Das Museum der Stadt wurde am 3. Mai 1920 von der Königin eröffnet.",
            "Wann wurde das Museum der Stadt von der Königin eröffnet?",
            "am 3. Mai 1920",
        ),
        (
            SPANISH,
            "En 1943, Nikola Tesla murió en un hotel de Nueva York.",
            "¿En qué año murió Nikola Tesla en un hotel de Nueva York?",
            "En 1943",
        ),
        (
            SPANISH,
            "El GPhC es el órgano rector de los farmacéuticos.",
            "¿Qué es el GPhC?",
            "el órgano rector de los farmacéuticos",
        ),
        (CHINESE, "特斯拉的工厂于1943年搬到纽约的郊区。", "特斯拉的工厂于哪一年搬到纽约的郊区？", "1943年"),  # noqa: RUF001
    ],
)
def test_a_sentence_of_another_language_is_asked_about(prose: str, sentence: str, question: str, answer: str) -> None:
    found = asked(f"{prose}\n\n{prose} {sentence}\n", title="")

    assert question in found, sorted(found)
    assert found[question].lower() == answer.lower()


@pytest.mark.parametrize(
    "sentence",
    [
        "Sie wurde im Jahr 1871 von der Königin eröffnet.",
        "Dieses Museum wurde im Jahr 1871 von der Königin eröffnet.",
        "Damals gründete im Jahr 1871 eine Werft.",
        "Die Region ist die Heimat von zwei erweiterten Metropolregionen im Süden.",
        "Die Diskussionen über die Verlegung des Museums wurden bis Februar 1854 geführt.",
        "Frühe Versionen waren ab 1851 in Gebrauch.",
        "Eines der größten Objekte ist ein Bett aus der Mitte des 17. Jahrhunderts.",
        "Sky News ist einer von mehreren Kanälen.",
        "Sauerstoff wurde im Jahr 1773 von Carl Scheele in Uppsala oder vorher entdeckt, wie man sagt.",
        "An zwei kaiserlichen Krankenhäusern waren für die Behandlung Ärzte verantwortlich.",
    ],
)
def test_a_sentence_that_needs_the_one_before_is_not_asked_about(sentence: str) -> None:
    assert not asked(f"{GERMAN}\n\n{GERMAN} {sentence}\n", title="")


_PARTS = (
    "(1)",
    "§",
    "Die Beamten",
    "altersgeld",
    "wurde",
    "1998",
    ",",
    "und",
    "von der",
    "Y",
    "fue",
    " ",
    "\u00a0",
    ".",
)


@given(st.sampled_from((german, spanish)), st.lists(st.sampled_from(_PARTS), max_size=12))
def test_a_sentence_of_whatever_parts_asks_no_empty_question(language: ModuleType, parts: list[str]) -> None:
    asked_of_it = language.questions(" ".join(parts))

    assert all(question.strip(" ?¿") and answer.strip() for question, answer, _ in asked_of_it)


@pytest.mark.parametrize(
    ("prose", "sentence"),
    [
        (SPANISH, "La región alberga dos amplias áreas metropolitanas que superan los cinco millones."),
        (SPANISH, "La primera muestra todo el tiempo desde la formación de la Tierra."),
        (SPANISH, "Un tercer tipo de conjeturas se refiere a aspectos de la distribución de los primos."),
        (SPANISH, "En 2014, el grupo se proclamó un califato en la costa del mar."),
        (CHINESE, "卡罗莱纳还有两次以上击球，但未能在每次击球获得第一档进攻。"),  # noqa: RUF001
        (CHINESE, "平均每户规模是3.07人左右的家庭。"),
        (CHINESE, "工厂的效率在高压发动机上达到约27-30%的水平。"),
    ],
)
def test_what_only_an_earlier_sentence_names_is_not_asked_about_in_other_languages(prose: str, sentence: str) -> None:
    assert not asked(f"{prose}\n\n{prose} {sentence}\n", title="")


def test_a_column_of_meanings_says_what_its_rows_are() -> None:
    rows = (
        "| Level | Meaning |\n|---|---|\n| S3 | One person or one device is affected |\n| S4 | Nobody is affected yet |"
    )
    found = asked(f"# Levels\n\n{ENGLISH}\n\n{rows}\n")
    assert found["What is S3?"] == "One person or one device is affected"


def test_a_language_without_patterns_is_counted_and_makes_nothing() -> None:
    patterns = patterns_of("De stad ligt aan de kust en is bekend om haar haven, die er al eeuwen is. " * 3)

    assert patterns.alternatives() == []
    assert patterns.rejected[LANGUAGE_NOT_COVERED] == 1


def test_a_line_that_many_documents_have_is_nobodys_answer() -> None:
    line = '```\n      --timeout string    Set the time to wait for an answer (default "5s")\n```'
    patterns = patterns_of(*(f"# Command {name}\n\n{ENGLISH}\n\n{line}\n" for name in ("one", "two", "three")))

    assert patterns.alternatives() == []
    assert patterns.rejected[SAID_OFTEN] == 6


def test_one_foreign_word_does_not_make_a_document_foreign() -> None:
    page = Page(
        "s",
        "game.md",
        "",
        f"The game (Japanese: 戦場のヴァルキュリア3) is a game of the year.\n\n{ENGLISH}\n\n{ENGLISH}\n",
    )

    assert page.language == "en"


CELLS = st.text("abcdefghij KLMNO0123456789.,%-", min_size=1, max_size=12).map(str.strip).filter(bool)


@given(st.lists(st.lists(CELLS, min_size=3, max_size=3), min_size=3, max_size=8), st.integers(0, 40))
def test_every_reference_is_what_the_document_says_there(rows: list[list[str]], cut: int) -> None:
    """Also where a table was cut into chunks in the midst of a row."""
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    text = f"# Prices\n\n{ENGLISH}\n\n" + "\n".join([lines[0], "|---|---|---|", *lines[1:]]) + "\n"
    place = min(len(text) - 1, text.index("|") + cut)
    chunks = [
        Document(
            content=text[start:end],
            meta={"source": "s", "document": "d", "start": start, "end": end, "title": "Prices"},
        )
        for start, end in ((0, place), (place, len(text)))
    ]
    for group in Patterns(pages_of(chunks), seed=0).alternatives():
        for candidate in group:
            (reference,) = candidate.example.references
            assert text[reference.start : reference.end] == reference.content
            assert candidate.example.answer in plain(reference.content)


def test_every_language_words_every_question() -> None:
    for language, wording in templates().items():
        for name, written in wording.model_dump().items():
            if isinstance(written, str) and written and name != "either":
                places = re.findall(r"{(\w+)}", written)
                assert places, (language, name)
                assert written.format(**dict.fromkeys(places, "x"))


@pytest.mark.parametrize(
    ("prose", "sentence", "asked_of"),
    [
        (GERMAN, "Hoesung Lee Tower ist der höchste Turm an der ganzen Küste im Norden.", "Was ist NAME?"),
        (SPANISH, "Hoesung Lee Tower es la torre más alta de toda la costa del norte.", "¿Qué es NAME?"),
        (CHINESE, "培顿·曼宁是一座位于海岸的城市。", "NAME是什么？"),  # noqa: RUF001
    ],
)
def test_a_question_without_an_answer_asks_of_a_name_that_no_document_mentions(
    prose: str, sentence: str, asked_of: str
) -> None:
    groups = patterns_of(f"{prose}\n\n{prose} {sentence}\n", title="").alternatives()
    taken: set[str] = set()

    class Mentions:
        def mentions(self, phrase: str) -> bool:
            taken.add(phrase)
            return len(taken) % 2 == 0

    [made] = renamed(groups, Mentions(), seed=0)  # type: ignore[arg-type]
    before, after = asked_of.split("NAME")
    name = made.example.question.removeprefix(before).removesuffix(after)
    assert made.example.kind == "unanswerable"
    assert name in taken
    assert name not in sentence
    assert not list(renamed(groups, Everything(), seed=0))  # type: ignore[arg-type]


class Everything:
    """Documents that mention all there is."""

    def mentions(self, phrase: str) -> bool:
        return bool(phrase)
