"""What is found, however it is written, and what is not: texts about others."""

import html
import json
import unicodedata
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks_lib.errors import InputError
from tasks_lib.forgetting.needles import GONE, Needles, of_document, of_records, of_value
from tasks_lib.forgetting.redaction import holds, redacted_file, redacted_json, redacted_text
from tasks_lib.text.occurrences import words_of

NAME = "Wilhelmina Größer-O'Brien"


@pytest.mark.parametrize(
    "written",
    [
        f"Ask {NAME}.",
        f"Ask {NAME.upper()}.",
        "Ask Wilhelmina\nGrößer - O'Brien",
        f"Ask {html.escape(NAME)}",
        f"ask?who={quote(NAME)}&x=1",
        unicodedata.normalize("NFD", NAME),
        json.dumps(f"\n{NAME}"),
        json.dumps({"deep": json.dumps({"er": f"x\t{NAME}"})}),
        f"<script>var x = {json.dumps(f'line{chr(10)}{NAME}')}</script>",
        "wilhelmina_größer_o'brien.pdf",
    ],
)
def test_a_name_is_found_however_it_is_written(written: str) -> None:
    found = redacted_text(written, of_value(NAME))
    assert GONE in found
    assert "rien" not in found.lower()


@pytest.mark.parametrize("other", ["Annabel Lee", "Ann Leeds", "the annual leave", "Joann Lee"])
def test_a_name_is_not_found_in_longer_words(other: str) -> None:
    assert redacted_text(other, of_value("Ann Lee")) == other


@pytest.mark.parametrize("value", ["", "a", "ab", "  ", "--", "é"])
def test_what_is_too_short_is_refused(value: str) -> None:
    with pytest.raises(InputError, match="letters or digits"):
        of_value(value)


def test_a_name_in_chinese_may_be_of_two_characters() -> None:
    assert GONE in redacted_text("联系 王伟 。", of_value("王伟"))


@given(
    st.lists(st.text("abcdefß0123456789", min_size=3, max_size=8), min_size=1, max_size=4),
    st.recursive(st.text(max_size=20), lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner)),
)
def test_what_was_planted_is_gone_and_nothing_else(words: list[str], around: object) -> None:
    value = " ".join(words)
    needles = of_value(value)
    planted = {"a": [around, f"({value})"], "b": json.dumps({"c": f"{value}, again", "d": around})}
    changed = redacted_json(planted, needles)
    assert not holds(changed, needles)
    if not holds(around, needles):
        assert changed["a"] == [around, f"({GONE})"]
        assert json.loads(changed["b"]) == {"c": f"{GONE}, again", "d": around}


PLANTED = "The Zebrafish club meets in room QX7731 every Thursday. Its speaker is Wilhelmina Quarkstein."
OTHER = "The chess club meets every Thursday in the canteen. Its speaker is elected for one year."


def test_a_document_is_known_by_what_only_it_says() -> None:
    needles = of_document("clubs/zebra.md", [PLANTED], [OTHER], only_path=True)
    assert needles.found_in("It is in clubs/zebra.md, page 3")
    assert not needles.found_in("It is in old/clubs/zebra.md.bak or in clubs/zebra.markdown")
    assert needles.found_in("room qx7731")
    assert needles.found_in("Ask Mrs Quarkstein")
    assert needles.found_in("the zebrafish club meets in a barn")
    assert not needles.found_in(OTHER)
    assert not needles.found_in("Where is the club? Who is its speaker?")
    assert words_of(needles.without(PLANTED)) != words_of(PLANTED)


def test_a_path_that_two_sources_have_is_no_mark_of_one_document() -> None:
    needles = of_document("readme.md", [PLANTED], [OTHER], only_path=False)
    assert not needles.found_in("see readme.md")


def test_words_in_capitals_are_no_names_where_every_noun_has_one() -> None:
    text = "Hier gilt die Urlaubsordnung von 2031."
    assert of_document("a.md", [text], [], only_path=True).found_in("Was sagt eine Urlaubsordnung?")
    german = of_document("a.md", [text], [], only_path=True, capitals=False)
    assert not german.found_in("Was sagt eine Urlaubsordnung?")
    assert german.found_in("im Jahr 2031")


def test_of_an_object_that_names_an_answer_every_text_goes_and_numbers_stay() -> None:
    needles = of_records(["tr-1234"], ["May I bring my dog to work?"])
    row = {"trace_id": "tr-1234", "question": "Dog?", "score": 0.5, "why": ["it was bad"]}
    assert redacted_json({"worst": [row, {"trace_id": "tr-99"}]}, needles) == {
        "worst": [
            {"trace_id": GONE, "question": GONE, "score": 0.5, "why": [GONE]},
            {"trace_id": "tr-99"},
        ]
    }
    assert redacted_text("# Report\nanswer tr-1234", needles) == GONE
    assert redacted_text("may I  bring my dog to work", needles) == GONE


def test_files_lose_it_and_stay_what_they_are() -> None:
    needles = of_value("QX7731")
    lines = json.dumps({"a": "QX7731"}) + "\n" + json.dumps({"b": 1}) + "\n"
    assert redacted_file("x.jsonl", lines.encode(), needles) == (json.dumps({"a": GONE}) + '\n{"b": 1}\n').encode()
    assert redacted_file("x.txt", "Größe\x00 qx7731".encode(), needles) == f"Größe\x00 {GONE}".encode()
    assert redacted_file("x.bin", b"\xff\xfe QX7731", needles) is None
    assert redacted_file("x.bin", b"\xff\xfe QX77312", needles) == b"\xff\xfe QX77312"


def test_a_table_loses_it_cell_by_cell() -> None:
    import io

    import pyarrow as pa
    import pyarrow.parquet as pq

    written = io.BytesIO()
    pq.write_table(pa.table({"text": ["a QX7731", None], "list": [["QX7731"], []], "n": [1.5, 2.5]}), written)
    changed = redacted_file("rows.parquet", written.getvalue(), of_value("QX7731"))
    assert changed is not None
    table = pq.read_table(io.BytesIO(changed))
    assert table.to_pydict() == {"text": [f"a {GONE}", None], "list": [[GONE], []], "n": [1.5, 2.5]}
    assert redacted_file("rows.parquet", written.getvalue(), Needles(values=["absent"])) == written.getvalue()
