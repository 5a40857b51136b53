"""The language model and the embedder behind all stubs: simple, deterministic, and good enough to pass a gate."""

import hashlib
import math
import re

WORD = re.compile(r"[a-z0-9]+")
SENTENCE = re.compile(r"[^.!?\n]+[.!?]?")
STOP_WORDS = frozenset(
    """a an and are at be by can do does for from get have how i if in is it many may me much my of on or the to what
    when which who will with you your""".split()  # noqa: SIM905  (thirty-nine quoted words are no easier to read)
)

NO_ANSWER = "NO_ANSWER"
ENOUGH = 0.5


def words(text: str) -> list[str]:
    """Lower-case words without the most common ones."""
    return [word for word in WORD.findall(text.lower()) if word not in STOP_WORDS]


def complete(prompt: str) -> str:
    """The sentence of the prompt that shares most words with its question: the line `Question: …`, else the last one.

    Where the prompt allows `NO_ANSWER`, that is the reply if no sentence holds half of the question's words.
    """
    lines = [line for line in prompt.strip().splitlines() if line.strip()]
    asked = next((number for number, line in enumerate(lines) if line.startswith("Question:")), len(lines) - 1)
    begin = next((number for number, line in enumerate(lines) if line.startswith("Passages:")), -1)
    question = set(words(lines[asked].removeprefix("Question:"))) if lines else set()
    sentences = [sentence.strip() for line in lines[begin + 1 : asked] for sentence in SENTENCE.findall(line)]
    if not question or not sentences:
        return "Hello from the stub."
    best = max(sentences, key=lambda sentence: len(question & set(words(sentence))))
    covered = len(question & set(words(best))) / len(question)
    return NO_ANSWER if NO_ANSWER in prompt and covered < ENOUGH else best


def embed(text: str, dimension: int) -> list[float]:
    """Hashed words: texts that share words are near each other."""
    vector = [0.0] * dimension
    for word in words(text) or ["-"]:
        digest = hashlib.md5(word.encode(), usedforsecurity=False).digest()
        vector[int.from_bytes(digest[:4], "big") % dimension] += 1.0
    length = math.sqrt(sum(value * value for value in vector))
    return [value / length * 3 for value in vector]


def count_tokens(text: str) -> int:
    """Words and marks."""
    return len(re.findall(r"\w+|[^\w\s]", text))


def pieces(text: str) -> list[str]:
    """The text as it is streamed."""
    return re.findall(r"\S+\s*", text)
