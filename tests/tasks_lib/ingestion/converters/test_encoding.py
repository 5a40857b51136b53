"""Bytes become the text that was meant, or it is said that this is not sure."""

# ruff: noqa: RUF001  (letters of other alphabets are what this is about)

import codecs
import encodings.aliases
import io
from itertools import product

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tasks_lib.ingestion.converters.convert import convert
from tasks_lib.ingestion.converters.converted import UnreadableDocumentError
from tasks_lib.ingestion.converters.encoding import decode
from tasks_lib.text.forms import composed

SCRIPTS = {
    "latin": "äöüßÄÖÜéèêçñåøæąęłśżőűşğıëï€–„“",
    "cyrillic": "абвгдежзийклмнопрстуфхцчшщъыьэюяАБВґіїєјљћ",
    "greek": "αβγδεζηθικλμνξοπρσςτυφχψωάέήίόύώ",
    "hebrew": "אבגדהוזחטיכלמנסעפצקרשתםןץףך",
    "arabic": "ابتثجحخدذرزسشصضطظعغفقكلمنهوي،؟",
    "thai": "กขคงจฉชซญณดตถทธนบปผพภมยรลวสหอะาิีึุูเแโใไ่้",
    "japanese": "あいうえおかきくけこアイウエオカキクケコ倉庫朝八時開返品十四日以内",
    "chinese": "仓库早上八点开门晚六关通行证由三楼的保安发放退货期限为十四天",
    "korean": "창고는오전에엽니다반품일이내",
}
NOT_OF_FILES = {
    # their bytes are ASCII, whatever they say: nothing tells them from it
    "utf_7",
    # without a mark, and without a zero byte where the text has no letter of ASCII
    *("utf_16_le", "utf_16_be"),
}


