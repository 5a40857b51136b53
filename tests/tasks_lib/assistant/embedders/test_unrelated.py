"""An embedder whose unrelated texts are far from 0 comes to the same verdicts as one whose are about 0."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks_lib.assistant.contract.answer import Message, Source
from tasks_lib.assistant.embedders.cached import CachedEmbedder
from tasks_lib.assistant.groundedness import sentence_support
from tasks_lib.assistant.guardrails.detection import CheckContext
from tasks_lib.assistant.guardrails.topics import TopicsDetector
from tasks_lib.config.guardrails import TopicsConfig
from tasks_lib.dataset.similarity import Similarity
from tasks_lib.monitoring.questions import compare_questions
from tests.tasks_lib.monitoring.conftest import WordEmbedder

VOCABULARY = ["leave", "days", "pay", "bonus", "car", "park", "dog", "holiday", "rule"]
WORDS = st.lists(st.sampled_from(VOCABULARY), min_size=3, max_size=6)
TEXTS = WORDS.map(" ".join)
SHIFTS = st.sampled_from([0.3, 0.745, 0.81])


class Crowded(WordEmbedder):
    """All its vectors share a direction: a cosine c of the other embedder is u + (1 - u) c here."""

    dimension = WordEmbedder.dimension + 1

    def __init__(self, shift: float) -> None:
        self.unrelated = {"en": shift, "": shift}
        self._shift = shift

    def embed(self, texts: list[str]) -> list[list[float]]:
        apart = np.asarray(WordEmbedder().embed(texts))
        shared = np.full((len(texts), 1), np.sqrt(self._shift))
        return np.hstack([np.sqrt(1 - self._shift) * apart, shared]).tolist()  # type: ignore[no-any-return]


@given(one=TEXTS, other=TEXTS, shift=SHIFTS)
def test_texts_are_as_close(one: str, other: str, shift: float) -> None:
    plain, crowded = Similarity(WordEmbedder()), Similarity(CachedEmbedder(Crowded(shift)))
    assert crowded.between(one, other) == pytest.approx(plain.between(one, other), abs=1e-4)
    assert crowded.closest(one, [other, one]) == pytest.approx(1, abs=1e-4)


@given(said=TEXTS, held=TEXTS, shift=SHIFTS)
def test_answers_are_as_well_supported(said: str, held: str, shift: float) -> None:
    sources = [Source(document="a.md", start=0, end=9, score=1, content=held)]

    def support(embedder: WordEmbedder) -> list[float | None]:
        similarity = Similarity(embedder)
        judged = sentence_support(said, sources, similarity.vectors, unrelated=similarity.unrelated_cosines)
        return [-1.0 if value is None else value for *_, value in judged]

    assert support(Crowded(shift)) == pytest.approx(support(WordEmbedder()), abs=1e-3)


@settings(max_examples=40)
@given(question=TEXTS, topic=st.lists(TEXTS, min_size=2, max_size=4), shift=SHIFTS)
def test_topics_are_met_by_the_same_questions(question: str, topic: list[str], shift: float) -> None:
    config = TopicsConfig.model_validate({"forbidden": {"dogs": topic}, "allowed": {"leave": ["leave days", "leave"]}})
    context = CheckContext("input", float("inf"), messages=[Message(role="user", content=question)])

    def found(embedder: WordEmbedder) -> dict[str, float]:
        return {one.kind: one.score for one in TopicsDetector(config, embedder).find(question, context)}

    plain, crowded = found(WordEmbedder()), found(Crowded(shift))
    if plain.keys() == crowded.keys():
        assert crowded == pytest.approx(plain, abs=1e-3)
    else:  # on the edge of a threshold, where rounding decides
        edges = (config.threshold, 1 - config.allowed_threshold)
        assert all(min(abs(score - edge) for edge in edges) < 1e-3 for score in {**plain, **crowded}.values())


@given(seed=st.integers(0, 10_000), size=st.integers(2, 25), shift=SHIFTS)
def test_questions_fall_into_the_same_groups(seed: int, size: int, shift: float) -> None:
    near = np.random.default_rng(seed).normal(size=(size, 4))
    apart = near / np.linalg.norm(near, axis=1, keepdims=True)
    shared = np.hstack([np.sqrt(1 - shift) * apart, np.full((size, 1), np.sqrt(shift))])
    asked = [f"question {number}" for number in range(size)]
    none = np.empty((0, 0), np.float32)
    plain, crowded = (
        compare_questions(asked, vectors.astype(np.float32), none, [True] * size, unrelated=unrelated)
        for vectors, unrelated in ((apart, 0.0), (shared, shift))
    )
    assert [group.size for group in plain.unanswered_clusters] == [group.size for group in crowded.unanswered_clusters]
