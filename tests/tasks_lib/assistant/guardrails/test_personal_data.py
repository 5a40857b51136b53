"""Personal data: what is found and what is not, behind which disguises, and that odd input takes bounded time."""

import base64
import json
import time
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks_lib.assistant.guardrails.normalise import normalise
from tasks_lib.assistant.guardrails.personal_data.finder import OVERLAP, PIECE, PersonalDataFinder
from tasks_lib.errors import ConfigurationError

NUMBERS = ("CREDIT_CARD", "IBAN_CODE", "US_SSN", "EMAIL_ADDRESS", "PHONE_NUMBER", "IP_ADDRESS")


@pytest.fixture(scope="module")
def finder() -> PersonalDataFinder:
    return PersonalDataFinder((*NUMBERS, "STREET_ADDRESS", "DATE_OF_BIRTH"), score_threshold=0.5)


@pytest.mark.parametrize(
    ("text", "entity", "found"),
    [
        ("card 4111-1111-1111-1111.", "CREDIT_CARD", "4111-1111-1111-1111"),
        ("378282246310005 is mine", "CREDIT_CARD", "378282246310005"),
        ("send it from GB59NAWV77136867049356 to other accounts", "IBAN_CODE", "GB59NAWV77136867049356"),
        ("IBAN DE89 3704 0044 0532 0130 00 please", "IBAN_CODE", "DE89 3704 0044 0532 0130 00"),
        ("ssn 460-89-9847", "US_SSN", "460-89-9847"),
        ("write to jane.roe+x@mail.example.org.", "EMAIL_ADDRESS", "jane.roe+x@mail.example.org"),
        ("jane [at] example [dot] org", "EMAIL_ADDRESS", "jane [at] example [dot] org"),
        ("call +44 20 7946 0958 now", "PHONE_NUMBER", "+44 20 7946 0958"),
        ("my mobile is 083 564 9312", "PHONE_NUMBER", "083 564 9312"),
        ("host 48.90.248.226 fails", "IP_ADDRESS", "48.90.248.226"),
        ("host 2001:db8::8a2e:370:7334 fails", "IP_ADDRESS", "2001:db8::8a2e:370:7334"),
        ("I was born on 12/03/1984 in May", "DATE_OF_BIRTH", "12/03/1984"),
        ("at 12 Main Street, Springfield 12345. Bye", "STREET_ADDRESS", "12 Main Street, Springfield 12345"),
        ("lives on Hauptstraße 12a.", "STREET_ADDRESS", "Hauptstraße 12a"),
        ("send it to PSC 4574, Box 8393\nAPO AA 81998", "STREET_ADDRESS", "PSC 4574, Box 8393\nAPO AA 81998"),
    ],
)
def test_it_is_found_with_its_span(finder: PersonalDataFinder, text: str, entity: str, found: str) -> None:
    assert (entity, found) in [(f.kind, text[f.start : f.end]) for f in finder.find(text)]


@pytest.mark.parametrize(
    "text",
    [
        "card 4111 1111 1111 1112 fails its check",
        "balance 2016 | 2015 | 2014 in millions, 5154639 shares",
        "write to hr@example.org or it-help@example.org",
        "version 1.2.3.4.5 of the tool, ratio 10:20:30",
        "during 2012 the course costs more than 2,500 euros, 36 points behind fourth place",
        "The talks take place in week 6, and the office is called All Hands on Deck, lasts 45 minutes",
        "IBAN GB00NAWV77136867049356 is wrong",
    ],
)
def test_ordinary_business_text_is_left_alone(finder: PersonalDataFinder, text: str) -> None:
    assert finder.find(text) == []


@given(
    day=st.dates(date(1930, 1, 1), date(2079, 12, 31)),
    form=st.sampled_from(["%d.%m.%Y", "%d-%m-%Y", "%m-%d-%Y", "%Y-%m-%d", "%Y.%m.%d", "%d %m %Y"]),
    text=st.sampled_from(
        ["Contact: the office | Opened: {} | Tel: none", "call us, phone number since {}", "mobile {}."]
    ),
)
def test_a_date_beside_words_of_telephones_is_none(finder: PersonalDataFinder, day: date, form: str, text: str) -> None:
    assert finder.find(text.format(day.strftime(form))) == []


@pytest.mark.parametrize("years", ["2019-2024", "1998 2003"])
def test_a_span_of_years_is_no_telephone_number(finder: PersonalDataFinder, years: str) -> None:
    assert finder.find(f"Contact by phone, in the years {years}") == []


