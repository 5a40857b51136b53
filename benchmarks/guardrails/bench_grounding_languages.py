"""Grounding by language: sentences of the passages said in other words, and sentences of other passages.

    python benchmarks/guardrails/bench_grounding_languages.py [DATA]

Passages of XQuAD in German, Spanish and Chinese, of CLAPNQ in English. Supported is a sentence of the passage without
its last fifth; unsupported is one of a passage of another article. Recall is the share of unsupported sentences that
are stopped, a false alarm a supported one that is.
"""

import numpy as np
from data import read
from languages import passages_of
from sklearn.metrics import roc_auc_score

from tasks_lib.assistant.contract.answer import Source
from tasks_lib.assistant.contract.embedder import Embedder, unrelated_cosines
from tasks_lib.assistant.embedders.minilm import MiniLM
from tasks_lib.assistant.groundedness import sentence_support
from tasks_lib.config.guardrails import GroundingConfig
from tasks_lib.text.sentences import sentences

KEPT = 0.8
APART = 25
PASSAGES = 120
CUT = GroundingConfig().threshold


def passages(language: str) -> list[str]:
    """Texts in a language."""
    if language == "en":
        rows = read("qa/clapnq_dev_answerable_100.jsonl")
        return [row["passages"][0]["text"] for row in rows]
    return [row["context"] for row in passages_of(language)[::2]][:PASSAGES]


def shortened(sentence: str) -> str:
    """Without its last fifth: not a copy."""
    words = sentence.split()
    if len(words) > len(sentence) / 20:
        return " ".join(words[: int(len(words) * KEPT)])
    return sentence[: int(len(sentence) * KEPT)]


def supports(language: str, embedder: Embedder) -> tuple[np.ndarray, np.ndarray, int]:
    """Of supported and of unsupported sentences, and how many could not be judged."""
    texts = passages(language)

    def embed(own: list[str]) -> np.ndarray:
        return np.asarray(embedder.embed(list(own)), dtype=np.float32)

    own, other, unjudged = [], [], 0
    for number, text in enumerate(texts):
        sources = [Source(document="", start=0, end=len(text), score=1.0, content=text)]
        strange = texts[(number + APART) % len(texts)]
        for kept, said in ((own, shortened(sentences(text)[0])), (other, shortened(sentences(strange)[0]))):
            judged = sentence_support(said, sources, embed, unrelated=unrelated_cosines(embedder))
            known = [support for *_, support in judged if support is not None]
            unjudged += not known
            kept.extend(known[:1])
    return np.array(own), np.array(other), unjudged


def main() -> None:
    """A line per language."""
    embedder = MiniLM()
    for language in ("en", "de", "es", "zh"):
        own, other, unjudged = supports(language, embedder)
        auc = roc_auc_score(np.r_[np.zeros(len(own)), np.ones(len(other))], -np.r_[own, other])
        print(
            f"{language}: AUC {auc:.3f}; stopped of {len(other)} unsupported {(other < CUT).mean():.2f}, "
            f"of {len(own)} supported {(own < CUT).mean():.2f}; not judged {unjudged}"
        )


if __name__ == "__main__":
    main()
