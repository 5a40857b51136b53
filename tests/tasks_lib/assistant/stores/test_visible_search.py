"""What is left out early changes nothing of what is found."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks_lib.assistant.contract.access import NO_CONTROL, OPERATOR
from tasks_lib.assistant.stores import nearest, visible_search
from tasks_lib.assistant.stores.nearest import Vectors
from tasks_lib.assistant.stores.visible_search import VisibleSearch

WIDTH = nearest.LEAST_WIDTH


@pytest.fixture(autouse=True, scope="module")
def small() -> object:
    """Every short cut is taken from the first row on."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(nearest, "LEAST_ROWS", 1)
        patch.setattr(nearest, "FEW", 0.0)
        patch.setattr(visible_search, "MANY", 1)
        yield


def searched(seed: int, rows: int, centres: int) -> VisibleSearch:
    rng = np.random.default_rng(seed)
    around = rng.normal(size=(centres, WIDTH))[rng.integers(centres, size=rows)]
    embeddings = (around + rng.normal(scale=0.5, size=(rows, WIDTH))).astype(np.float32)
    embeddings[rng.random(rows) < 0.05] = np.nan
    embeddings[rng.random(rows) < 0.05] = 0
    embeddings[rng.random(rows) < 0.05] *= 1e30
    texts = [" ".join(f"w{n}" for n in rng.zipf(1.4, rng.integers(1, 30)) if n < 50) for _ in range(rows)]
    ids = [f"{row:05}" for row in range(rows)]
    documents = [("s", name, "1") for name in ids]
    return VisibleSearch(ids, documents, np.arange(rows), embeddings, pa.chunked_array([texts]))


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), rows=st.integers(1, 400), centres=st.integers(1, 9), top_k=st.integers(1, 20))
def test_the_nearest_are_those_of_all_cosines(seed: int, rows: int, centres: int, top_k: int) -> None:
    search = searched(seed, rows, centres)
    wanted = np.random.default_rng(seed + 1).normal(size=WIDTH) + np.nan_to_num(search.embeddings[0]).clip(-9, 9)
    found = search.by_vector(wanted.tolist(), search.seen_by(OPERATOR, NO_CONTROL), None, top_k)
    wide = search.embeddings.astype(np.float64)
    single = wanted.astype(np.float32).astype(np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        cosines = (wide @ single) / np.sqrt((wide * wide).sum(axis=1) * (single * single).sum())
    expected = np.sort(cosines[np.isfinite(cosines)])[::-1][:top_k]
    assert found.scores == pytest.approx(expected.tolist(), abs=1e-12)
    assert np.allclose(cosines[found.rows], found.scores, atol=1e-12)


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    rows=st.integers(1, 400),
    top_k=st.integers(1, 20),
    terms=st.lists(st.integers(1, 50), min_size=1, max_size=8),
    narrowed=st.booleans(),
)
def test_the_best_by_words_are_the_first_of_all(
    seed: int, rows: int, top_k: int, terms: list[int], narrowed: bool
) -> None:
    search = searched(seed, rows, 1)
    seen = search.seen_by(OPERATOR, NO_CONTROL)
    within = np.random.default_rng(seed).random(rows) < 0.5 if narrowed else None
    words = [f"w{term}" for term in terms]
    every = search.by_words(words, seen, within, rows)
    few = search.by_words(words, seen, within, top_k)
    assert few.scores == every.scores[:top_k]
    assert few.rows.tolist() == every.rows.tolist()[:top_k]


def test_most_vectors_are_left_out_where_they_lie_in_groups() -> None:
    search = searched(3, 4000, 40)
    vectors = Vectors(search.embeddings)
    wanted = search.embeddings[np.flatnonzero(vectors.have_direction)[0]]
    heads = vectors._heads
    assert heads is not None
    rows = np.flatnonzero(vectors.have_direction)
    unit = (wanted / np.linalg.norm(wanted.astype(np.float64))).astype(np.float32)
    assert len(vectors._possible(heads, rows, unit, 10)) < len(rows) / 4
