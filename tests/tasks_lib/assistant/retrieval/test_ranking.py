"""Fusion of two rankings, and the selection of passages."""

from dataclasses import replace

import pytest
from haystack import Document
from hypothesis import given
from hypothesis import strategies as st

from tasks_lib.assistant.retrieval.fusion import HybridFusion
from tasks_lib.assistant.retrieval.selection import PassageSelector


def chunk(name: str, start: int, score: float = 0.0, document: str = "leave.md", length: int = 100) -> Document:
    meta = {"source": "s", "document": document, "start": start, "end": start + length, "heading": f"Leave > {name}"}
    return Document(id=name, content=(name * length)[:length], meta=meta, score=score)


def names(documents: list[Document]) -> list[str]:
    return [document.id for document in documents]


def test_what_both_retrievers_find_comes_before_what_one_finds() -> None:
    a, b, c = chunk("a", 0), chunk("b", 5_000), chunk("c", 10_000)
    vector = [replace(a, score=0.9), replace(b, score=0.8), replace(c, score=0.1)]
    keyword = [replace(b, score=12.0), replace(c, score=3.0)]
    fused = HybridFusion(vector_weight=0.5).run(vector=vector, keyword=keyword)["documents"]
    assert names(fused) == ["b", "a", "c"]
    assert [round(d.score or 0, 3) for d in fused] == [0.938, 0.5, 0.0]


def test_the_weight_decides_between_the_lists() -> None:
    vector, keyword = [chunk("a", 0, 0.9), chunk("c", 9_000, 0.1)], [chunk("b", 5_000, 9.0), chunk("c", 9_000, 0.1)]
    for weight, first in ((0.9, "a"), (0.1, "b")):
        fused = HybridFusion(vector_weight=weight, context_weight=0).run(vector=vector, keyword=keyword)
        assert fused["documents"][0].id == first


def test_rank_fusion_ignores_how_far_scores_lie_apart() -> None:
    vector = [chunk("a", 0, 0.9), chunk("b", 5_000, 0.2)]
    keyword = [chunk("b", 5_000, 1_000.0), chunk("a", 0, 0.1)]
    fused = HybridFusion(method="rrf", vector_weight=0.5, context_weight=0).run(vector=vector, keyword=keyword)
    first, second = fused["documents"]
    assert first.score == second.score == pytest.approx((1 + 61 / 62) / 2)


def test_a_chunk_beside_a_good_one_overtakes_a_better_one_that_stands_alone() -> None:
    vector = [
        chunk("best", 1_000, 1.0),
        chunk("alone", 0, 0.6, document="other.md"),
        chunk("beside", 1_101, 0.5),
        chunk("far", 90_000, 0.5),
        chunk("worst", 50_000, 0.0),
    ]
    plain = HybridFusion(vector_weight=1, context_weight=0).run(vector=vector, keyword=[])["documents"]
    assert names(plain)[:2] == ["best", "alone"]
    supported = HybridFusion(vector_weight=1, context_weight=0.5).run(vector=vector, keyword=[])["documents"]
    assert names(supported)[:3] == ["best", "beside", "alone"]
    assert next(d for d in supported if d.id == "far").score == pytest.approx(0.5)


def test_nothing_found_fuses_to_nothing() -> None:
    assert HybridFusion().run(vector=[], keyword=[]) == {"documents": []}


def test_equal_scores_keep_one_order_whatever_the_lists_order() -> None:
    found = [chunk(name, 9_000 * position, 1.0) for position, name in enumerate("abcd")]
    first = HybridFusion().run(vector=found, keyword=[])["documents"]
    second = HybridFusion().run(vector=found[::-1], keyword=[])["documents"]
    assert names(first) == names(second)


def test_selection_takes_the_best_and_drops_what_scores_below_the_threshold() -> None:
    ranking = [chunk("a", 0, 0.9), chunk("b", 500, 0.6), chunk("c", 900, 0.2)]
    assert names(PassageSelector(top_k=2).run(documents=ranking)["documents"]) == ["a", "b"]
    assert names(PassageSelector(score_threshold=0.5).run(documents=ranking)["documents"]) == ["a", "b"]
    assert PassageSelector(score_threshold=2).run(documents=ranking) == {"documents": []}


def test_adjacent_chunks_become_one_passage_at_the_better_ones_place() -> None:
    ranking = [chunk("x", 0, 0.9, "other.md"), chunk("b", 102, 0.8), chunk("z", 5_000, 0.7), chunk("a", 0, 0.6)]
    merged = PassageSelector(merge_neighbours=True).run(documents=ranking)["documents"]
    spans = [(d.meta["document"], d.meta["start"], d.meta["end"], d.score) for d in merged]
    assert spans == [("other.md", 0, 100, 0.9), ("leave.md", 0, 202, 0.8), ("leave.md", 5_000, 5_100, 0.7)]
    joined = merged[1].content or ""
    assert joined.split() == ["a" * 100, "b" * 100]
    assert len(joined) == merged[1].meta["end"] - merged[1].meta["start"]
    assert merged[1].meta["heading"] == "Leave"


