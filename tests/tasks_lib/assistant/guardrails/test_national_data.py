"""Numbers that states give to people, in their forms, with their checks, among words of any script."""
# ruff: noqa: RUF001 - texts in many scripts

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.pl import pesel

from tasks_lib.assistant.guardrails.personal_data.finder import PersonalDataFinder

KINDS = ("NATIONAL_ID", "TAX_ID", "VEHICLE_PLATE", "PHONE_NUMBER", "EMAIL_ADDRESS", "DATE_OF_BIRTH", "STREET_ADDRESS")
FINDER = PersonalDataFinder(KINDS, score_threshold=0.5)


def found(text: str) -> list[tuple[str, str]]:
    return [(finding.kind, text[finding.start : finding.end]) for finding in FINDER.find(text)]


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("Meine Steuer-ID ist 36574261809.", "TAX_ID", "36574261809"),
        ("Meine AHV-Nummer: 756.9217.0769.85", "NATIONAL_ID", "756.9217.0769.85"),
        ("Mi DNI es 54362315K.", "NATIONAL_ID", "54362315K"),
        ("Il mio codice fiscale è RCCMNL83S18D969H", "TAX_ID", "RCCMNL83S18D969H"),
        ("Mijn BSN is 1112.22.333", "NATIONAL_ID", "1112.22.333"),
        ("Mój PESEL to 44051401359.", "NATIONAL_ID", "44051401359"),
        ("Meu CPF é 390.533.447-05", "TAX_ID", "390.533.447-05"),
        ("我的身份证号是360426199101010071，谢谢", "NATIONAL_ID", "360426199101010071"),
        ("我的车牌号是京A12345。", "VEHICLE_PLATE", "京A12345"),
        ("请拨打电话13812345678联系我", "PHONE_NUMBER", "13812345678"),
        ("邮箱li.wei@example.cn有效吗", "EMAIL_ADDRESS", "li.wei@example.cn"),
        ("Ich bin am 5. Mai 1980 geboren.", "DATE_OF_BIRTH", "5. Mai 1980"),
        ("Je suis née le 12 mars 1990.", "DATE_OF_BIRTH", "12 mars 1990"),
        ("生年月日は1985年3月21日です", "DATE_OF_BIRTH", "1985年3月21日"),
        ("Das Kennzeichen ist B-MW 1234", "VEHICLE_PLATE", "B-MW 1234"),
        ("地址：北京市朝阳区建国路88号", "STREET_ADDRESS", "北京市朝阳区建国路88号"),
        ("住所は東京都新宿区西新宿2丁目8番1号です", "STREET_ADDRESS", "東京都新宿区西新宿2丁目8番1号"),
    ],
)
def test_what_a_state_gives_is_found_in_its_form(text: str, kind: str, value: str) -> None:
    assert any(own == kind and value in shown for own, shown in found(text)), found(text)


@pytest.mark.parametrize(
    "text",
    [
        "Bestellung 36574261809 ist unterwegs.",
        "Mi DNI es 54362315A.",
        "The place in week 6 lasts 45 minutes",
        "Das Gesetz von 1990 gilt seit dem 5. Mai 1980.",
        "人口8500000人，面积1234平方公里。",
        "Artikel 44051401359 kostet 20 Euro",
    ],
)
def test_a_number_without_its_word_or_its_check_is_none(text: str) -> None:
    assert found(text) == []


@given(st.integers(0, 99_999_999))
def test_a_spanish_identity_number_is_found_by_its_letter_only(number: int) -> None:
    letters = "TRWAGMYFPDXBNJZSQVHLCKE"
    right = letters[number % 23]
    assert found(f"DNI {number:08}{right}") == [("NATIONAL_ID", f"{number:08}{right}")]
    wrong = letters[(number + 1) % 23]
    assert ("NATIONAL_ID", f"{number:08}{wrong}") not in found(f"Codigo {number:08}{wrong}")


@given(
    st.dates(date(1930, 1, 1), date(1999, 12, 31)),
    st.integers(0, 9999),
    st.sampled_from(["我的号码是", "番号は", "เลข"]),
)
def test_letters_that_join_words_hide_no_number(born: date, serial: int, before: str) -> None:
    digits = f"{born:%y%m%d}{serial:04}"
    number = digits + pesel.calc_check_digit(digits)
    assert ("NATIONAL_ID", number) in found(f"PESEL {before}{number}号")
