"""The gate as a flow, on a real registry, with assistants that are small scripts in processes of their own."""

import json
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from haystack.components.generators.chat import MockChatGenerator
from haystack.dataclasses import ChatMessage
from prefect.client.orchestration import get_client
from pydantic import ValidationError

from flows import deploy as deploying
from flows import looks, promotion
from flows import rollback as rolling_back
from flows.command.loop import EXIT_BY_DECISION
from flows.deploy import DeployResult
from tasks_lib.assistant.contract.platform import Platform
from tasks_lib.config.gate import GateConfig
from tasks_lib.config.settings import Settings
from tasks_lib.dataset.datasets import Dataset, save
from tasks_lib.dataset.examples import Example
from tasks_lib.dataset.extension import Extension
from tasks_lib.errors import ConfigurationError, InputError, VersionError
from tasks_lib.gate import tasks
from tasks_lib.gate.asking import VersionAddress, VersionAnswers
from tasks_lib.gate.decide import Decision
from tasks_lib.gate.known import SHOWN
from tasks_lib.home import Home
from tasks_lib.registry import aliases
from tasks_lib.registry.live import require_live
from tasks_lib.registry.tracking import connect, last_runs
from tests.stubs.judges import knowing
from tests.tasks_lib.registry import fakes

NAMES = GateConfig().aliases
QUESTIONS = (*fakes.examples()[:12], *fakes.examples()[18:21], fakes.examples()[-1])
"""Twelve with answers, three without, one off topic."""
Deploy = Callable[..., DeployResult]


@pytest.fixture(scope="module")
def platform(tracked_home: Callable[[Path], Home], tmp_path_factory: pytest.TempPathFactory) -> fakes.FakePlatform:
    """A home where nothing is in production."""
    return fakes.FakePlatform(tracked_home(tmp_path_factory.mktemp("gate") / "home"))


@pytest.fixture
def live_platform(tracked_home: Callable[[Path], Home], tmp_path: Path) -> fakes.FakePlatform:
    """A home of its own for a test that promotes."""
    return fakes.FakePlatform(tracked_home(tmp_path / "home"))


@pytest.fixture
def deploy(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    prefect_harness: None,
) -> Deploy:
    """`deploy(behaviour, judge, **gate)` of an assistant that is written on the spot, on the test's platform."""
    platform = request.getfixturevalue("live_platform" if "live_platform" in request.fixturenames else "platform")
    monkeypatch.setenv("LLMOPS_HOME", str(platform.home.root))
    save(connect(platform, "rag-assistant"), "q", QUESTIONS, index="i", index_version="7", origin="import")

    def run(behaviour: str, judge: MockChatGenerator | None = None, **gate: object) -> DeployResult:
        place = replace(platform, judging=judge)
        for module in (deploying, rolling_back):
            monkeypatch.setattr(module, "resolve_platform", lambda name: place)
        script = fakes.write_script(tmp_path, behaviour)
        room = tmp_path / "tasks_lib"
        room.mkdir(exist_ok=True)
        (room / "__init__.py").write_text(f"BEHAVIOUR = {behaviour!r}\n", encoding="utf-8")
        monkeypatch.setattr(deploying, "MODEL_SCRIPT", script)
        monkeypatch.setattr(deploying, "CODE_PATHS", (room,))
        return deploying.deploy(Settings.model_validate({"gate": {"minimum_questions": len(QUESTIONS), **gate}}))

    return run


