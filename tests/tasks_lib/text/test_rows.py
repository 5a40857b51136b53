"""Files of rows as editors and spreadsheets save them: every text comes back, every wrong row is named."""

import codecs
import csv
import io
import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tasks_lib.errors import InputError
from tasks_lib.text.forms import encodable
from tasks_lib.text.rows import WrongRows, lines_of, read_rows

FAMILY = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
SEPARATORS = "\u2028\u2029\x85\x0b\x0c\x1c\x1d\x1e"
TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]) | st.sampled_from(SEPARATORS + ',;\t|"'))
FILLED = TEXTS.filter(lambda text: text.strip() and "\r" not in text and "\x00" not in text).map(str.strip)
ENCODINGS = st.sampled_from(["utf-8", "utf-8-sig", "utf-16"])


def read(file: Path) -> list[tuple[int, dict[str, object]]]:
    wrong = WrongRows(str(file))
    rows = list(read_rows(file, wrong))
    wrong.raise_any()
    return rows


@FAMILY
@given(
    rows=st.lists(st.dictionaries(TEXTS, TEXTS | st.integers() | st.none(), min_size=1), min_size=1, max_size=5),
    encoding=ENCODINGS,
    end=st.sampled_from(["\n", "\r\n"]),
    plain=st.booleans(),
    last=st.booleans(),
)
def test_json_lines_come_back(
    tmp_path: Path, rows: list[dict[str, object]], encoding: str, end: str, plain: bool, last: bool
) -> None:
    text = end.join(json.dumps(row, ensure_ascii=plain) for row in rows) + (end if last else "")
    file = tmp_path / "q.jsonl"
    file.write_bytes(text.encode(encoding))
    assert read(file) == list(enumerate(rows, start=1))


@FAMILY
@given(text=st.text(st.characters(categories=["Cs", "L"]), min_size=1))
def test_half_a_character_in_a_row_is_shown_as_none(tmp_path: Path, text: str) -> None:
    file = tmp_path / "q.jsonl"
    file.write_text(json.dumps({text: text}))
    ((_, row),) = read(file)
    assert row == {encodable(text): encodable(text)}


@FAMILY
@given(
    rows=st.lists(st.tuples(FILLED, FILLED, FILLED), min_size=1, max_size=5),
    delimiter=st.sampled_from(",;\t|"),
    encoding=ENCODINGS,
    end=st.sampled_from(["\n", "\r\n"]),
    quoting=st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]),
    declared=st.booleans(),
)
def test_tables_come_back_whatever_divides_their_columns(
    tmp_path: Path,
    rows: list[tuple[str, str, str]],
    delimiter: str,
    encoding: str,
    end: str,
    quoting: int,
    declared: bool,
) -> None:
    written = io.StringIO(newline="")
    writer = csv.writer(written, delimiter=delimiter, lineterminator=end, quoting=quoting)  # type: ignore[arg-type]
    names = ("question", "answer", "document")
    writer.writerows([names, *rows])
    text = (f"sep={delimiter}{end}" if declared else "") + written.getvalue()
    file = tmp_path / "q.csv"
    file.write_bytes(text.encode(encoding))
    assert [row for _, row in read(file)] == [dict(zip(names, row, strict=True)) for row in rows]


@FAMILY
@given(st.lists(st.booleans(), min_size=1, max_size=60), st.sampled_from(["[1]", "{", '"text"', "nothing"]))
def test_every_wrong_row_is_named_in_one_run(tmp_path: Path, good: list[bool], bad: str) -> None:
    file = tmp_path / "q.jsonl"
    file.write_text("\n".join('{"question": "Who?"}' if right else bad for right in good), encoding="utf-8")
    wrong = [number for number, right in enumerate(good, start=1) if not right]
    if not wrong:
        assert len(read(file)) == len(good)
        return
    with pytest.raises(InputError) as caught:
        read(file)
    said = caught.value.message.replace(",", " ").replace(":", " ").split()
    assert [int(word) for word in said if word.isdigit() and int(word) <= len(good)][-len(wrong) :] or len(wrong) == 1
    for number in wrong:
        assert str(number) in said


def test_a_row_with_too_many_cells_and_quotes_that_never_end_are_named_together(tmp_path: Path) -> None:
    file = tmp_path / "q.csv"
    file.write_text('question;answer\nWho?;a;b\nWhy?;c\nHow?;"d\n', encoding="utf-8")
    with pytest.raises(InputError, match=r"2 wrong rows") as caught:
        read(file)
    assert "line 2: more cells than the header" in caught.value.message
    assert "line 4" in caught.value.message


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_excels_semicolons_and_numbers_are_understood(tmp_path: Path, encoding: str) -> None:
    text = 'question;answer;document\nWhat is the quay fee?;"1.234,50 euros";comp.md\n'
    (tmp_path / "q.csv").write_bytes(text.encode(encoding))
    expected = {"question": "What is the quay fee?", "answer": "1.234,50 euros", "document": "comp.md"}
    assert read(tmp_path / "q.csv") == [(2, expected)]


def test_a_file_in_another_encoding_is_told(tmp_path: Path) -> None:
    (tmp_path / "q.jsonl").write_bytes(codecs.encode('{"question": "Für wen?"}', "latin-1"))
    with pytest.raises(InputError, match="not UTF-8"):
        read(tmp_path / "q.jsonl")


@given(TEXTS)
def test_lines_end_at_line_feeds_only(text: str) -> None:
    assert "\n".join(lines_of(text)) == text.replace("\r\n", "\n").removesuffix("\n").removesuffix("\r")
