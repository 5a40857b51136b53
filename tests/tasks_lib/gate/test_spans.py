"""Retrieval metrics, checked against values computed by hand."""

import math
from typing import Any

import pytest

from tasks_lib.gate import spans
from tasks_lib.gate.spans import Span


def at(start: int, end: int, document: str = "a.md", source: str = "s") -> Span:
    return Span(document, start, end, source)


def test_recall_is_the_share_of_reference_characters_that_were_retrieved() -> None:
    references = [at(100, 200), at(400, 450)]
    retrieved = [at(150, 300), at(440, 600)]

    assert spans.recall(references, retrieved) == pytest.approx((50 + 10) / 150)


def test_precision_counts_text_that_is_retrieved_twice_twice() -> None:
    references = [at(0, 100)]
    retrieved = [at(0, 100), at(50, 150)]

    assert spans.precision(references, retrieved) == pytest.approx(100 / 200)


def test_overlapping_references_count_once() -> None:
    assert spans.recall([at(0, 100), at(50, 150)], [at(0, 75)]) == pytest.approx(75 / 150)


def test_mrr_is_one_over_the_rank_of_the_first_hit() -> None:
    references = [at(100, 200)]

    assert spans.mrr(references, [at(0, 50), at(90, 160), at(100, 200)]) == pytest.approx(1 / 2)
    assert spans.mrr(references, [at(0, 50)]) == 0


def test_a_passage_that_touches_less_than_half_of_the_shorter_span_is_no_hit() -> None:
    assert not spans.is_hit(at(100, 200), at(0, 149))
    assert spans.is_hit(at(100, 200), at(0, 150))
    assert spans.is_hit(at(100, 1000), at(150, 170))


def test_ndcg_discounts_by_rank_and_counts_characters_that_were_covered_before_only_once() -> None:
    references = [at(0, 60), at(500, 540)]
    retrieved = [at(900, 950), at(0, 60), at(0, 60), at(500, 520)]
    gained = 0.6 / math.log2(3) + 0.2 / math.log2(5)
    ideal = 0.6 / math.log2(2) + 0.4 / math.log2(3)

    assert spans.ndcg(references, retrieved) == pytest.approx(gained / ideal)


def test_a_perfect_ranking_has_ndcg_one_and_one_passage_with_everything_does_not_exceed_it() -> None:
    references = [at(0, 60), at(70, 110)]

    assert spans.ndcg(references, [at(0, 60), at(70, 110)]) == pytest.approx(1)
    assert spans.ndcg(references, [at(0, 200)]) == 1


def test_documents_of_another_name_or_source_do_not_match() -> None:
    assert spans.recall([at(0, 10)], [at(0, 10, document="b.md")]) == 0
    assert spans.recall([at(0, 10)], [at(0, 10, source="other")]) == 0


def test_a_reference_without_a_source_matches_every_source() -> None:
    assert spans.recall([at(0, 10, source="")], [at(0, 10, source="other")]) == 1


@pytest.mark.parametrize("metric", [spans.recall, spans.precision, spans.mrr, spans.ndcg])
def test_without_references_there_is_no_value_and_without_passages_it_is_zero(metric: Any) -> None:
    assert metric([], [at(0, 10)]) is None
    assert metric([at(5, 5)], [at(0, 10)]) is None
    assert metric([at(0, 10)], []) == 0


def test_two_chunkings_of_the_same_text_compare() -> None:
    references = [at(95, 105)]
    coarse, fine = [at(0, 200)], [at(0, 100), at(100, 200)]

    assert spans.recall(references, coarse) == spans.recall(references, fine) == 1
    assert spans.precision(references, coarse) == spans.precision(references, fine) == pytest.approx(10 / 200)
