"""Thirty labels on the review page, by keyboard in headless Chromium: how long, and what the gate makes of them.

    PYTHONPATH=. python benchmarks/gate/labelling.py [--answers 120] [--labels 30]

Answers of known worth lie in a tracking store of their own, with the scores of a judge that is right on 80 % and only
ever flatters. `llmops review` serves the page; a script presses the keys that a person would, and reports what the page
takes. What a person takes is no measurement: reading is counted at 238 words a minute (Brysbaert, 2019, "How many
words do we read per minute?"), the words being those that the page shows of an item, deciding at `--decide` seconds an
answer, and the reason of a wrong one as typed at 40 words a minute. Then the gate's figure with these labels is held
against the same estimator on labels that are drawn a thousand times from the same answers.
"""

import argparse
import os
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import mlflow
import numpy as np
from mlflow.entities import AssessmentSource

from blocks.local import LocalPlatform
from tasks_lib.gate.judge import CORRECTNESS
from tasks_lib.gate.measurement import Measurement, QuestionResult
from tasks_lib.gate.people import read_reviews, with_labels
from tasks_lib.gate.prediction_powered import corrected
from tasks_lib.home import Home
from tasks_lib.registry.tracking import activate, connect
from tests.serving.chromium import Page, chromium
from tests.stubs.command import LLMOPS, ROOT

RIGHT, ACCURACY = 0.75, 0.8
READ, TYPED = 238, 40
"""Words a minute."""
REASON = "not what the passage says"
RIGHT_HOUR, WRONG_HOUR = "nine", "eleven"
ITEM = "document.getElementById('item').innerText"
PASSAGE = (
    "Branch {number} of the town library opens at nine on weekdays. On Saturdays it opens an hour later, and on "
    "Sundays and public holidays it stays closed. Readers who return a book outside of these hours use the box beside "
    "the door; it is emptied every morning before the branch opens. Groups of more than ten people are asked to "
    "announce their visit a week before, by telephone or at the desk."
)


def store(home: Home, answers: int, rng: np.random.Generator) -> dict[str, tuple[float, float]]:
    """Evaluated answers: trace id → what it is worth, and what the judge says."""
    client = connect(LocalPlatform(home), "rag-assistant")
    activate(client)
    known = {}
    for number in range(answers):
        worth = float(rng.random() < RIGHT)
        judged = 1.0 if worth or rng.random() < (1 - ACCURACY) / (1 - RIGHT) else 0.0
        passage = {
            "document": "hours.md",
            "start": 0,
            "end": 60,
            "score": 1.0,
            "content": PASSAGE.format(number=number),
        }
        with mlflow.start_span("rag-assistant") as span:
            mlflow.update_current_trace(tags={"llmops.source": "evaluation", "llmops.model_version": "1"})
            asked = f"When does branch {number} of the library open on weekdays?"
            span.set_inputs({"messages": [{"role": "user", "content": asked}]})
            hour = RIGHT_HOUR if worth else WRONG_HOUR
            said = f"Branch {number} opens at {hour} on weekdays."
            span.set_outputs({"response": said, "source_documents": [passage], "refused": False, "guardrails": []})
        known[span.trace_id] = (worth, judged)
    mlflow.flush_trace_async_logging()
    source = AssessmentSource(source_type="LLM_JUDGE", source_id="judge")
    for trace_id, (_, judged) in known.items():
        mlflow.log_feedback(trace_id=trace_id, name=CORRECTNESS, value=judged, source=source)
    return known


