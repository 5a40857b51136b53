"""Text recognition on pages of known text: errors by resolution, turn and noise, and pages a minute.

    python benchmarks/documents/bench_ocr.py [--pages 4] [--text FOLDER]

Needs the extra (`pip install llmops-flows[ocr]`). The pages are seeded: sentences of the handbook, or of the Markdown
below FOLDER, set in three typefaces and in sizes from 8 to 11.
The error rate is the edit distance of characters over the characters of the page, white space aside.
"""

import argparse
import random
import time
from pathlib import Path

import numpy as np
import pypdfium2
from PIL import Image

from blocks.local import sample_handbook
from tasks_lib.ingestion.converters.pdf.recognition import recognised
from tests.stubs.pdf import Pages


def sentences(folder: Path | None) -> list[str]:
    """Lines of prose of the sample handbook, or of the Markdown below `folder`."""
    pages = sorted((folder or sample_handbook()).rglob("*.md"))
    lines = (line for page in pages for line in page.read_text(encoding="utf-8").splitlines())
    return [line for line in lines if 5 < len(line.split()) < 60 and line[0].isalpha() and not set(line) & set("`[<")]


def page(source: random.Random, lines: list[str]) -> tuple[bytes, str]:
    """A PDF of one page, and its text."""
    pages = Pages()
    size = source.choice([8.0, 10.0, 11.0])
    pages.family = source.choice(["helvetica", "times", "courier"])
    text = " ".join(source.sample(lines, 8)).encode("latin-1", "ignore").decode("latin-1")
    shown = pages.wrapped(text.split(), 460, size)[:44]
    pages.lines(60, 80, shown, size=size)
    return pages.bytes(), " ".join(shown)


def rendered(data: bytes, dpi: int) -> Image.Image:
    """The page as a scanner sees it."""
    return pypdfium2.PdfDocument(data)[0].render(scale=dpi / 72).to_pil().convert("RGB")


def noisy(image: Image.Image, seed: int, strength: float = 18, blur: float = 0.6) -> Image.Image:
    """With grey noise and a slight blur."""
    from PIL import ImageFilter

    noise = np.random.default_rng(seed).normal(0, strength, (*np.asarray(image).shape[:2], 1))
    return Image.fromarray(np.clip(np.asarray(image) + noise, 0, 255).astype(np.uint8)).filter(
        ImageFilter.GaussianBlur(blur)
    )


def turned(image: Image.Image, angle: float) -> Image.Image:
    """As a sheet that lies askew."""
    return image.rotate(angle, fillcolor="white", expand=True)


def faint(image: Image.Image, seed: int) -> Image.Image:
    """A copy of a copy: grey letters on grey paper, noise, and one pixel in two hundred black or white."""
    shown = np.asarray(noisy(Image.eval(image, lambda value: 70 + value * 150 // 255), seed, 12, 0.8)).copy()
    specks = np.random.default_rng(seed).random(shown.shape[:2])
    shown[specks < 0.0025], shown[specks > 0.9975] = 0, 255
    return Image.fromarray(shown)


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
    parser.add_argument("--text", type=Path, help="Markdown to take sentences from, in place of the handbook.")
    arguments = parser.parse_args()
    count, lines = arguments.pages, sentences(arguments.text)
    made = [page(random.Random(seed), lines) for seed in range(count)]
    recognised(rendered(made[0][0], 100))  # warm
    print("| pages | character errors | confidence | pages a minute |\n|---|---|---|---|")
    ways = {
        "300 dpi": lambda data, _: rendered(data, 300),
        "150 dpi": lambda data, _: rendered(data, 150),
        "300 dpi, turned by 2 degrees": lambda data, _: turned(rendered(data, 300), 2),
        "300 dpi, turned by 90 degrees": lambda data, _: rendered(data, 300).rotate(90, expand=True),
        "300 dpi, upside down": lambda data, _: rendered(data, 300).rotate(180, expand=True),
        "300 dpi, noisy": lambda data, seed: noisy(rendered(data, 300), seed),
        "150 dpi, noisy": lambda data, seed: noisy(rendered(data, 150), seed),
        "300 dpi, very noisy, turned by 3 degrees": lambda data, seed: noisy(
            turned(rendered(data, 300), 3), seed, 45, 1
        ),
        "150 dpi, very noisy, turned by 3 degrees": lambda data, seed: noisy(
            turned(rendered(data, 150), 3), seed, 45, 1
        ),
        "300 dpi, a faint copy": lambda data, seed: faint(rendered(data, 300), seed),
        "150 dpi, a faint copy": lambda data, seed: faint(rendered(data, 150), seed),
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