def holds(encoding: str, alphabet: str) -> bool:
    """Whether an encoding of the standard library is one of texts in `alphabet`, and keeps ASCII where it is."""
    try:
        sample = alphabet[: len(alphabet) // 2].encode(encoding)
        return sample.decode(encoding) == alphabet[: len(alphabet) // 2] and "a b".encode(encoding)[-1:] in b"b\0\x0f"
    except (LookupError, UnicodeError):
        return False


NAMES = sorted({*encodings.aliases.aliases.values(), "utf_8_sig"} - NOT_OF_FILES)
PAIRS = [(script, name) for script, name in product(SCRIPTS, NAMES) if holds(name, SCRIPTS[script])]


@given(st.data())
def test_any_text_in_any_encoding_of_its_script_is_read_or_doubted(data: st.DataObject) -> None:
    script, encoding = data.draw(st.sampled_from(PAIRS))
    text = data.draw(st.text(SCRIPTS[script] + "abc 12,.", min_size=1, max_size=40))
    try:
        given_bytes = text.encode(encoding)
        meant = given_bytes.decode(encoding)
    except UnicodeError:
        assume(False)
    try:
        found = decode(given_bytes)
    except UnreadableDocumentError:
        return
    if given_bytes.startswith((codecs.BOM_UTF16_BE, codecs.BOM_UTF16_LE)):
        return  # such as юя in windows-1251: a mark is taken for one
    if found.text != composed(meant) and not found.doubt:
        # bytes that are UTF-8 as well are UTF-8
        assert given_bytes.decode("utf-8") == found.text


SENTENCES = [
    ("cp1251", "Склад открыт с восьми утра до шести вечера. Пропуск выдаёт охрана на третьем этаже."),
    ("koi8_r", "Склад открывается в восемь часов. Возврат занимает четырнадцать дней."),
    ("cp866", "Склад открывается в восемь часов. Возврат занимает четырнадцать дней."),
    ("gb18030", "仓库早上八点开门，晚上六点关门。通行证由三楼的保安发放。退货期限为十四天。"),
    ("big5", "倉庫早上八點開門，退貨期限為十四天。"),
    ("shift_jis", "倉庫は朝八時に開きます。返品は十四日以内です。"),
    ("euc_jp", "倉庫は朝八時に開きます。返品は十四日以内です。"),
    ("iso2022_jp", "倉庫は朝八時に開きます。返品は十四日以内です。"),
    ("cp949", "창고는 오전 8시에 엽니다. 반품은 14일 이내입니다."),
    ("cp1250", "Magazyn otwiera się o ósmej. Zwrot zajmuje czternaście dni, prócz świąt. Przepustkę wydaje strażnik."),
    ("iso8859_2", "Sklad se otevírá v osm hodin. Vrácení do čtrnácti dnů, řekl pan Šťastný."),
    ("cp1252", "Grüße aus München: die Öffnungszeiten sind von 8 bis 17 Uhr."),
    ("cp1252", "Le café est fermé à midi, la réunion commence à l’heure."),
    ("cp1252", "El año que viene habrá más días de vacaciones; ¿cuántos?"),
    ("cp1253", "Η αποθήκη ανοίγει στις οκτώ. Επιστροφές σε δεκατέσσερις ημέρες."),
    ("cp1254", "Depo saat sekizde açılır. İade süresi on dört gündür, şğı."),
    ("cp1255", "המחסן נפתח בשמונה. החזרה תוך ארבעה עשר ימים."),
    ("cp1256", "يفتح المستودع في الساعة الثامنة. الإرجاع خلال أربعة عشر يوما."),
    ("utf_16_le", "Größe und Gewicht des Pakets."),
    ("utf_32_be", "Größe und Gewicht des Pakets."),
]


@pytest.mark.parametrize(("encoding", "sentence"), SENTENCES)
def test_a_sentence_in_an_older_encoding_is_read_and_the_guess_is_told(encoding: str, sentence: str) -> None:
    document = convert("a.txt", sentence.encode(encoding))
    assert document.text == sentence
    assert "read as" in document.doubt
    assert "save it as UTF-8" in document.doubt


@given(
    text=st.text(SCRIPTS["latin"] + "abc ,.\n", min_size=4, max_size=60),
    wrong=st.integers(0x80, 0xFF),
    data=st.data(),
)
def test_one_bad_byte_changes_no_other_character(text: str, wrong: int, data: st.DataObject) -> None:
    assume(sum(not character.isascii() for character in text) >= 2)
    place = data.draw(st.integers(0, len(text)))
    before, after = text[:place].encode(), text[place:].encode()
    found = decode(before + bytes([wrong]) + after)
    assert found.text == f"{text[:place]}\ufffd{text[place:]}"
    assert f"the first at byte {len(before)}" in found.doubt


@pytest.mark.parametrize("html", [False, True])
def test_a_mark_of_utf_8_before_other_bytes_decides_nothing(*, html: bool) -> None:
    text = "Grüße aus München: die Öffnungszeiten sind von 8 bis 17 Uhr."
    found = decode(b"\xef\xbb\xbf" + text.encode("cp1252"), html=html)
    assert (found.text, "cp1252" in found.doubt) == (text, True)


PAGE = '<html><head><meta charset="{}"></head><body><p>{}</p></body></html>'
GERMAN, RUSSIAN = "Grüße aus München, schöne Öffnungszeiten für alle.", SENTENCES[0][1]


@pytest.mark.parametrize(
    ("declared", "encoding", "text", "sure"),
    [
        ("utf-16", "utf-8", GERMAN, True),
        ("iso-8859-1", "utf-8", GERMAN, True),
        ("no-such-set", "utf-8", GERMAN, True),
        ("iso-8859-1", "cp1252", GERMAN + " – ja", True),
        ("windows-1251", "cp1251", RUSSIAN, True),
        ("gb2312", "gb18030", SENTENCES[3][1], True),
        ("utf-16", "cp1252", GERMAN, False),
        ("utf-8", "cp1252", GERMAN, False),
        ("no-such-set", "cp1252", GERMAN, False),
        ("shift_jis", "cp1252", GERMAN, False),
        ("iso-8859-1", "cp1251", RUSSIAN, False),
    ],
)
def test_a_page_is_read_as_it_declares_unless_its_bytes_say_otherwise(
    declared: str, encoding: str, text: str, *, sure: bool
) -> None:
    document = convert("a.html", PAGE.format(declared, text).encode(encoding))
    assert text in document.text
    assert (not document.doubt) == sure


def test_an_xml_declaration_counts_as_well() -> None:
    page = f'<?xml version="1.0" encoding="windows-1251"?><html><body><p>{RUSSIAN}</p></body></html>'
    assert decode(page.encode("cp1251"), html=True).text == page


def test_large_files_are_guessed_by_a_part_and_read_whole() -> None:
    text = "A line of plain English text that says nothing.\n" * 4000 + "Grüße aus München: schön.\n" * 50
    found = decode(text.encode("cp1252"))
    assert found.text == text


def test_what_a_format_extracts_is_in_plain_forms_and_what_is_text_stays() -> None:
    import docx

    document = docx.Document()
    document.add_heading("The o\ufb03ce", 1)
    document.add_paragraph("Which o\ufb03ce \ufb01les the \ufb02eet report of \uff12\uff10\uff12\uff16, on 30 m\u00b2?")
    stream = io.BytesIO()
    document.save(stream)
    converted = convert("a.docx", stream.getvalue())
    assert "Which office files the fleet report of 2026, on 30 m\u00b2?" in converted.text
    assert [heading.text for heading in converted.headings] == ["The office"]
    assert convert("a.md", "Liegegebu\u0308hr \uff11\uff12".encode()).text == "Liegeg\u0065b\u00fchr \uff11\uff12"
    assert "u\u0308" not in convert("a.html", b"<p>Liegegebu&#x308;hr is the word of the day in this harbour.</p>").text
    assert "b\u00fchr" in convert("a.json", b'{"a": "Liegegebu\\u0308hr"}').text
