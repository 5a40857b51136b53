"""Production questions with bad feedback."""

import json
from pathlib import Path
from typing import Any

import pytest

from blocks.local import LocalPlatform
from tasks_lib.config.settings import DatasetConfig, Settings
from tasks_lib.dataset import datasets
from tasks_lib.dataset.examples import example_of
from tasks_lib.dataset.from_traces import bad_traces, candidates
from tasks_lib.dataset.importing import read_examples
from tasks_lib.dataset.tasks import import_questions, propose_candidates
from tasks_lib.registry.tracking import TRACE_SOURCE_TAG, activate, connect, run_of


def answer(question: str, *, feedback: Any, source: str = "production", comment: str | None = None) -> str:
    import mlflow
    from mlflow.entities import AssessmentSource

    with mlflow.start_span("rag-assistant") as span:
        span.set_inputs({"messages": [{"role": "user", "content": question}]})
        span.set_outputs({"response": "Something wrong."})
        mlflow.update_current_trace(tags={TRACE_SOURCE_TAG: source})
    mlflow.flush_trace_async_logging()
    if feedback is not None:
        person = AssessmentSource(source_type="HUMAN", source_id="user")
        mlflow.log_feedback(trace_id=span.trace_id, name="thumbs", value=feedback, source=person, rationale=comment)
    return str(span.trace_id)


@pytest.fixture(scope="module")
def client(tracked: LocalPlatform) -> Any:
    client = connect(tracked, "rag-assistant")
    activate(client)
    answer("How many days of leave are there?", feedback=False, comment="it is 27")
    answer("How many days of leave are there?", feedback=False)
    answer("Where is the office?", feedback=True)
    answer("Who is the director?", feedback=None)
    answer("When is payday?", feedback=False, source="evaluation")
    return client


def test_only_production_questions_with_bad_feedback_become_candidates_and_each_once(client: Any) -> None:
    (row,) = candidates(list(bad_traces(client)))

    assert row["messages"] == [{"role": "user", "content": "How many days of leave are there?"}]
    assert (row["status"], row["response"], row["answer"]) == ("pending", "Something wrong.", "")


def test_candidates_wait_in_a_file_until_a_person_confirms_them(client: Any, tracked: LocalPlatform) -> None:
    settings = Settings(dataset=DatasetConfig(name="from-traces"))
    kept = example_of("off_topic", "What is the capital of Mongolia?")
    datasets.save(client, "from-traces", [kept], index="i", index_version=None, origin="import")
    proposed = propose_candidates.fn(tracked, settings)

    assert (proposed.candidates, proposed.version, proposed.examples) == (1, 1, 1)
    file = Path(str(proposed.candidates_file))
    row = json.loads(file.read_text(encoding="utf-8"))
    file.write_text(json.dumps({**row, "status": "confirmed", "answer": "27 days"}), encoding="utf-8")

    (confirmed,) = read_examples(str(file), None).examples
    made = import_questions.fn(tracked, settings, str(file))
    assert made.examples == (kept, confirmed)
    assert confirmed.answer == "27 days"


def test_the_worst_answers_of_the_last_monitored_window_become_candidates_too(
    client: Any, tracked: LocalPlatform
) -> None:
    import mlflow

    trace_id = answer("Who pays for a train ticket?", feedback=None)
    rows = [{"trace_id": name, "why": ["groundedness 0.00", "coverage 0.20"]} for name in (trace_id, "tr-gone")]
    with run_of(client, "monitor", {"llmops.covers": "true"}):
        mlflow.log_text("".join(json.dumps(row) + "\n" for row in rows), "candidates.jsonl")
    with run_of(client, "monitor", {"llmops.covers": "false"}):
        mlflow.log_text("", "candidates.jsonl")

    proposed = propose_candidates.fn(tracked, Settings(dataset=DatasetConfig(name="worst")))
    lines = Path(str(proposed.candidates_file)).read_text(encoding="utf-8").split("\n")[:-1]
    comments = {row["messages"][-1]["content"]: row["comment"] for row in map(json.loads, lines)}
    assert len(comments) == 2
    assert comments["Who pays for a train ticket?"] == "monitoring: groundedness 0.00; coverage 0.20"
