"""From findings to what is let through."""

import regex
from hypothesis import given
from hypothesis import strategies as st

from tasks_lib.assistant.guardrails.detection import Finding
from tasks_lib.assistant.guardrails.outcome import masked, redacted

CLUSTERS = st.sampled_from(["a", " ", "4111", "क्षि", "👩‍👩‍👧", "🇩🇪", "中", "é", "שָׁ", "\r\n"])


@st.composite
def findings(draw: st.DrawFn) -> tuple[str, list[Finding]]:
    text = "".join(draw(st.lists(CLUSTERS, min_size=1, max_size=15)))
    places = draw(st.lists(st.tuples(st.integers(0, len(text)), st.integers(0, len(text))), max_size=4))
    return text, [Finding(kind="CARD", start=a, end=b, score=1.0) for a, b in places if a < b]


@given(found=findings())
def test_a_mask_leaves_whole_graphemes_and_nothing_of_what_was_found(found: tuple[str, list[Finding]]) -> None:
    text, spans = found
    clusters = [(match.start(), match.end()) for match in regex.finditer(r"\X", text)]
    kept = [(a, b) for a, b in clusters if not any(span.start < b and a < span.end for span in spans)]
    shown = masked(text, spans).split("<CARD>")
    assert "".join(shown) == "".join(text[a:b] for a, b in kept)
    blacked = redacted(text, spans)
    assert len(blacked) == len(text)
    assert all(blacked[a:b] == text[a:b] for a, b in kept)
    covered = (n for span in spans for n in range(span.start, span.end))
    assert all(blacked[n] == "█" or text[n].isspace() for n in covered)
