"""Whether two texts say the same, judged by their words and numbers. English; no model."""

import re
import string
from collections import Counter
from collections.abc import Iterable

from tasks_lib.text.words import content_stems, numbers, stems

RECALL_ENOUGH = 0.75
"""Share of a gold answer's content words that a response must hold: all of one, two or three, three of four."""


def word_recall(wanted: str, texts: Iterable[str]) -> float:
    """Share of the content words of `wanted` that occur in any of `texts`; 0 if there are none."""
    needed = _meaning(wanted)
    missing = needed.difference(*map(_meaning, texts))
    return (len(needed) - len(missing)) / len(needed) if needed else 0.0


def contains_answer(gold: str, response: str) -> bool:
    """Whether `response` says `gold`: every number of it, and :data:`RECALL_ENOUGH` of its content words."""
    return numbers(gold) <= numbers(response) and word_recall(gold, [response]) >= RECALL_ENOUGH


def token_f1(prediction: str, gold: str) -> float:
    """F1 of the shared tokens, as the evaluation script of SQuAD 1.1 computes it (Rajpurkar et al., 2016)."""
    predicted, wanted = _squad_tokens(prediction), _squad_tokens(gold)
    if not predicted or not wanted:
        return float(predicted == wanted)
    shared = sum((Counter(predicted) & Counter(wanted)).values())
    if not shared:
        return 0.0
    precision, recall = shared / len(predicted), shared / len(wanted)
    return 2 * precision * recall / (precision + recall)


def _meaning(text: str) -> frozenset[str]:
    """Stems of the content words; of all words where none carries meaning."""
    return content_stems(text) or stems(text)


def _squad_tokens(text: str) -> list[str]:
    plain = "".join(character for character in text.lower() if character not in string.punctuation)
    return re.sub(r"\b(a|an|the)\b", " ", plain).split()