@contextmanager
def reviewing(home: Home, folder: Path) -> Iterator[str]:
    """`llmops review` on this home, once it listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    around = {**os.environ, "LLMOPS_HOME": str(home.root), "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen([*LLMOPS, "review", "--port", str(port)], env=around, cwd=folder)
    try:
        address = f"http://127.0.0.1:{port}"
        while not _listens(f"{address}/health"):
            if process.poll() is not None:
                raise SystemExit("llmops review ended")
            time.sleep(0.2)
        yield address
    finally:
        process.terminate()
        process.wait(timeout=60)


def _listens(address: str) -> bool:
    try:
        return httpx.get(address).is_success
    except httpx.TransportError:
        return False


def label(page: Page, address: str, labels: int) -> list[SimpleNamespace]:
    """Label so many answers by keyboard; for each the seconds of the page, the words shown and those typed."""
    page.open(address)
    page.wait_for("!document.getElementById('item').hidden", 60)
    page.value("document.getElementById('reviewer').focus(); document.getElementById('reviewer').value = ''")
    page.type("Ada")
    page.press("Enter")
    page.wait_for("document.activeElement.id === 'item' && localStorage.getItem('reviewer') === 'Ada'", 60)
    done = []
    for _ in range(labels):
        shown = page.value(ITEM)
        wrong = f"at {WRONG_HOUR} on weekdays" in shown
        started = time.perf_counter()
        page.letter("w" if wrong else "r")
        if wrong:
            page.wait_for("document.activeElement.id === 'reason'", 60)
            page.type(REASON)
            page.value("document.getElementById('verdict').requestSubmit()")
        page.wait_for("document.getElementById('told').textContent.startsWith('Saved: ')", 60)
        page.value("document.getElementById('told').textContent = ''")
        page.wait_for(f"!document.getElementById('done').hidden || {ITEM} !== {shown!r}", 60)
        typed = len(REASON.split()) if wrong else 0
        done.append(SimpleNamespace(page=time.perf_counter() - started, words=len(shown.split()), typed=typed))
    return done


def simulated(known: dict[str, tuple[float, float]], labels: int, rng: np.random.Generator) -> Any:
    """Estimates of the same answers, each by labels drawn anew."""
    truth, scores = (np.array(column) for column in zip(*known.values(), strict=True))
    found = []
    for _ in range(1000):
        order = rng.permutation(len(truth))
        first, rest = order[:labels], order[labels:]
        pairs = list(zip(scores[first], truth[first], strict=True))
        found.append(corrected(CORRECTNESS, pairs, list(scores[rest])))
    return [one for one in found if one.standing == "corrected"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--answers", type=int, default=120)
    parser.add_argument("--labels", type=int, default=30)
    parser.add_argument("--decide", type=float, default=3.0, help="Seconds of thought an answer; assumed.")
    options = parser.parse_args()
    rng = np.random.default_rng(0)
    folder = Path(tempfile.mkdtemp(prefix="labelling-"))
    home = Home(folder / "home").ensure()
    known = store(home, options.answers, rng)
    with reviewing(home, folder) as address, chromium(folder / "browser") as page:
        done = label(page, address, options.labels)
    took = sum(each.page for each in done)
    person = sum(60 * each.words / READ + 60 * each.typed / TYPED + options.decide for each in done)
    words = np.mean([each.words for each in done])
    print(f"{len(done)} labels: the page {took:.0f} s, a person {person / 60:.1f} min ({words:.0f} words an answer)")
    rows = [
        QuestionResult(example_id=trace, kind="answerable", question="", trace_id=trace, values={CORRECTNESS: judged})
        for trace, (_, judged) in known.items()
    ]
    measured = Measurement(
        version=1,
        primary="right_or_refused",
        expected_rows=len(rows),
        rows=rows,
        metrics={CORRECTNESS: float(np.mean([judged for _, judged in known.values()]))},
    )
    reviews = read_reviews(connect(LocalPlatform(home), "rag-assistant"))
    before, after = with_labels(measured, type(reviews)()).judged[0], with_labels(measured, reviews).judged[0]
    print(f"before: {before.reason}\nafter:  {after.reason}")
    truth = np.mean([worth for worth, _ in known.values()])
    others = simulated(known, options.labels, rng)
    estimates = np.array([one.estimate for one in others])
    widths = np.array([one.upper - one.lower for one in others])
    covered = np.mean([one.lower <= truth <= one.upper for one in others])
    low, high = np.quantile(estimates, [0.025, 0.975])
    print(
        f"truth {truth:.3f}; simulated: estimate {estimates.mean():.3f}, 95 % of them {low:.3f} to {high:.3f}, "
        f"interval {widths.mean():.3f} wide, truth covered {covered:.1%} ({len(others)} of 1,000 not refused)"
    )


if __name__ == "__main__":
    main()
