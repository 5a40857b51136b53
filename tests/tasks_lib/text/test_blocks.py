"""Blocks of fragments of text, and the statements that they hold."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks_lib.text.blocks import blocks
from tasks_lib.text.sentences import split_sentences


def said(text: str) -> list[tuple[str, str]]:
    return [(s.kind, " ".join(s.text.split())) for s in split_sentences(text)]


def test_lines_of_a_column_are_one_sentence() -> None:
    text = (
        "Of all women that were screened at 50 to\n69, and 25 % are diagnosed within the\nfirst year. The rest later."
    )
    assert said(text) == [
        ("prose", "Of all women that were screened at 50 to 69, and 25 % are diagnosed within the first year."),
        ("prose", "The rest later."),
    ]


def test_short_lines_are_not_prose() -> None:
    assert said("Topics\nEnquiries by topic\nTopic Enquiries") == [
        ("prose", "Topics"),
        ("prose", "Enquiries by topic"),
        ("prose", "Topic Enquiries"),
    ]


@pytest.mark.parametrize("text", ["Notice period:\nthree months", "Customer number\n4711", "Preis\n12,50 €"])
def test_a_value_on_the_line_below_its_label_belongs_to_it(text: str) -> None:
    assert said(text) == [("prose", " ".join(text.split()))]


def test_code_is_whole_and_has_the_sentence_that_introduces_it() -> None:
    text = "To start it. Run this:\n\n```sh\n# first\nrun --all\n\n  --now. Or later\n```\n\nDone."
    code = next(s for s in split_sentences(text) if s.kind == "code")
    assert code.text == text[text.index("```") : text.rindex("```") + 3]
    assert code.lead == "Run this:"
    assert [kind for kind, _ in said(text)] == ["prose", "prose", "code", "prose"]


def test_a_fragment_may_begin_inside_code() -> None:
    assert said("  name: x\n  value: y\n```\n\nThe next sentence.")[0][0] == "code"
    assert said("```yaml\na: b\n") == [("code", "```yaml a: b")]


def test_an_item_has_all_its_lines_and_nested_items_their_own_lead() -> None:
    text = (
        "There are limits:\n\n* `MAX`: attempts before\nsomebody is locked out. Default: 5.\n"
        "* Others are:\n    - one\n    - two\n"
    )
    parts = split_sentences(text)
    assert [" ".join(s.text.split()) for s in parts][1] == "`MAX`: attempts before somebody is locked out. Default: 5."
    assert [s.lead for s in parts] == ["", "There are limits:", "There are limits:", "Others are:", "Others are:"]


def test_a_row_has_caption_and_header() -> None:
    text = "Table 3 - Issuance\n\n| | Q1 | Total |\n|---|---|---|\n| 2006 | 74.7 | 367.1 |\n"
    assert split_sentences(text)[-1].lead == "Table 3 - Issuance\n| | Q1 | Total |"


def test_a_fragment_that_begins_inside_a_table_has_no_header() -> None:
    text = "| Oslo | 210 |\n| Rome | 180 |\n"
    assert [(s.text, s.lead) for s in split_sentences(text)] == [("| Oslo | 210 |", ""), ("| Rome | 180 |", "")]


def test_what_is_struck_out_is_not_said() -> None:
    assert said("~~The fee is 20 euros.~~\nThe fee is 30 euros.\n\n- ~~old~~\n- new\n") == [
        ("prose", "The fee is 30 euros."),
        ("item", "new"),
    ]


def test_front_matter_pictures_and_first_lines_of_notes_are_not_said() -> None:
    text = "---\ntitle: Storage\nsort_rank: 5\n---\n\n![a](b.png) ![c](d.png)\n\n> [!NOTE]\n> It is small.\n"
    assert [part for _, part in said(text)] == ["> It is small."]


LINES = st.sampled_from(
    [
        *("", "A sentence ends here.", "and goes on", "- item", "    - nested", "1. step", "| a | b |", "|---|---|"),
        *("# Head", "```", "```sh", "    code", "Label:", "12 %", "~~gone~~", "> quoted", "Table 1: T", "---"),
        *("!!! note", "\f", "| k: v |"),
    ]
)


@given(st.lists(LINES, max_size=25))
def test_every_sentence_is_an_exact_span_and_none_overlap(lines: list[str]) -> None:
    text = "\n".join(lines)
    parts = split_sentences(text)
    assert all(text[s.start : s.end] == s.text and s.text == s.text.strip() and s.text for s in parts)
    assert all(one.end <= other.start for one, other in pairwise(parts))


@given(st.lists(LINES, max_size=25))
def test_blocks_hold_every_line_once(lines: list[str]) -> None:
    text = "\n".join(lines)
    found = list(blocks(text))
    assert all(one.end <= other.start for one, other in pairwise(found))
    outside = text
    for block in reversed(found):
        outside = outside[: block.start] + outside[block.end :]
    front = text.startswith("---")  # front matter is left out
    assert front or not outside.strip()
