"""Where an answer ends before its end."""

from hypothesis import given
from hypothesis import strategies as st

from serving.cut import Cut

TEXTS = st.text("ab é中.\n-", max_size=40)
STOPS = st.lists(st.text("ab .", min_size=1, max_size=3), max_size=3)


@given(TEXTS, STOPS, st.none() | st.integers(1, 12))
def test_what_is_told_as_it_comes_is_what_is_told_at_the_end(text: str, stops: list[str], most: int | None) -> None:
    cut = Cut(stops, most)
    told = cut.of(text)
    shown = 0
    for length in range(len(text) + 1):
        ready = cut.ready(text[:length])
        assert text[:ready] == told[:ready]
        shown = max(shown, ready)
    assert shown <= len(told)
    assert text.startswith(told)
    assert not any(stop in told for stop in stops)


def test_an_answer_ends_after_so_many_tokens_or_before_a_stop_text() -> None:
    text = "Everybody has 27 days. Ask again."
    assert Cut(most_tokens=3).end(text) == (len("Everybody has 27"), "length")
    assert Cut(["Ask"], 50).end(text) == (text.index("Ask"), "stop")
    assert Cut(["Ask"], 2).end(text) == (len("Everybody has"), "length")
    assert Cut(most_tokens=9).end(text) == (len(text), "stop")
