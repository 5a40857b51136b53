"""`llmops demo`: ingest, dataset, deploy, ask, two changes of documents, and monitor, on the sample handbook."""

import json
import time

from pydantic import BaseModel, Field

from blocks.local import examples_folder
from flows.ask import AskResult, ask_all
from flows.dataset import DatasetResult, dataset
from flows.deploy import DeployResult, deploy
from flows.ingest import IngestResult, ingest
from flows.monitor import MonitorResult, monitor
from flows.release import release
from tasks_lib.config.settings import Settings
from tasks_lib.documents_gate.publish import ReleaseResult
from tasks_lib.home import Home
from tasks_lib.progress import advance
from tasks_lib.text.rows import lines_of

QUESTION = "How many days of annual leave do full-time employees get?"
TRAFFIC = 40
NOTICES = "demo-notices"
"""Folder in the home, of pages that come after the handbook: a source of their own."""
GOOD_PAGE = (
    "bicycles.md",
    "# Bicycles\n\nThe cellar below the north wing has room for eighty bicycles. A pump hangs beside its door.\n",
)
BAD_PAGE = (
    "leave-in-short.md",
    "# Annual leave\n\nFull-time employees receive 20 days of annual leave per calendar year.\n",
)
"""A page that gives another figure than the handbook."""


class DemoResult(BaseModel):
    """The results of every step."""

    ingest: IngestResult
    dataset: DatasetResult
    deploy: DeployResult
    ask: AskResult
    good_change: IngestResult = Field(description="A page that harms no answer: released.")
    bad_change: IngestResult = Field(description="A page with a wrong figure: held, with its reason.")
    left_out: ReleaseResult = Field(description="What a person then decides: all but this page.")
    monitor: MonitorResult
    traffic: int
    seconds: float


def demo(settings: Settings, platform: str = "local") -> DemoResult:
    """Ingest the handbook, make questions, pass the gate, answer, change documents, and monitor simulated traffic."""
    start = time.monotonic()
    advance("ingest the handbook", 0, 1)
    ingested = ingest(settings, platform)
    advance("ingest the handbook", 1, 1)
    advance("make the evaluation set", 0, 1)
    questions = dataset(settings, platform)
    advance("make the evaluation set", 1, 1)
    advance("register, validate, evaluate, promote", 0, 1)
    deployed = deploy(settings, platform)
    advance("register, validate, evaluate, promote", 1, 1)
    advance("ask, and simulate traffic", 0, 1)
    answers = ask_all([QUESTION, *_traffic()], settings, platform)
    advance("ask, and simulate traffic", 1, 1)
    advance("change documents", 0, 2)
    good = _changed(settings, platform, *GOOD_PAGE)
    advance("change documents", 1, 2)
    bad = _changed(settings, platform, *BAD_PAGE)
    left_out = release(settings, platform, action="release without", documents=[BAD_PAGE[0]], reason="a wrong figure")
    advance("change documents", 2, 2)
    advance("monitor the traffic", 0, 1)
    monitored = monitor(settings, platform)
    advance("monitor the traffic", 1, 1)
    return DemoResult(
        ingest=ingested,
        dataset=questions,
        deploy=deployed,
        ask=answers[0],
        good_change=good,
        bad_change=bad,
        left_out=left_out,
        monitor=monitored,
        traffic=len(answers),
        seconds=round(time.monotonic() - start, 1),
    )


def _changed(settings: Settings, platform: str, name: str, text: str) -> IngestResult:
    """Add a page to the notices, and ingest them."""
    folder = Home.from_environment().root / NOTICES
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(text, encoding="utf-8")
    source = settings.ingest.model_copy(update={"source": str(folder)})
    return ingest(settings.model_copy(update={"ingest": source}), platform)


def _traffic() -> list[str]:
    """Questions as employees would ask them: the sample's single-turn questions, in their order."""
    lines = lines_of((examples_folder() / "handbook-questions.jsonl").read_text(encoding="utf-8"))
    conversations = [json.loads(line)["messages"] for line in lines if line.strip()]
    return [messages[0]["content"] for messages in conversations if len(messages) == 1][:TRAFFIC]
