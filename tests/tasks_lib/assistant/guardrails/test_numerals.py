"""Dotted numerals: those of sections and versions are let through, addresses of machines are not."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tasks_lib.assistant.guardrails.guardrails import Guardrails
from tasks_lib.assistant.guardrails.personal_data.finder import PersonalDataFinder
from tests.tasks_lib.assistant.guardrails.conftest import ask

FINDER = PersonalDataFinder(("IP_ADDRESS",), score_threshold=0.5)
OCTETS = st.integers(0, 255)
NUMBERS = st.tuples(st.integers(1, 255), OCTETS, OCTETS, OCTETS).map(lambda parts: ".".join(map(str, parts)))
SMALL = st.tuples(st.integers(1, 9), *[st.integers(0, 49)] * 3).filter(lambda p: len(set(p)) > 1)
PRIVATE = st.one_of(
    st.tuples(st.just(10), OCTETS, OCTETS, OCTETS),
    st.tuples(st.just(192), st.just(168), OCTETS, OCTETS),
    st.tuples(st.just(172), st.integers(16, 31), OCTETS, OCTETS),
).map(lambda parts: ".".join(map(str, parts)))
PUBLIC = st.tuples(st.integers(1, 223), OCTETS, OCTETS, st.integers(50, 255)).map(lambda p: ".".join(map(str, p)))
ENGLISH = [
    "section",
    "Sections",
    "§",
    "§ ",
    "Chapter",
    "clause",
    "Version:",
    "ver.",
    "v. ",
    "release",
    "version is",
    "section no.",
]
OTHERS = ["Abschnitt", "Kapitel", "Ziffer", "sección", "chapitre", "Version", "versão", "paragrafo"]
CUES = st.sampled_from([*ENGLISH, *OTHERS, "build", "Item"])
BEFORE = st.sampled_from(["", "What is in ", "The server runs ", "On our hosts, see ", "Gemäß ", "1. "])
BEHIND = st.sampled_from(["", " of the handbook?", ", please", ".", "\nNext line", " says that hosts are named", ")"])
TITLES = st.sampled_from(["Scope", "Overtime and on-call duty", "What counts as leave"])
MACHINES = st.sampled_from(
    ["host ", "Ping ", "ssh root@", "server at ", "my IP is ", "IP-Adresse ", "address: ", "http://"]
)


def found(text: str) -> list[str]:
    return [text[finding.start : finding.end] for finding in FINDER.find(text)]


@example("What is in ", "section", "3.2.1.4", " of the handbook?")
@example("", "Version", "2.4.10.3", " of Harbour?")
@example("", "section", "10.1.2.3", "")
@given(BEFORE, CUES, NUMBERS, BEHIND)
def test_what_is_named_a_section_or_a_version_is_no_address(before: str, cue: str, number: str, behind: str) -> None:
    assert found(f"{before}{cue} {number}{behind}") == []


@given(CUES, st.lists(NUMBERS, min_size=2, max_size=3), st.sampled_from([", ", " and ", " to ", "-", " or "]))
def test_nor_are_several(cue: str, numbers: list[str], between: str) -> None:
    assert found(f"See {cue} {between.join(numbers)} for more") == []


@given(st.lists(st.tuples(SMALL, TITLES), min_size=1, max_size=6), st.sampled_from(["", "- ", "* ", "## ", "  "]))
def test_numbers_in_front_of_headings_and_items_are_no_addresses(
    items: list[tuple[tuple[int, ...], str]], bullet: str
) -> None:
    lines = [f"{bullet}{'.'.join(map(str, number))} {title}" for number, title in items]
    assert found("\n".join(lines)) == []


@example("", "10.0.0.12", "")
@example("it fails on ", "192.168.1.1", "?")
@given(st.sampled_from(["", "it fails on ", "Can I reach ", "log:\n", "The version on the box at "]), PRIVATE, BEHIND)
def test_addresses_of_private_networks_are_found(before: str, number: str, behind: str) -> None:
    assert found(f"{before}{number}{behind}") == [number]


@given(st.sampled_from(["", "it fails on ", "Can I reach ", "who is "]), PUBLIC, BEHIND)
def test_addresses_are_found_without_a_word_that_tells(before: str, number: str, behind: str) -> None:
    assert found(f"{before}{number}{behind}") == [number]


@given(BEFORE.filter(lambda before: "server" not in before), MACHINES, NUMBERS, BEHIND)
def test_any_number_that_is_named_a_machine_is_found(before: str, machine: str, number: str, behind: str) -> None:
    assert found(f"{before}{machine}{number}{behind}") == [number]


@given(CUES, NUMBERS, st.sampled_from([":8080", "/24", ":22/path"]))
def test_a_port_or_a_prefix_makes_an_address(cue: str, number: str, behind: str) -> None:
    assert found(f"{cue} on {number}{behind}") == [number]


@pytest.mark.parametrize("number", ["8.8.8.8", "1.1.1.1", "127.0.0.1"])
def test_well_known_addresses_are_found(number: str) -> None:
    assert found(f"does {number} answer?") == [number]


@pytest.mark.parametrize("question", ["What is in section 3.2.1.4 of the handbook?", "Version 2.4.10.3 of Harbour?"])
def test_such_questions_are_answered(guardrails: Guardrails, question: str) -> None:
    assert guardrails.check_input(ask(question)).action == "allow"
