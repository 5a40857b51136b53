"""The kind of answer that a question wants."""

import pytest

from tasks_lib.assistant.answering.answer_kind import answer_kind, fits_kind


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("How many days do I get?", ("number", "en")),
        ("By when must I hand it in?", ("time", "en")),
        ("Who decides?", ("name", "en")),
        ("Why?", ("", "en")),
        ("Wie viele Urlaubstage bekommen Teilzeitkräfte?", ("number", "de")),
        ("Wie lange dauert die Probezeit?", ("number", "de")),
        ("Bis wann muss der Antrag da sein?", ("time", "de")),
        ("In welchem Jahr wurde die Firma gegründet?", ("time", "de")),
        ("Wer genehmigt Dienstreisen?", ("name", "de")),
        ("Warum gibt es zwei Standorte?", ("", "de")),
        ("¿Cuántos días de vacaciones hay?", ("number", "es")),
        ("¿Cuándo cierra la oficina?", ("time", "es")),
        ("¿En qué año se fundó la empresa?", ("time", "es")),
        ("¿Quién aprueba los viajes?", ("name", "es")),
        ("¿Dónde está la oficina?", ("name", "es")),
    ],
)
def test_the_kind_of_answer_is_read_from_the_question(question: str, kind: tuple[str, str]) -> None:
    assert answer_kind(question)[0] == kind[0]
    assert not kind[0] or answer_kind(question) == kind


def test_a_number_that_the_question_names_is_no_answer() -> None:
    asked = frozenset({"14", "days"})
    assert not fits_kind("within 14 days", "number", asked)
    assert fits_kind("within four hours", "number", asked)
    assert fits_kind("It is due in March.", "time", frozenset())
    assert not fits_kind("The office is open.", "name", frozenset())


@pytest.mark.parametrize(
    ("text", "kind", "language", "fits"),
    [
        ("Sie beträgt drei Wochen.", "number", "de", True),
        ("Sie richtet sich nach dem Vertrag.", "number", "de", False),
        ("Das ist im März fällig.", "time", "de", True),
        ("Darüber entscheidet Frau Anna Weber.", "name", "de", True),
        ("Die Akademie entstand in Straßburg.", "name", "de", True),
        ("Das entscheidet die Leitung der Abteilung.", "name", "de", False),
        ("Son veinte días.", "number", "es", True),
        ("Depende del contrato.", "number", "es", False),
        ("La oficina cierra en agosto.", "time", "es", True),
        ("Los aprueba la directora, Ana Ruiz.", "name", "es", True),
    ],
)
def test_numbers_times_and_names_are_known_in_german_and_spanish(
    text: str, kind: str, language: str, fits: bool
) -> None:
    assert fits_kind(text, kind, frozenset(), language) is fits
