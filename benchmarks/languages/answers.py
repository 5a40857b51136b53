"""Answers of the local assistant that hold the reference answer, and its refusals, by language.

    python benchmarks/languages/answers.py XQUAD [LANGUAGE …]

Of XQuAD, the passages of the first 40 articles are the documents. 60 of their questions should be answered; 40 of the
other eight articles' questions should be refused.
"""

import json
import sys
from pathlib import Path

from retrieval import FITTED, UNSEEN, platform_over

from tasks_lib.assistant.contract.answer import Message
from tasks_lib.assistant.pipeline import build_assistant
from tasks_lib.config.rag import MULTILINGUAL_E5
from tasks_lib.text.analyser import folded
from tasks_lib.text.forms import searchable

DOCUMENTS = 40
"""Articles; the others are not in the index."""
ANSWERABLE, UNANSWERABLE = 60, 40


def plain(text: str) -> str:
    """A text for comparison: one case, no accents, no blanks."""
    return "".join(folded(word) for word in searchable(text).lower().split())


def main() -> None:
    """One line for each language."""
    if len(sys.argv) < 2:
        sys.exit("name the folder of XQuAD as the argument")
    print("| language | answers that hold the reference | refused wrongly | refused rightly |")
    print("|---|---|---|---|", flush=True)
    for language in sys.argv[2:] or [*FITTED, *UNSEEN]:
        articles = json.loads((Path(sys.argv[1]) / f"xquad.{language}.json").read_text(encoding="utf-8"))["data"]
        questions = [
            [question for paragraph in article["paragraphs"] for question in paragraph["qas"]] for article in articles
        ]
        held = [question for article in questions[:DOCUMENTS] for question in article]
        other = [question for article in questions[DOCUMENTS:] for question in article]
        texts = [paragraph["context"] for article in articles[:DOCUMENTS] for paragraph in article["paragraphs"]]
        platform, settings, _ = platform_over(texts, {"embedder": MULTILINGUAL_E5})
        assistant = build_assistant(settings.rag, platform)

        def ask(question: dict[str, str], assistant=assistant):  # noqa: ANN001, ANN202
            return assistant.answer([Message(role="user", content=question["question"])])

        asked = held[:: len(held) // ANSWERABLE][:ANSWERABLE]
        answers = [ask(question) for question in asked]
        right = [
            plain(question["answers"][0]["text"]) in plain(answer.response)
            for question, answer in zip(asked, answers, strict=True)
        ]
        refused = sum(answer.refused for answer in answers)
        strangers = [ask(question) for question in other[:: len(other) // UNANSWERABLE][:UNANSWERABLE]]
        rightly = sum(answer.refused for answer in strangers) / len(strangers)
        print(
            f"| {language} | {sum(right) / len(right):.2f} | {refused / len(asked):.2f} | {rightly:.2f} |", flush=True
        )
        if "--evidence" in sys.argv:
            print(
                sorted(round(a.evidence or 0, 2) for a in answers), sorted(round(a.evidence or 0, 2) for a in strangers)
            )


if __name__ == "__main__":
    main()
