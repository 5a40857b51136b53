"""`llmops demo`: ingest, dataset, deploy, ask and monitor on the sample handbook."""

import json
import time

from pydantic import BaseModel

from blocks.local import examples_folder
from flows.ask import AskResult, ask_all
from flows.dataset import DatasetResult, dataset
from flows.deploy import DeployResult, deploy
from flows.ingest import IngestResult, ingest
from flows.monitor import MonitorResult, monitor
from tasks_lib.config.settings import Settings
from tasks_lib.progress import advance
from tasks_lib.text.rows import lines_of

QUESTION = "How many days of annual leave do full-time employees get?"
TRAFFIC = 40


class DemoResult(BaseModel):
    """The results of every step."""

    ingest: IngestResult
    dataset: DatasetResult
    deploy: DeployResult
    ask: AskResult
    monitor: MonitorResult
    traffic: int
    seconds: float


def demo(settings: Settings, platform: str = "local") -> DemoResult:
    """Ingest the handbook, make questions, pass the gate, answer, and monitor a day of simulated traffic."""
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
    advance("monitor the traffic", 0, 1)
    monitored = monitor(settings, platform)
    advance("monitor the traffic", 1, 1)
    return DemoResult(
        ingest=ingested,
        dataset=questions,
        deploy=deployed,
        ask=answers[0],
        monitor=monitored,
        traffic=len(answers),
        seconds=round(time.monotonic() - start, 1),
    )


def _traffic() -> list[str]:
    """Questions as employees would ask them: the sample's single-turn questions, in their order."""
    lines = lines_of((examples_folder() / "handbook-questions.jsonl").read_text(encoding="utf-8"))
    conversations = [json.loads(line)["messages"] for line in lines if line.strip()]
    return [messages[0]["content"] for messages in conversations if len(messages) == 1][:TRAFFIC]
