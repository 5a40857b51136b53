"""Does a question find its passage? In every language of XQuAD, with each local embedder, by the product's own search.

    python benchmarks/languages/retrieval.py XQUAD [LANGUAGE …]

XQUAD is a folder with `xquad.LANGUAGE.json` (google-deepmind/xquad, CC BY-SA 4.0): 240 passages, each a document, and
every fourth of their 1,190 questions. German, Spanish, Chinese and English were looked at while the analyser was made;
the others were not.
"""

import json
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from blocks.local import LocalPlatform
from flows.ingest import synchronise
from tasks_lib.assistant.retrieval.search import search
from tasks_lib.config.rag import MINILM, MULTILINGUAL_E5
from tasks_lib.config.settings import Settings
from tasks_lib.home import Home

FITTED = ("en", "de", "es", "zh")
UNSEEN = ("ar", "el", "hi", "ro", "ru", "th", "tr", "vi")
FIRST = 5
EVERY = 4


def passages(file: Path) -> tuple[list[str], list[tuple[str, int, str]]]:
    """All passages, and the questions: text, number of its passage, an answer."""
    articles = json.loads(file.read_text(encoding="utf-8"))["data"]
    paragraphs = [paragraph for article in articles for paragraph in article["paragraphs"]]
    asked = [
        (question["question"], number, question["answers"][0]["text"])
        for number, paragraph in enumerate(paragraphs)
        for question in paragraph["qas"]
    ]
    return [paragraph["context"] for paragraph in paragraphs], asked[::EVERY]


def platform_over(texts: list[str], settings: dict[str, object]) -> tuple[LocalPlatform, Settings, float]:
    """An index of `texts`, each a document, and the chunks that a second of processor time took in."""
    folder = Path(tempfile.mkdtemp(prefix="languages-documents-"))
    for number, text in enumerate(texts):
        (folder / f"{number:03}.txt").write_text(text, encoding="utf-8")
    platform = LocalPlatform(Home(Path(tempfile.mkdtemp(prefix="languages-home-"))).ensure())
    given = Settings.model_validate({"ingest": {"source": str(folder)}, **settings})
    platform.embedder(given.embedder).embed(["warm up"])
    started = time.process_time()
    result = synchronise(platform, given)
    return platform, given, result.chunks / (time.process_time() - started)


def ranks(platform: LocalPlatform, settings: Settings, asked: list[tuple[str, int, str]]) -> np.ndarray:
    """Places of the right passages among those found, from 0; 99 where it is not found."""
    found = search(platform, settings.rag, [question for question, _, _ in asked])
    places = []
    for (_, number, _), sources in zip(asked, found, strict=True):
        documents = list(dict.fromkeys(source.document for source in sources))
        wanted = f"{number:03}.txt"
        places.append(documents.index(wanted) if wanted in documents else 99)
    return np.array(places)


def main() -> None:
    """One line for each language and each way of searching."""
    if len(sys.argv) < 2:
        sys.exit("name the folder of XQuAD as the argument")
    folder, languages = Path(sys.argv[1]), sys.argv[2:] or [*FITTED, *UNSEEN]
    print("| language | embedder, retrieval | among the first five | first | chunks a second of processor time |")
    print("|---|---|---|---|---|", flush=True)
    for language in languages:
        texts, asked = passages(folder / f"xquad.{language}.json")
        embedders = (MULTILINGUAL_E5, MINILM) if language in FITTED else (MULTILINGUAL_E5,)
        for embedder in embedders:
            platform, settings, speed = platform_over(texts, {"embedder": embedder})
            for mode in ("hybrid", "keyword", "vector"):
                retriever = settings.retriever.model_copy(update={"mode": mode})
                places = ranks(platform, settings.model_copy(update={"retriever": retriever}), asked)
                name = embedder.rpartition("/")[2]
                print(
                    f"| {language} | {name}, {mode} | {np.mean(places < FIRST):.3f} | {np.mean(places == 0):.3f} "
                    f"| {speed:.1f} |",
                    flush=True,
                )


if __name__ == "__main__":
    main()
