"""A home in which everything was written that the loop writes, with a planted document, name and question."""

import io
import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import mlflow
import pyarrow as pa
import pyarrow.parquet as pq
from mlflow.entities import AssessmentSource

from blocks.local import LocalPlatform
from flows.ingest import synchronise
from tasks_lib.assistant.contract.answer import Message
from tasks_lib.assistant.contract.states import HeldState, IndexStates, QuarantinedDocument
from tasks_lib.config.pseudonyms import pseudonyms
from tasks_lib.config.settings import Settings
from tasks_lib.dataset.datasets import save
from tasks_lib.dataset.examples import Example, Reference
from tasks_lib.home import Home
from tasks_lib.registry.audit import write_audit
from tasks_lib.registry.tracking import TRACE_CALLER_TAG, connect, run_of

PATH = "clubs/zebra.md"
NAME = "Wilhelmina Quarkstein"
PLANTED = f"The Zebrafish club meets in room QX7731 every Thursday. Its speaker is {NAME}."
ASKED = "May I bring my grey parrot Archimedes to work?"
SECRETS = ("qx7731", "quarkstein", "zebrafish", "clubs/zebra")
"""What is left nowhere of the document."""
OTHER = "# Leave\n\nEmployees receive 27 days of annual leave.\n"


def settings_of(folder: Path) -> Settings:
    """Settings that ingest the planted folder."""
    return Settings.model_validate({"ingest": {"source": str(folder)}})


def write_home(home: Home, folder: Path) -> LocalPlatform:
    """Write it; the documents lie in `folder`."""
    platform = LocalPlatform(home)
    (folder / "clubs").mkdir(parents=True)
    (folder / "leave.md").write_text(OTHER)
    (folder / PATH).write_text(f"# Clubs\n\n{PLANTED}\n")
    settings = settings_of(folder)
    source = synchronise(platform, settings).source
    (folder / "lunch.md").write_text("# Lunch\n\nThe canteen serves lunch from noon.\n")
    synchronise(platform, settings)
    index = platform.index(settings.rag)
    quarantined = QuarantinedDocument(
        source=source, document=PATH, document_hash="h0", since=datetime.now(UTC), by="ann", reason=f"about {NAME}"
    )
    held = HeldState(state="9", since=datetime.now(UTC), decision="held", reasons=[PLANTED], documents=[PATH])
    versions = sorted(entry["version"] for entry in index.store.connection.table().list_versions())
    with index.writing(1):
        index.save_states(
            IndexStates(released=index.version(), earlier=[str(versions[-2])], held=held, quarantine=[quarantined])
        )
    _write_mlflow(platform, index.name, source)
    _write_files(home)
    write_audit(home, "held", {"by": "ann", "about": "documents", "why": f"{NAME} asked for it"})
    return platform


def _write_mlflow(platform: LocalPlatform, index: str, source: str) -> None:
    client = connect(platform, "rag-assistant")
    mlflow.set_experiment(experiment_id=client.experiment_id)
    names = pseudonyms(platform.home)
    _trace(ASKED, "Pets are welcome.", "leave.md", names.of("key alice"))
    _trace("Where does the club meet?", PLANTED, PATH, names.of("key bo"))
    _trace("How long is annual leave?", "27 days.", "leave.md", names.of("key bo"))
    reference = Reference(document=PATH, start=0, end=10, content=PLANTED, source=source)
    examples = [
        _example("a", "Who speaks for the club?", NAME, reference),
        _example("b", ASKED, "Yes."),
        _example("c", "How long is annual leave?", "27 days"),
    ]
    for kept in (examples[:2], examples):
        save(client, "questions", kept, index=index, index_version="9", origin="import")
    with run_of(client, "monitor", {"llmops.changed": f"added {PATH}", "llmops.reasons": PLANTED}):
        mlflow.log_param("note", NAME)
        mlflow.log_text(f"<h1>Worst</h1><p>{ASKED}</p><p>{PLANTED.replace(' ', '&#32;', 1)}</p>", "report/index.html")
        mlflow.log_dict({"worst": [{"question": ASKED, "score": 0.5}], "documents": [PATH]}, "result.json")
        rows = io.BytesIO()
        pq.write_table(pa.table({"text": [PLANTED, ASKED], "score": [0.1, 0.2]}), rows)
        file = platform.home.root / "answers.parquet"
        file.write_bytes(rows.getvalue())
        mlflow.log_artifact(str(file))
        file.unlink()
    client.create_registered_model("prompts", description=f"as {NAME} wrote it", tags={"text": PLANTED})


def _trace(question: str, answer: str, document: str, caller: str) -> None:
    with mlflow.start_span("answer") as span:
        span.set_inputs({"messages": [{"role": "user", "content": question}]})
        span.set_outputs({"response": answer, "source_documents": [{"document": document, "content": answer}]})
        mlflow.update_current_trace(tags={TRACE_CALLER_TAG: caller, "llmops.source": "production"})
        trace_id = span.trace_id
    mlflow.flush_trace_async_logging()
    source = AssessmentSource(source_type="HUMAN", source_id="ann")
    mlflow.log_feedback(trace_id=trace_id, name="thumbs", value=True, source=source, rationale=f"as asked: {question}")


def _example(name: str, question: str, answer: str, *references: Reference) -> Example:
    return Example(id=name, messages=(Message(role="user", content=question),), answer=answer, references=references)


def _write_files(home: Home) -> None:
    """What others write: reports, logs, Evidently's workspace, caches, and Prefect's database with deleted rows."""
    contents = {
        "reports/monitor-1/index.html": f"<p>{ASKED}</p><p>{PLANTED}</p>",
        "reports/monitor-1/chart.png": b"\x89PNG\xff " + PLANTED.encode(),
        "evidently/p1/snapshots/1.json": json.dumps({"metrics": [{"label": PLANTED}]}),
        "up.log": f"INFO asked {json.dumps(ASKED)}\nINFO {json.dumps(PLANTED)}\n",
        "unfinished/dataset.jsonl": json.dumps({"key": "k", "text": json.dumps({"answer": PLANTED})}) + "\n",
        "cache/ingest/documents/0a1b": b"\x80\x05" + PLANTED.encode(),
        "cache/git/1/objects": PLANTED,
    }
    for name, content in contents.items():
        path = home.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    home.prefect.mkdir(exist_ok=True)
    with closing(sqlite3.connect(home.prefect / "prefect.db")) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("CREATE TABLE artifact (id TEXT PRIMARY KEY, data JSON)")
        connection.execute("CREATE TABLE log (message TEXT)")
        rows = [(str(number), json.dumps({"table": [[PLANTED, ASKED, number]]})) for number in range(50)]
        connection.executemany("INSERT INTO artifact VALUES (?, ?)", rows)
        connection.execute("DELETE FROM artifact WHERE id > '2'")
        connection.execute("INSERT INTO log VALUES (?)", (f"ingested {PATH}",))
        connection.commit()
