"""Tables of contents are left out of chunks, and nothing else is."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks_lib.ingestion.contents import is_entry, passed_over

ENTRIES = ["- [Install](#install)", "  * [On Linux](#on-linux)", "1. [Use it](#use-it)", "[More](#more)"]
PRINTED = ["1.1 Termination ........ 3", "1.2 Renewal . . . . . . 14", "Foreword …… iv"]
PROSE = [
    *("Run it once.", "See [Use](#use-it).", "- [Site](https://example.org)", "Wait ....", "Total ........ 3 euros"),
    *("........ 3", "- item", "| a | b |", "2027", "[x](#a) and more"),
]


@pytest.mark.parametrize("line", [*ENTRIES, *PRINTED])
def test_links_to_places_of_the_page_and_page_numbers_behind_dots_are_entries(line: str) -> None:
    assert is_entry(line)


@pytest.mark.parametrize("line", PROSE)
def test_other_lines_are_none(line: str) -> None:
    assert not is_entry(line)


def test_two_links_are_no_table_of_contents_and_a_page_of_nothing_else_is_read() -> None:
    assert not list(passed_over("Before.\n" + "\n".join(ENTRIES[:2]) + "\nAfter."))
    assert not list(passed_over("\n\n".join(ENTRIES)))


@given(st.lists(st.tuples(st.booleans(), st.integers(1, 6), st.sampled_from(["\n", "\r\n", "\n\n"])), max_size=8))
@settings(deadline=None)
def test_runs_of_entries_are_left_out_and_every_other_line_stays(runs: list[tuple[bool, int, str]]) -> None:
    lines = ["Begin.\n"]
    expected = list(lines)
    for (listed, count, end), following in pairwise([*runs, (False, 1, "\n")]):
        source = [*ENTRIES, *PRINTED] if listed else PROSE
        run = [source[number % len(source)] + end for number in range(count)]
        lines += run
        joined = listed and following[0]
        if joined:  # the next run goes on with this one
            lines.append("Between.\n")
        expected += [] if listed and count >= 3 else run
        expected += ["Between.\n"] if joined else []
    text = "".join(lines)
    spans = [*passed_over(text), (len(text), len(text))]
    kept = [
        text[left:right] for left, right in zip([0, *(end for _, end in spans)], (s for s, _ in spans), strict=False)
    ]
    assert "".join(kept).split() == "".join(expected).split()