def test_overlapping_chunks_are_joined_without_repeating_text() -> None:
    text = "".join(chr(97 + position % 26) for position in range(150))
    left = Document(id="l", content=text[:100], meta=chunk("l", 0).meta, score=0.5)
    right = Document(id="r", content=text[60:150], meta={**chunk("r", 60).meta, "end": 150}, score=0.9)
    (joined,) = PassageSelector(merge_neighbours=True).run(documents=[right, left])["documents"]
    assert joined.content == text
    assert (joined.meta["start"], joined.meta["end"]) == (0, 150)


def test_chunks_that_have_the_span_of_their_document_are_not_joined() -> None:
    pieces = [Document(id=name, content=name, meta={**chunk(name, 0).meta, "end": 200}) for name in ("a", "b")]
    assert PassageSelector(merge_neighbours=True).run(documents=pieces)["documents"] == pieces


@pytest.mark.parametrize(
    "made",
    [
        HybridFusion(method="rrf", vector_weight=0.2, context_weight=0.1, context_characters=77),
        PassageSelector(top_k=3, score_threshold=0.2, merge_neighbours=True, weights={"proposals/*": 0.5}),
    ],
)
def test_components_come_back_from_their_description(made: HybridFusion | PassageSelector) -> None:
    described = made.to_dict()
    assert type(made).from_dict(made.to_dict()).to_dict() == described


@given(st.lists(st.tuples(st.sampled_from(["docs/a.md", "proposals/b.md"]), st.floats(-2, 2)), max_size=12))
def test_documents_that_weigh_less_come_after_those_that_fit_as_well(scored: list[tuple[str, float]]) -> None:
    ranking = [chunk(f"{n}", n, score, path) for n, (path, score) in enumerate(sorted(scored, key=lambda s: -s[1]))]
    found = PassageSelector(top_k=12, weights={"proposals/*": 0.5}).run(documents=ranking)["documents"]
    own = {document.id: document.score or 0.0 for document in ranking}
    for document in found:
        half = document.meta["document"].startswith("proposals/")
        factor = (0.5 if own[document.id] > 0 else 2) if half else 1
        assert document.score == pytest.approx(own[document.id] * factor)
    assert [d.score for d in found] == sorted((d.score for d in found), reverse=True)
    assert {d.id for d in found} == set(own)


def test_the_first_pattern_that_fits_holds_and_without_weights_nothing_moves() -> None:
    ranking = [chunk("a", 0, 1.0, "x/y.md"), chunk("b", 1, 0.9, "z.md")]
    weights = {"x/y.md": 1.0, "x/*": 0.1}
    assert names(PassageSelector(weights=weights).run(documents=ranking)["documents"]) == ["a", "b"]
    assert names(PassageSelector().run(documents=ranking)["documents"]) == ["a", "b"]


LINES = """```python
def retry(url):
    for attempt in range(7):
        try:
            return fetch(url)
        except HTTPError as error:
                raise RejectedError(url) from error
```
"""


@given(st.integers(min_value=30, max_value=len(LINES) - 20))
def test_code_that_a_chunks_end_cut_is_whole_again(cut: int) -> None:
    before, after = LINES[:cut].rstrip(), LINES[cut:].lstrip()
    start = len(LINES) - len(after)
    ends = [(before, 0, len(before)), (after, start, len(LINES))]
    pieces = [
        Document(content=text, meta={"source": "s", "document": "a.md", "start": a, "end": b}, score=1.0)
        for text, a, b in ends
    ]
    (joined,) = PassageSelector(merge_neighbours=True).run(documents=pieces)["documents"]
    assert (joined.content or "").split("\n") == LINES.split("\n")


def test_a_line_at_the_margin_begins_anew_and_an_option_goes_on() -> None:
    text = "```bash\nbillctl rebuild\nbillctl lock --reason left\n```\n"
    for cut in (text.index("\nbillctl lock"), text.index(" --reason")):
        meta = {"source": "s", "document": "a.md"}
        before = Document(content=text[:cut], meta={**meta, "start": 0, "end": cut}, score=1.0)
        after = Document(content=text[cut + 1 :], meta={**meta, "start": cut + 1, "end": len(text)}, score=1.0)
        (joined,) = PassageSelector(merge_neighbours=True).run(documents=[before, after])["documents"]
        assert joined.content == text
