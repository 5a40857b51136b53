"""An assistant in production over a gated index of two documents, with two questions."""

import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from blocks.local import LocalPlatform
from flows.ingest import synchronise
from tasks_lib.assistant.contract.answer import Message
from tasks_lib.assistant.pipeline import build_assistant
from tasks_lib.config.settings import Settings
from tasks_lib.dataset.examples import Example, Reference

MODEL = "rag-assistant"
GOOD = "Full-time employees receive 27 days of annual leave."
BAD = "Full-time employees receive 3 days of annual leave."
PAY = "Salaries are paid on the 25th of the month."
LEAVE = "How many days of annual leave do full-time employees receive?"


def example(name: str, question: str, document: str, text: str, answer: str, source: str) -> Example:
    start = text.index(answer)
    reference = Reference(document=document, start=start, end=start + len(answer), content=answer, source=source)
    return Example(id=name, messages=(Message(role="user", content=question),), answer=answer, references=(reference,))


@dataclass
class Gated:
    """An assistant in production over a gated index of two documents, with two questions."""

    platform: LocalPlatform
    folder: Path
    asked: list[str] = field(default_factory=list)

    @property
    def settings(self) -> Settings:
        return Settings.model_validate(
            {
                "index": {"follow": "gated"},
                "retriever": {"top_k": 1},
                "gate": {"minimum_questions": 2, "dataset": "q"},
                "release": {"proposed_questions": 0},
                "ingest": {"source": str(self.folder)},
            }
        )

    @property
    def index(self) -> Any:
        return self.platform.open_index(self.settings.index_name)

    def begin(self) -> Any:
        """Documents and index as they were at first."""
        self.asked.clear()
        self.index.drop()
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir()
        self.write("leave.md", GOOD)
        self.write("pay.md", PAY)
        return self.ingest()

    def write(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text, encoding="utf-8")

    def ingest(self) -> Any:
        """Only the sync, without the gate."""
        return synchronise(self.platform, self.settings)

    def answer(self, question: str = LEAVE) -> str:
        """As an endpoint does that opened the index now; one that runs is the same."""
        return (
            build_assistant(self.settings.rag, self.platform).answer([Message(role="user", content=question)]).response
        )
