"""Search settings chosen on four corpora and asked of a fifth: what tuning is worth on documents that it has not seen.

    python benchmarks/retrieval/leave_one_out.py [DATA [XQUAD]]

Five corpora in one index: the three of chunking_evaluation, the 100 answerable questions of CLAPNQ dev among all its
200 passages (the passage is the reference), and XQuAD's English articles (`xquad.en.json` of google-deepmind/xquad, CC
BY-SA 4.0; 198 questions, the sentence with the answer is the reference). For each corpus the setting with the best mean
recall over the other four is chosen; beside it the defaults, and plain fusion of the same chunks and of 250 tokens.
"""

import itertools
import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from corpora import (
    BUDGET,
    CORPORA,
    Question,
    data_folder,
    embedder,
    fixed,
    index_of,
    interval,
    measure,
    ours,
    questions,
)
from haystack import Document
from numpy.typing import NDArray

from tasks_lib.assistant.retrieval.fusion import HybridFusion
from tasks_lib.assistant.stores.lancedb.index import LanceDBIndex
from tasks_lib.config.rag import ChunkingConfig, RetrieverConfig
from tasks_lib.gate.spans import Span
from tasks_lib.text.sentences import sentence_spans

TOKENS = (125,)
"""Sizes of chunks; `tune.py` compares others."""
WEIGHTS = (0.2, 0.3, 0.4, 0.5)
CONTEXT = ((0.0, 1), (0.3, 1200), (0.3, 1800), (0.5, 1200), (0.5, 1800))
EVERY = 6
"""Every sixth question of XQuAD."""
MANY = 30
NAMES = (*CORPORA, "clapnq", "xquad")
Setting = tuple[int, float, float, int]
"""Tokens, vector weight, context weight, characters."""


def xquad(file: Path, folder: Path) -> Iterator[Question]:
    """Write the articles as documents; questions with the sentence that holds the answer."""
    number = 0
    for article in json.loads(file.read_text(encoding="utf-8"))["data"]:
        name = f"xquad-{article['title']}.md".replace("/", "-")
        text = f"# {article['title'].replace('_', ' ')}\n"
        asked = []
        for paragraph in article["paragraphs"]:
            start = len(text) + 1
            text += f"\n{paragraph['context']}\n"
            asked += [(q["question"], start + q["answers"][0]["answer_start"]) for q in paragraph["qas"]]
        (folder / name).write_text(text, encoding="utf-8")
        sentences = list(sentence_spans(text))
        for question, at in asked:
            number += 1
            if number % EVERY == 0:
                yield Question(question, "xquad", tuple(Span(name, a, b) for a, b in sentences if a <= at < b))


def clapnq(folder: Path, into: Path) -> Iterator[Question]:
    """Write the passages as documents; the answerable questions with their passage."""
    for kind in ("answerable", "unanswerable"):
        for line in (folder / f"clapnq_dev_{kind}_100.jsonl").read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            (passage,) = row["passages"]
            head = f"# {passage['title']}\n\n"
            (into / f"clapnq-{row['id']}.md").write_text(f"{head}{passage['text']}\n", encoding="utf-8")
            if kind == "answerable":
                end = len(head) + len(passage["text"])
                yield Question(row["input"], "clapnq", (Span(f"clapnq-{row['id']}.md", len(head), end),))


def gathered() -> tuple[Path, list[Question]]:
    """A folder with every document, and all questions."""
    data = data_folder()
    folder = Path(tempfile.mkdtemp(prefix="leave-one-out-"))
    for name in CORPORA:
        (folder / f"{name}.md").write_bytes((data / f"{name}.md").read_bytes())
    wanted = [*questions(data), *clapnq(data.parent / "qa", folder)]
    named = sys.argv[2:3]
    return folder, [*wanted, *(xquad(Path(named[0]), folder) if named else ())]


Lists = list[tuple[list[Document], list[Document]]]


def lists_of(index: LanceDBIndex, wanted: list[Question], candidates: int) -> Lists:
    """What both retrievers find for each question."""
    vector, keyword = index.vector_retriever(top_k=candidates), index.keyword_retriever(top_k=candidates)
    return [
        (vector.run(query_embedding=embedding)["documents"], keyword.run(query=question.text)["documents"])
        for question, embedding in zip(wanted, embedder().embed([q.text for q in wanted]), strict=True)
    ]


def recalls(wanted: list[Question], lists: Lists, fusion: HybridFusion, top_k: int) -> NDArray[np.float64]:
    """Recall in percent, by question."""
    ranked = (fusion.run(*pair)["documents"][:top_k] for pair in lists)
    return np.array([100 * measure(question, found).recall for question, found in zip(wanted, ranked, strict=True)])


def settings(wanted: list[Question], folder: Path, names: list[str]) -> dict[Setting, NDArray[np.float64]]:
    """Recall of every setting."""
    found: dict[Setting, NDArray[np.float64]] = {}
    for tokens in TOKENS:
        index = index_of(folder, ours(ChunkingConfig(tokens=tokens)), names)
        lists = lists_of(index, wanted, RetrieverConfig().candidates)
        for weight, (context, characters) in itertools.product(WEIGHTS, CONTEXT):
            fusion = HybridFusion(vector_weight=weight, context_weight=context, context_characters=characters)
            found[tokens, weight, context, characters] = recalls(wanted, lists, fusion, BUDGET // tokens)
        print(f"  {tokens} tokens: asked", file=sys.stderr, flush=True)
    return found


def main() -> None:
    """Choose on all but one, and report that one."""
    folder, wanted = gathered()
    names = sorted(path.stem for path in folder.glob("*.md"))
    corpus = np.array([question.corpus for question in wanted])
    present = [name for name in NAMES if name in corpus]
    found = settings(wanted, folder, names)
    default = RetrieverConfig()
    ours_default: Setting = (125, default.vector_weight, default.context_weight, default.context_characters)
    plain = recalls(
        wanted,
        lists_of(index_of(folder, fixed(250), names), wanted, default.candidates),
        HybridFusion(vector_weight=0.5, context_weight=0.0),
        MANY,
    )
    same_chunks = found[125, 0.5, 0.0, 1]
    print(
        "| left out | chosen on the others: tokens, weight, context, characters | chosen | defaults | plain fusion, "
        "same chunks | plain fusion, 250 tokens | ahead of the better plain one |\n|---|---|---|---|---|---|---|"
    )
    gains: list[float] = []
    for name in present:
        own = corpus == name
        others = [other for other in present if other != name]
        best = max(found, key=lambda s: np.mean([found[s][corpus == other].mean() for other in others]))
        better = same_chunks if same_chunks[own].mean() >= plain[own].mean() else plain
        difference = found[best][own] - better[own]
        gains.append(float(difference.mean()))
        low, high = interval(difference)
        row = [found[best], found[ours_default], same_chunks, plain]
        print(
            f"| {name} ({own.sum()}) | {', '.join(map(str, best))} | "
            + " | ".join(f"{values[own].mean():.1f}" for values in row)
            + f" | {gains[-1]:+.1f} [{low:+.1f}, {high:+.1f}] |",
            flush=True,
        )
    print(f"mean gain {np.mean(gains):+.1f}")


if __name__ == "__main__":
    main()
