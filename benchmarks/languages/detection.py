"""How often the language of a question is told, and how often wrongly.

    python benchmarks/languages/detection.py XQUAD [SENTENCES]

XQUAD as in `retrieval.py`, its questions; SENTENCES is the folder `language-testdata/sentences` of pemistahl/lingua-py
(Apache-2.0), of which lines of 25 to 90 characters are read.
"""

import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from tasks_lib.text.languages import language_of

LINES = 300
SAME = {"nb": "no", "nn": "no"}


def questions(folder: Path) -> Iterator[tuple[str, list[str]]]:
    """Language, and every second question."""
    for file in sorted(folder.glob("xquad.??.json")):
        articles = json.loads(file.read_text(encoding="utf-8"))["data"]
        asked = [each["question"] for article in articles for part in article["paragraphs"] for each in part["qas"]]
        yield file.suffixes[0][1:], asked[::2]


def sentences(folder: Path) -> Iterator[tuple[str, list[str]]]:
    """Language, and short lines."""
    for file in sorted(folder.glob("??.txt")):
        lines = [line.strip() for line in file.read_text(encoding="utf-8").splitlines()]
        yield SAME.get(file.stem, file.stem), [line for line in lines if 25 < len(line) < 90][:LINES]


def main() -> None:
    """One line for each language."""
    if len(sys.argv) < 2:
        sys.exit("name the folder of XQuAD as the argument")
    language_of("Load the classifier before the clock runs.")
    print("| texts | language | right | unknown | wrong | ms |")
    print("|---|---|---|---|---|---|")
    sets = [("XQuAD", *each) for each in questions(Path(sys.argv[1]))]
    sets += [("sentences", *each) for folder in sys.argv[2:] for each in sentences(Path(folder))]
    for name, language, texts in sets:
        started = time.process_time()
        told = [language_of(text) for text in texts]
        taken = (time.process_time() - started) / len(texts)
        right, unknown = told.count(language) / len(told), told.count(None) / len(told)
        wrong = abs(1 - right - unknown)
        print(f"| {name} | {language} | {right:.3f} | {unknown:.3f} | {wrong:.3f} | {1e3 * taken:.2f} |")


if __name__ == "__main__":
    main()
