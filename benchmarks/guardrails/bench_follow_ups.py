"""Harmless follow-ups that the injection guard stops.

    python benchmarks/guardrails/bench_follow_ups.py

`follow_ups.jsonl` holds short questions that ask the one before for another case. They were written before the guard
read any of them; the second set (`unseen`) after the rule for such questions was made of the first.
"""

import json
import time
from pathlib import Path

from tasks_lib.assistant.contract.answer import Message
from tasks_lib.assistant.embedders.minilm import MiniLM
from tasks_lib.assistant.guardrails.detection import CheckContext
from tasks_lib.assistant.guardrails.injection import InjectionDetector, InjectionScorer
from tasks_lib.config.guardrails import InjectionConfig

SECONDS = 60
FILE = Path(__file__).with_name("follow_ups.jsonl")


def context_of(text: str) -> CheckContext:
    """A conversation of one turn."""
    return CheckContext("input", time.monotonic() + SECONDS, [Message(role="user", content=text)])


def main() -> None:
    """Count, with the classifiers alone beside it."""
    config = InjectionConfig()
    scorer = InjectionScorer(config, MiniLM())
    detector = InjectionDetector(scorer, config)
    rows = [json.loads(line) for line in FILE.read_text(encoding="utf-8").splitlines()]
    for half in ("fitted", "unseen"):
        texts = [row["text"] for row in rows if row["half"] == half]
        stopped = [text for text in texts if detector.find(text, context_of(text))]
        by_classifiers = sum(scorer.score(text) >= config.threshold for text in texts)
        print(f"{half}: stopped {len(stopped)} of {len(texts)}, by the classifiers alone {by_classifiers}: {stopped}")


if __name__ == "__main__":
    main()
