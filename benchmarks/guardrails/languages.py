"""Attempts and harmless texts in several languages, as the benchmarks of languages read them."""

from typing import NamedTuple

from data import read

LANGUAGES = {"en": "English", "de": "German", "es": "Spanish", "fr": "French", "zh": "Chinese"}
"""Code → name, as in the labelled attempts."""
EVERY = 4
"""One question of XQuAD in so many is read."""


class Texts(NamedTuple):
    """What is known in one language; empty where the data has none."""

    attempts: list[str]
    harmless: list[str]
    questions: list[str]


def texts_of(code: str) -> Texts:
    """The labelled attempts and harmless prompts of a language, and questions of public sets in it."""
    labelled = [row for row in read("injection/multilingual_direct.json") if row["language"] == LANGUAGES[code]]
    return Texts(
        [row["text"] for row in labelled if row["label"] == 1],
        [row["text"] for row in labelled if row["label"] == 0],
        _questions(code),
    )


def _questions(code: str) -> list[str]:
    if code == "en":
        asked = [row["input"] for which in ("", "un") for row in read(f"qa/clapnq_dev_{which}answerable_100.jsonl")]
        return [row["question"] for row in read("retrieval/questions.jsonl")] + asked
    if code == "fr":
        return []
    return [question["question"] for passage in passages_of(code) for question in passage["qas"]][::EVERY]


def passages_of(code: str) -> list[dict]:
    """The passages of XQuAD in German, Spanish or Chinese, each with its questions."""
    return [passage for article in read(f"multilingual/xquad.{code}.json")["data"] for passage in article["paragraphs"]]
