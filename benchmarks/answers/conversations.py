"""Follow-up questions: whether the last question of each conversation is answered.

    python benchmarks/answers/conversations.py [--home FOLDER] [--show] [DATA]

Conversations were written from the documents before any answer was seen (`questions/conversations.jsonl`), over the
sample handbook and Argo CD's documentation. The assistant's own answers stand between the questions. An answer is right
when it holds what `says` names. Beside it stands the last question alone, as one answers who takes no notice of what
was said before.
"""

import argparse
import json
from collections import defaultdict
from pathlib import Path

from answers import platform_over
from reading import HERE, SHARED, platform_of

from blocks.local import LocalPlatform, examples_folder
from tasks_lib.assistant.answering.assistant import Assistant
from tasks_lib.assistant.contract.answer import Answer, Message
from tasks_lib.assistant.pipeline import build_assistant
from tasks_lib.config.settings import Settings


def asked_in_turn(assistant: Assistant, questions: list[str]) -> Answer:
    """The last answer of a conversation."""
    said: list[Message] = []
    for question in questions:
        said.append(Message(role="user", content=question))
        answer = assistant.answer(said)
        said.append(Message(role="assistant", content=answer.response))
    return answer


def is_right(answer: Answer, says: list[str]) -> bool:
    """Whether an answer holds each of these texts, whatever the case."""
    return not answer.refused and all(text.lower() in answer.response.lower() for text in says)


def platforms(data: Path, home: Path | None) -> dict[str, LocalPlatform]:
    """Platforms with the documents of each set."""
    argo_cd = data / "docs" / "argo-cd"
    return {
        "handbook": platform_over(examples_folder() / "handbook"),
        "argo-cd": platform_of("argo-cd", argo_cd, home),
    }


def main() -> None:
    """Ask, and count by kind."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", nargs="?", type=Path, default=SHARED)
    parser.add_argument("--home", type=Path)
    parser.add_argument("--show", action="store_true", help="print every answer, not only the wrong ones")
    given = parser.parse_args()
    lines = (HERE / "questions" / "conversations.jsonl").read_text(encoding="utf-8").splitlines()
    assistants = {name: build_assistant(Settings().rag, of) for name, of in platforms(given.data, given.home).items()}
    right: dict[str, list[tuple[bool, bool]]] = defaultdict(list)
    for row in map(json.loads, lines):
        assistant = assistants[row["set"]]
        answer = asked_in_turn(assistant, row["turns"])
        alone = asked_in_turn(assistant, row["turns"][-1:])
        right[row["kind"]].append((is_right(answer, row["says"]), is_right(alone, row["says"])))
        if given.show or not is_right(answer, row["says"]):
            print(f"## {row['id']} [{row['kind']}] {' | '.join(row['turns'])}\n   reference: {row['answer']}")
            print(f"   {'uncertain ' if answer.uncertain else ''}> " + answer.response.replace("\n", "\n   > "))
    for kind, found in right.items():
        whole, alone_right = (sum(column) for column in zip(*found, strict=True))
        print(f"{kind:10} right {whole} of {len(found)}; the last question alone {alone_right}")


if __name__ == "__main__":
    main()
