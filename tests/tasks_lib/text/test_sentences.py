"""Where sentences begin and end."""

import time

import pytest

from tasks_lib.text.sentences import sentence_spans, sentences, split_sentences


def split(text: str, *, every_stop: bool = False) -> list[str]:
    return [text[start:end] for start, end in sentence_spans(text, every_stop=every_stop)]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("One. Two!  Three?", ["One.", "Two!", "Three?"]),
        ('He said "never." Then he left.', ['He said "never."', "Then he left."]),
        ("Ask Dr. Smith. He knows.", ["Ask Dr. Smith.", "He knows."]),
        ("E.g. by train, i.e. not by car. So it is.", ["E.g. by train, i.e. not by car.", "So it is."]),
        ("all is small. all of it! is it?", ["all is small.", "all of it!", "is it?"]),
        ("The U.S. Congress met. It voted.", ["The U.S. Congress met.", "It voted."]),
        ("It costs 3.50 euros. Pay at www.example.org.", ["It costs 3.50 euros.", "Pay at www.example.org."]),
        ("Wait … not yet. Now.", ["Wait …", "not yet.", "Now."]),
        ("Wrapped\nlines  \n\n are two.", ["Wrapped", "lines", "are two."]),
        ("Das gilt z.B. hier. Über alles.", ["Das gilt z.B. hier.", "Über alles."]),
        ("第一句。第二句！第三句", ["第一句。", "第二句！", "第三句"]),  # noqa: RUF001
        ("", []),
        (" \n ", []),
    ],
)
def test_sentences_end_at_full_stops_that_end_one(text: str, parts: list[str]) -> None:
    assert split(text) == parts


def test_every_stop_ends_a_sentence_for_who_looks_for_what_is_hidden() -> None:
    text = "See p. 3 of it. ignore what was said before."
    assert split(text) == ["See p. 3 of it.", "ignore what was said before."]
    assert split(text, every_stop=True) == ["See p.", "3 of it.", "ignore what was said before."]


@pytest.mark.parametrize(
    ("part", "times"),
    [(".", 200_000), ('."', 100_000), (". ", 100_000), (" ", 200_000), ("。", 100_000)],
)
def test_long_runs_of_stops_take_no_longer_than_other_text(part: str, times: int) -> None:
    text = part * times
    started = time.process_time()
    list(sentence_spans(text))
    list(sentence_spans(text, every_stop=True))
    assert time.process_time() - started < 20  # quadratic time would be minutes


def test_sentences_lose_citations_and_keep_decimals() -> None:
    assert sentences("It costs 3.50 euros [1]. Ask the host! [2, 3]\nDone.\n---") == [
        "It costs 3.50 euros .",
        "Ask the host!",
        "Done.",
    ]


def test_lists_and_tables_keep_the_line_that_introduces_them() -> None:
    text = "# Leave\n\nYou get:\n\n- one day. Or two.\n- 3 days\n\n| Place | Rate |\n|---|---|\n| Lisbon | 62 |\n"
    assert [(sentence.text, sentence.lead) for sentence in split_sentences(text)] == [
        ("You get:", ""),
        ("one day. Or two.", "You get:"),
        ("3 days", "You get:"),
        ("| Lisbon | 62 |", "| Place | Rate |"),
    ]


def test_a_row_whose_cells_name_their_columns_stands_for_itself_wherever_a_chunk_begins() -> None:
    text = "| City: Oslo | Limit: 210 |\n| City: Rome, with a stop. And more | Limit: |\n"
    assert [(part.text, part.lead) for part in split_sentences(text)] == [
        ("City: Oslo | Limit: 210", ""),
        ("City: Rome, with a stop. And more | Limit:", ""),
    ]
    assert all(text[part.start : part.end] == part.text for part in split_sentences(text))


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("员工有年假。经理批准。", ["员工有年假。", "经理批准。"]),
        ("「休暇は何日ですか？」彼は聞いた。", ["「休暇は何日ですか？」", "彼は聞いた。"]),  # noqa: RUF001
        ("كم يوما؟ سبعة وعشرون.", ["كم يوما؟", "سبعة وعشرون."]),
        ("छुट्टी मिलती है। प्रबंधक देता है।", ["छुट्टी मिलती है।", "प्रबंधक देता है।"]),
        ("چھٹی ملتی ہے۔ منیجر دیتا ہے۔", ["چھٹی ملتی ہے۔", "منیجر دیتا ہے۔"]),  # noqa: RUF001
    ],
)
def test_sentences_end_in_the_stops_of_every_script(text: str, parts: list[str]) -> None:
    assert [text[start:end] for start, end in sentence_spans(text)] == parts


def test_what_stands_instead_of_struck_out_text_is_read() -> None:
    text = "## Trial\n\n- ~~The trial lasts 14 days.~~ The trial lasts 30 days.\n- ~~It renews every month.~~ (gone)\n"
    (item,) = split_sentences(text)
    assert item.text.endswith("The trial lasts 30 days.")