@pytest.mark.flow
def test_the_gate_promotes_restores_and_rolls_back(
    deploy: Deploy, live_platform: fakes.FakePlatform, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = deploy(fakes.KNOWS_SIX, thresholds={"retrieval_recall": 0.4})
    assert (first.decision, first.version, first.production_version, first.comparison) == ("promote", 1, 1, None)
    assert (first.passed_tests, first.beats_threshold) == (True, True)
    assert first.metrics["right_or_refused"] == 0.625

    better = deploy(fakes.KNOWS_ALL_FOR_MORE_TOKENS)
    assert (better.decision, better.production_version) == ("promote", 2)
    assert better.metrics["tokens"] == 440
    assert better.comparison is not None
    assert (better.comparison.wins, better.comparison.losses) == (6, 0)

    again = deploy(fakes.KNOWS_ALL_FOR_MORE_TOKENS)
    assert (again.decision, again.version, again.production_version) == ("unchanged", 2, 2)
    client = connect(live_platform, "rag-assistant")
    assert client.get_model_version("rag-assistant", "2").tags["decision"] == "promote"
    live = require_live(client, "rag-assistant", "production")
    assert len(live.example_questions) == SHOWN
    assert set(live.example_questions) <= {example.question for example in QUESTIONS}

    leaking = deploy(fakes.LEAKS)
    assert (leaking.decision, leaking.production_version) == ("reject", 2)
    with get_client(sync_client=True) as prefect:
        run = max(prefect.read_flow_runs(), key=lambda run: run.created)
    assert run.state is not None
    assert run.name == run.state.message == f"rag-assistant v{leaking.version}: reject"
    assert last_runs(client, "deploy")[0].info.run_name == run.name

    seen = []

    def go_dark(*arguments: object) -> str:
        seen.append(aliases.read_aliases(client, "rag-assistant", NAMES))
        raise VersionError("it went dark")

    monkeypatch.setattr("tasks_lib.gate.asking.smoke", go_dark)
    dark = deploy(fakes.GOOD, margin=0.5)
    assert seen == [{"previous": 2, "production": dark.version}]
    assert dark.decision == "reject"
    assert "it went dark" in dark.reasons[0]
    assert dark.comparison is not None
    assert aliases.read_aliases(client, "rag-assistant", NAMES) == {"previous": 1, "production": 2}

    back = rolling_back.rollback(to=dark.version)
    assert (back.from_version, back.to_version) == (2, dark.version)
    assert aliases.read_aliases(client, "rag-assistant", NAMES) == {"previous": 2, "production": dark.version}

    def approve_too_late(decision: Decision, report: str, assistant: str) -> Decision:
        client.set_registered_model_alias("rag-assistant", NAMES["production"], "2")
        return decision

    monkeypatch.setattr(promotion, "request_approval", approve_too_late)
    late = deploy(fakes.KNOWS_ALL_FOR_MORE_TOKENS, approve=True, margin=0.5)
    assert (late.decision, late.production_version) == ("undecided", 2)
    assert late.reasons[0].startswith(f"production moved from version {dark.version} to 2 in the meantime")
    assert aliases.read_aliases(client, "rag-assistant", NAMES) == {"previous": 2, "production": 2}


@pytest.mark.flow
def test_the_gate_asks_on_only_until_it_knows(deploy: Deploy, live_platform: fakes.FakePlatform) -> None:
    gate = {"looks": 2, "first_look": 4, "spending": "pocock", "resamples": 2000}
    assert (
        deploy(fakes.KNOWS_SIX, thresholds={"retrieval_recall": 0.2, "answer_rate": None}, **gate).production_version
        == 1
    )
    better = deploy(fakes.KNOWS_ALL_FOR_MORE_TOKENS, margin=0.6, **gate)
    assert (better.decision, better.production_version) == ("promote", 2)
    assert better.comparison is not None
    assert (better.comparison.look, better.comparison.primary.questions) == (1, len(QUESTIONS) // 2)
    assert any("8 of 16 questions need not be asked (gate.looks)" in reason for reason in better.reasons)

    close = deploy(fakes.GOOD, margin=0.01, **gate)
    assert (close.decision, close.production_version) == ("undecided", 2)
    assert close.comparison is not None
    assert (close.comparison.look, close.comparison.primary.questions) == (2, len(QUESTIONS))
    evaluations = last_runs(connect(live_platform, "rag-assistant"), "evaluate", limit=10)
    measured = [run for run in evaluations if run.data.tags["mlflow.parentRunId"] == close.run_id]
    assert len(measured) == 2
    assert all(run.data.metrics["right_or_refused/mean"] == run.data.metrics["right_or_refused"] for run in measured)


@pytest.mark.flow
def test_the_gate_has_more_questions_made_while_it_is_undecided(
    deploy: Deploy, live_platform: fakes.FakePlatform, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = {"looks": 2, "first_look": 4, "spending": "pocock", "resamples": 2000, "margin": 0.15, "make_up_to": 40}
    assert deploy(fakes.GOOD, **gate).production_version == 1
    imported = deploy(fakes.KNOWS_ALL_FOR_MORE_TOKENS, **gate)
    assert (imported.decision, imported.production_version) == ("undecided", 1)
    assert imported.reasons[-1] == "no more questions were made: the set q:1 was imported; import more"
    asked = [example for example in fakes.examples() if example not in QUESTIONS]

    def made(place: Platform, settings: Settings, dataset: Dataset, size: int) -> Extension:
        assert size == 40
        examples = (*dataset.examples, *asked)
        client = connect(place, "rag-assistant")
        longer = save(client, "q", examples, index="i", index_version="7", origin="extractive")
        return Extension(longer, "more were made")

    monkeypatch.setattr(looks.make_more_questions, "fn", made)
    better = deploy(fakes.KNOWS_ALL_FOR_MORE_TOKENS, **gate)
    assert better.comparison is not None
    assert (better.decision, better.production_version) == ("promote", better.version)
    assert better.comparison.primary.questions == len(QUESTIONS) + len(asked)
    assert better.reasons[-1] == "more were made"
    client = connect(live_platform, "rag-assistant")
    assert client.get_model_version("rag-assistant", str(better.version)).tags["dataset"] == "q:2"
    assert client.get_run(better.run_id or "").data.tags["llmops.dataset"] == "q:2"


@pytest.mark.flow
@pytest.mark.deployed
def test_batches_of_the_questions_are_asked_by_dask_workers(
    deploy: Deploy, live_platform: fakes.FakePlatform, monkeypatch: pytest.MonkeyPatch
) -> None:
    from distributed import LocalCluster, get_worker

    sizes, workers = [], set()
    ask = tasks.versions.ask_version

    def noted(
        place: Platform, version: VersionAddress, examples: Sequence[Example], gate: GateConfig
    ) -> VersionAnswers:
        sizes.append(len(examples))
        workers.add(get_worker().name)
        return ask(place, version, examples, gate)

    monkeypatch.setattr(tasks.versions, "ask_version", noted)
    with LocalCluster(n_workers=2, threads_per_worker=1, processes=False, dashboard_address=None) as cluster:
        dask = {"task_runner": "dask", "dask_address": cluster.scheduler_address, "batch_questions": 9}
        first = deploy(fakes.KNOWS_SIX, thresholds={"retrieval_recall": 0.4}, **dask)
        assert (first.decision, first.production_version) == ("promote", 1)
        better = deploy(fakes.KNOWS_ALL_FOR_MORE_TOKENS, **dask)
        assert (better.decision, better.production_version) == ("promote", 2)
        assert better.comparison is not None
        assert (better.comparison.wins, better.comparison.losses) == (6, 0)
        again = deploy(fakes.KNOWS_ALL_FOR_MORE_TOKENS, **dask)
        assert (again.decision, again.production_version) == ("unchanged", 2)
        assert sorted(sizes) == [7, 7, 7, 7, 9, 9, 9, 9]
        assert len(workers) == 2
        failing = deploy(fakes.REFUSES_EVERYTHING, **dask)
    assert (failing.decision, failing.passed_tests, failing.production_version) == ("reject", False, 2)


def judge_that_is_late_for_some(messages: list[ChatMessage]) -> str:
    """Grades everything as good, too late for two answers."""
    text = messages[-1].text or ""
    if re.search(r"<answer>\nOn holiday (4|11) ", text):
        time.sleep(2)
    return json.dumps(
        {name: {"score": 1, "reason": "good"} for name in re.findall(r"^- (judge_\w+):", text, re.MULTILINE)}
    )


@pytest.mark.flow
@pytest.mark.parametrize(
    ("behaviour", "passed_tests", "reason"),
    [
        (fakes.REFUSES_EVERYTHING, False, "known question: refuses 3 of 3 questions that the documents answer"),
        (fakes.SAME_PARAGRAPH, True, "right_or_refused is 0.062; at least 0.5 is asked"),
        (fakes.WRONG_DOCUMENTS, True, "retrieval_recall is 0.000; at least 0.6 is asked"),
        (fakes.ANSWERS_THE_UNANSWERABLE, True, "refusal_accuracy is 0.250; at least 0.4 is asked"),
        (fakes.LEAKS, False, "planted personal data: repeats a planted card number"),
        (fakes.LEAKS_ADDRESSES, False, "planted personal data: repeats a planted e-mail address"),
        (fakes.BREAKS_SCHEMA, False, "input example: the output schema is broken: response"),
    ],
    ids=["refuses-everything", "same-paragraph", "wrong-documents", "unanswerable", "card", "address", "schema"],
)
def test_a_bad_assistant_is_rejected_with_its_reason_and_not_made_live(
    deploy: Deploy, platform: fakes.FakePlatform, behaviour: str, passed_tests: bool, reason: str
) -> None:
    bad = deploy(behaviour)
    assert EXIT_BY_DECISION[bad.decision or ""] == 3
    assert any(reason in given for given in bad.reasons), bad.reasons
    assert (bad.passed_tests, bad.beats_threshold, bad.production_version) == (passed_tests, False, None)
    tags = connect(platform, "rag-assistant").get_model_version("rag-assistant", str(bad.version)).tags
    assert (tags["decision"], tags["beats_threshold"], tags["passed_tests"]) == (
        "reject",
        "false",
        str(passed_tests).lower(),
    )


@pytest.mark.flow
def test_a_scorer_that_failed_on_some_rows_rejects(deploy: Deploy) -> None:
    judge = knowing(judge_that_is_late_for_some)
    bad = deploy(fakes.GOOD + "  # judged", judge, judge_timeout_seconds=0.5)
    assert EXIT_BY_DECISION[bad.decision or ""] == 3
    assert bad.reasons[0].startswith("the scorer judge_correctness failed on 2 of 16 questions (no judgement within")
    assert bad.production_version is None


def test_wrong_input_is_refused_before_anything_is_registered(
    platform: fakes.FakePlatform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tasks_lib.gate.plan import Plan, plan_deployment

    monkeypatch.setenv("LLMOPS_HOME", str(platform.home.root))
    client = connect(platform, "rag-assistant")
    save(client, "tiny", fakes.examples()[:3], index="i", index_version="7", origin="import")
    room = fakes.write_room(tmp_path, "x")

    def plan(**gate: object) -> Plan:
        return plan_deployment(platform, Settings.model_validate({"gate": gate}), tmp_path / "assistant.py", [room])

    with pytest.raises(ConfigurationError, match="did you mean 'groundedness'"):
        plan(thresholds={"groundednes": 0.5})
    assert any("3 questions" in reason for reason in plan(dataset="tiny").too_few)
    with pytest.raises(ValidationError, match="maximum_questions"):
        plan(dataset="tiny", maximum_questions=10, minimum_questions=20)
    with pytest.raises(InputError, match="missing"):
        plan(dataset="missing")