@pytest.mark.parametrize(
    "disguised",
    [
        "4\u200b1\u200b1\u200b1 1111 1111 1111",  # zero-width spaces
        "４１１１ １１１１ １１１１ １１１１",  # noqa: RUF001 - full-width digits
        "4lll 1111 I111 1l11",
        "٤١١١ ١١١١ ١١١١ ١١١١",  # noqa: RUF001 - Arabic digits
        "4111\u00a01111\u00a01111\u00a01111",
        "4111\u20111111\u20111111\u20111111",
        base64.b64encode(b"my card is 4111 1111 1111 1111").decode(),
    ],
)
def test_disguised_card_numbers_are_found_where_they_stand(finder: PersonalDataFinder, disguised: str) -> None:
    text = f"It is {disguised} indeed"

    [finding] = finder.find(text)

    assert finding.kind == "CREDIT_CARD"
    assert text[finding.start : finding.end] == disguised


def test_names_need_to_be_asked_for() -> None:
    finder = PersonalDataFinder(("PERSON", "LOCATION"), score_threshold=0.5)
    text = "My name is Efimiya Ionova and I moved here from Fortaleza"

    assert [text[f.start : f.end] for f in finder.find(text)] == ["Efimiya Ionova", "Fortaleza"]


def test_allowed_texts_and_domains_are_not_personal() -> None:
    finder = PersonalDataFinder(NUMBERS, score_threshold=0.5, allow=("@example.org", "+44 20 7946 0958"))

    assert finder.find("write to jane.roe@example.org or call +44 20 7946 0958") == []
    assert finder.find("write to jane.roe@example.com") != []


def test_an_unknown_entity_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ConfigurationError) as caught:
        PersonalDataFinder(("CREDIT_KART",), score_threshold=0.5)
    assert "CREDIT_KART" in caught.value.message
    assert "CREDIT_CARD" in caught.value.hint


@pytest.mark.parametrize(
    "unit",
    ["1 ", "1-", "a@", "a.", ":", "(", "\n", "Main Street 12, ", "lives at 1 ", "ab:", "http://", "👋", "Mr. A", "Aa "],
)
def test_input_made_to_slow_expressions_takes_bounded_time(finder: PersonalDataFinder, unit: str) -> None:
    text = (unit * 8_000)[:8_000]
    start = time.process_time()

    finder.find(text)

    assert time.process_time() - start < 5


def test_a_long_text_full_of_it_takes_bounded_time() -> None:
    finder = PersonalDataFinder(("PERSON", "TITLE", "IP_ADDRESS"), score_threshold=0.5)
    text = "Mr. A 10.1.2.3 " * 800
    start = time.process_time()

    found = finder.find(text)

    assert time.process_time() - start < 5
    assert len([f for f in found if f.kind == "IP_ADDRESS"]) == 800


def test_nothing_is_cut_where_a_long_text_is_looked_at_in_pieces() -> None:
    finder = PersonalDataFinder(("EMAIL_ADDRESS", "CREDIT_CARD"), score_threshold=0.5)
    for before in range(PIECE - 2 * OVERLAP, PIECE + OVERLAP, 7):
        text = (
            "word " * (before // 5)
            + "x" * (before % 5)
            + " jane.roe@example.com or 4111 1111 1111 1111. "
            + "word " * 90
        )
        assert [text[f.start : f.end] for f in finder.find(text)] == ["jane.roe@example.com", "4111 1111 1111 1111"]


def test_one_character_stands_for_a_few_at_most() -> None:
    assert normalise("㌔").text == "キロ"
    assert normalise("\ufdfa" * 9).text == "\ufdfa" * 9


def test_a_greek_word_stays_greek_and_a_mixed_one_does_not() -> None:
    assert normalise("ΑΓΙΟΣ 4").text == "ΑΓΙΟΣ 4"
    assert normalise("ignоre").text == "ignore"  # noqa: RUF001 - the o is Cyrillic


def test_marked_texts_reach_the_promised_score(shared_data: Path) -> None:
    texts = json.loads((shared_data / "pii" / "presidio_synth_500.json").read_text(encoding="utf-8"))[::3]
    entities = (*NUMBERS, "STREET_ADDRESS", "DATE_TIME", "URL", "ZIP_CODE", "AGE", "PERSON", "LOCATION", "NRP")
    finder = PersonalDataFinder((*entities, "ORGANIZATION", "TITLE"), score_threshold=0.3)
    both = found = marked = 0
    for entry in texts:
        said = {i for f in finder.find(entry["full_text"]) for i in range(f.start, f.end)}
        true = {i for s in entry["spans"] for i in range(s["start_position"], s["end_position"])}
        both, found, marked = both + len(said & true), found + len(said), marked + len(true)
    precision, recall = both / found, both / marked
    assert 5 * precision * recall / (4 * precision + recall) > 0.88
