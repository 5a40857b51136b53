"""Where a text may be cut."""

import regex
from hypothesis import given
from hypothesis import strategies as st

from tasks_lib.text.graphemes import grapheme_end, grapheme_start, shown_end

GRAPHEMES = st.sampled_from(
    ["a", " ", "\r\n", "é", "e\u0301", "நி", "क्षि", "각", "👩‍👩‍👧‍👦", "🇩🇪", "👍🏽", "中", "กำ", "שָׁ", "ﷺ", "❤️", "1️⃣"]
)
TEXTS = st.lists(GRAPHEMES, max_size=20).map("".join)


def boundaries(text: str) -> set[int]:
    return {0, *(match.end() for match in regex.finditer(r"\X", text))}


@given(text=TEXTS, data=st.data())
def test_a_place_moves_to_the_nearest_boundary_on_either_side(text: str, data: st.DataObject) -> None:
    position, cuts = data.draw(st.integers(0, len(text))), boundaries(text)
    assert grapheme_start(text, position) == max(cut for cut in cuts if cut <= position)
    assert grapheme_end(text, position) == min(cut for cut in cuts if cut >= position)


@given(text=st.text(), data=st.data())
def test_any_place_of_any_text_is_taken(text: str, data: st.DataObject) -> None:
    position = data.draw(st.integers(0, len(text)))
    assert grapheme_start(text, position) <= position <= grapheme_end(text, position)


@given(text=TEXTS, data=st.data())
def test_what_is_shown_of_a_text_that_goes_on_ends_with_a_whole_grapheme(text: str, data: st.DataObject) -> None:
    come = text[: data.draw(st.integers(0, len(text)))]
    end = shown_end(come)
    assert end in boundaries(text) or come[end - 1].isascii()
    assert len(come) - end <= 20
