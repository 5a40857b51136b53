"""Text recognition on pages of known text: errors by resolution, turn and noise, and pages a minute.

    python benchmarks/documents/bench_ocr.py [--pages 4]

Needs the extra (`pip install llmops-flows[ocr]`). The pages are seeded: sentences of the handbook, set in two sizes.
The error rate is the edit distance of characters over the characters of the page, white space aside.
"""

import argparse
import random
import time
from importlib.resources import files

import numpy as np
import pypdfium2
from PIL import Image

from tasks_lib.ingestion.converters.pdf.recognition import recognised
from tests.stubs.pdf import Pages


def sentences() -> list[str]:
    """Lines of the sample handbook."""
    folder = files("blocks") / ".." / "examples" / "handbook"
    texts = [
        file.read_text(encoding="utf-8") for file in sorted(folder.iterdir(), key=str) if file.name.endswith(".md")
    ]
    return [line for text in texts for line in text.splitlines() if len(line.split()) > 5 and line[0].isalpha()]


def page(source: random.Random, lines: list[str]) -> tuple[bytes, str]:
    """A PDF of one page, and its text."""
    pages = Pages()
    size = source.choice([10.0, 11.0])
    text = " ".join(source.sample(lines, 8)).encode("latin-1", "ignore").decode("latin-1")
    shown = pages.wrapped(text.split(), 460, size)[:44]
    pages.lines(60, 80, shown, size=size)
    return pages.bytes(), " ".join(shown)


def rendered(data: bytes, dpi: int) -> Image.Image:
    """The page as a scanner sees it."""
    return pypdfium2.PdfDocument(data)[0].render(scale=dpi / 72).to_pil().convert("RGB")


def noisy(image: Image.Image, seed: int) -> Image.Image:
    """With grey noise and a slight blur."""
    from PIL import ImageFilter

    noise = np.random.default_rng(seed).normal(0, 18, (*np.asarray(image).shape[:2], 1))
    return Image.fromarray(np.clip(np.asarray(image) + noise, 0, 255).astype(np.uint8)).filter(
        ImageFilter.GaussianBlur(0.6)
    )


def distance(wanted: str, found: str) -> int:
    """Edit distance of two texts."""
    row = np.arange(len(found) + 1)
    letters = np.array(list(found))
    for number, letter in enumerate(wanted, start=1):
        changed = np.minimum(row[:-1] + (letters != letter), row[1:] + 1)
        row = np.concatenate([[number], changed])
        row = np.minimum.accumulate(row - np.arange(len(row))) + np.arange(len(row))
    return int(row[-1])


def main() -> None:
    """Print a row for each way in which the pages are shown."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pages", type=int, default=4)
    count = parser.parse_args().pages
    lines = sentences()
    made = [page(random.Random(seed), lines) for seed in range(count)]
    recognised(rendered(made[0][0], 100))  # warm
    print("| pages | character errors | confidence | pages a minute |\n|---|---|---|---|")
    ways = {
        "300 dpi": lambda data, _: rendered(data, 300),
        "150 dpi": lambda data, _: rendered(data, 150),
        "300 dpi, turned by 2 degrees": lambda data, _: rendered(data, 300).rotate(2, fillcolor="white", expand=True),
        "300 dpi, turned by 90 degrees": lambda data, _: rendered(data, 300).rotate(90, expand=True),
        "300 dpi, upside down": lambda data, _: rendered(data, 300).rotate(180, expand=True),
        "300 dpi, noisy": lambda data, seed: noisy(rendered(data, 300), seed),
        "150 dpi, noisy": lambda data, seed: noisy(rendered(data, 150), seed),
    }
    for name, show in ways.items():
        errors = characters = 0
        confidence, seconds = [], 0.0
        for seed, (data, text) in enumerate(made):
            image = show(data, seed)
            begun = time.perf_counter()
            found = recognised(image)
            seconds += time.perf_counter() - begun
            wanted, got = "".join(text.split()), "".join("".join(line.text for line in found).split())
            errors += distance(wanted, got)
            characters += len(wanted)
            confidence += [line.confidence for line in found]
        mean = sum(confidence) / max(len(confidence), 1)
        print(f"| {name} | {errors / characters:.2%} | {mean:.3f} | {60 * count / seconds:.0f} |")


if __name__ == "__main__":
    main()
