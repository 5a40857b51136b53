"""Documents to measure with: sentences of the sample handbook in seeded order, no two documents alike."""

import random
import re
from pathlib import Path

from blocks.local import sample_handbook
from tasks_lib.assistant.contract.embedder import Embedder

SECTIONS = 4
_SENTENCE = re.compile(r"(?<=[.!?])\s+")


def sentences() -> list[str]:
    """Sentences of the handbook's Markdown files of 6 to 40 words."""
    texts = [path.read_text(encoding="utf-8") for path in sorted(sample_handbook().rglob("*.md"))]
    found = [s for text in texts for line in text.splitlines() for s in _SENTENCE.split(line.strip())]
    return [s for s in found if 6 <= len(s.split()) <= 40 and s[0].isalpha() and s.endswith(".")]


def write_documents(folder: Path, count: int, tokens: int, embedder: Embedder, seed: int = 0) -> None:
    """`count` Markdown files of about `tokens` tokens each: a title and four sections of numbered sentences."""
    pool = [(s, len(embedder.token_spans(s))) for s in sentences()]
    rng = random.Random(seed)
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        path = folder / f"{number // 1000:03}" / f"document-{number:06}.md"
        path.parent.mkdir(exist_ok=True)
        path.write_text(_document(f"{seed}-{number}", tokens, pool, rng), encoding="utf-8")


def _document(name: str, tokens: int, pool: list[tuple[str, int]], rng: random.Random) -> str:
    parts = [f"# Rule book {name}\n"]
    for section in range(SECTIONS):
        parts.append(f"\n## Part {section} of {name}\n\n")
        left = tokens // SECTIONS - 10
        while left > 0:
            sentence, length = rng.choice(pool)
            parts.append(f"{sentence} ")
            left -= length
        parts.append("\n")
    return "".join(parts)
