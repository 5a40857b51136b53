"""Runs that nobody started: production's own configuration, a person's approval, and holds that they keep."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from mlflow import MlflowClient
from prefect.artifacts import Artifact
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import FlowRun

from flows import deploy as deploying
from flows import history as telling
from flows import hold as holding
from flows import promotion
from flows import rollback as rolling_back
from flows.deploy import DeployResult
from flows.origin import Origin
from tasks_lib.config.gate import GateConfig
from tasks_lib.config.settings import Settings
from tasks_lib.dataset.datasets import save
from tasks_lib.dataset.examples import Example
from tasks_lib.errors import ConfigurationError, NotDeployedError
from tasks_lib.gate.configuration import as_production
from tasks_lib.gate.decide import Decision
from tasks_lib.gate.description import WAITS, WITHDRAWN
from tasks_lib.home import Home
from tasks_lib.registry import aliases, attempts
from tasks_lib.registry.attempts import FLOW_RUN_TAG, WAITS_UNTIL_TAG
from tasks_lib.registry.events import artifact_key
from tasks_lib.registry.holds import read_hold
from tasks_lib.registry.live import require_live
from tasks_lib.registry.tracking import VERB_TAG, connect, last_runs, package_version
from tests.tasks_lib.registry import fakes

MODEL = "rag-assistant"
NAMES = GateConfig().aliases
QUESTIONS = (*fakes.examples()[:12], *fakes.examples()[18:21], fakes.examples()[-1])
AUTOMATION = "automation llmops: deploy on drift"


@dataclass
class Place:
    """A registry, and what is asked of people."""

    platform: fakes.FakePlatform
    script: Path
    patch: pytest.MonkeyPatch
    answer: str = "promote"
    meanwhile: Callable[[], object] = lambda: None
    asked: list[str] = field(default_factory=list)

    @property
    def client(self) -> MlflowClient:
        return connect(self.platform, MODEL)

    @property
    def aliases(self) -> aliases.Aliases:
        return aliases.read_aliases(self.client, MODEL, NAMES)

    @property
    def versions(self) -> int:
        return len(self.client.search_model_versions(f"name = '{MODEL}'"))

    def behaves(self, behaviour: str) -> None:
        """The code that answers, from the next deployment on."""
        fakes.write_script(self.script.parent, behaviour)
        (self.script.parent / "tasks_lib" / "__init__.py").write_text(f"BEHAVIOUR = {behaviour!r}\n", encoding="utf-8")

    def asks(self, questions: tuple[Example, ...]) -> None:
        """A new evaluation set: what is in production was not measured by it."""
        save(self.client, "q", questions, index="i", index_version="7", origin="import")

    def by_a_person(self, top_k: int = 5, **gate: Any) -> DeployResult:
        settings = {"retriever": {"top_k": top_k}, "gate": {"minimum_questions": len(QUESTIONS), "margin": 0.5, **gate}}
        return deploying.deploy(Settings.model_validate(settings))

    def on_drift(self) -> DeployResult:
        """As the automation starts it."""
        with self.patch.context() as patch:
            patch.setattr(deploying, "origin", lambda reason: Origin(AUTOMATION, attended=False, reason=reason))
            return deploying.deploy(assistant=MODEL, as_production=True, reason="drift of refused")

    def newest_run(self) -> FlowRun:
        with get_client(sync_client=True) as prefect:
            return max(prefect.read_flow_runs(), key=lambda run: run.created or 0)  # type: ignore[arg-type,return-value]


@pytest.fixture
def place(
    tracked_home: Callable[[Path], Home],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    prefect_harness: None,
) -> Place:
    platform = fakes.FakePlatform(tracked_home(tmp_path / "home"))
    monkeypatch.setenv("LLMOPS_HOME", str(platform.home.root))
    monkeypatch.setenv("LLMOPS_USER", "ann")
    for module in (deploying, rolling_back, holding, telling):
        monkeypatch.setattr(module, "resolve_platform", lambda name: platform)
    room = fakes.write_room(tmp_path, "x")
    made = Place(platform, tmp_path / "assistant.py", monkeypatch)
    monkeypatch.setattr(deploying, "MODEL_SCRIPT", made.script)
    monkeypatch.setattr(deploying, "CODE_PATHS", (room,))

    def asked(decision: Decision, report: str, assistant: str) -> Decision:
        made.asked.append(report)
        made.meanwhile()
        word = {"settled_by": "Ben", "comment": "read it", "reasons": [made.answer, *decision.reasons]}
        return decision.model_copy(update={"decision": made.answer, **word})

    monkeypatch.setattr(promotion, "request_approval", asked)
    made.behaves(fakes.KNOWS_SIX)
    made.asks(QUESTIONS)
    return made


@pytest.mark.flow
@pytest.mark.slow
def test_after_a_rollback_nothing_is_deployed_until_a_person_deploys_and_then_production_waits_for_approval(
    place: Place,
) -> None:
    assert place.by_a_person(thresholds={"retrieval_recall": 0.4}).decision == "promote"
    place.behaves(fakes.KNOWS_ALL_FOR_MORE_TOKENS)
    assert place.by_a_person(top_k=8, thresholds={"retrieval_recall": 0.41}).decision == "promote"
    rolling_back.rollback(reason="wrong answers")
    assert place.aliases == {"previous": 2, "production": 1}
    assert [entry.changed for entry in telling.history(Settings()).entries][:2] == [
        "retriever.top_k 8 → 5",
        "retriever.top_k 5 → 8",
    ]
    texts = {number: place.client.get_model_version(MODEL, number).description or "" for number in "12"}
    assert texts["1"].startswith("**In production** since ")
    assert ": rolled back from version 2 to 1, by ann: wrong answers\n\n**promote** on " in texts["1"]
    assert texts["2"].startswith("**In production no longer** since ")
    assert "\n\n**promote** on " in texts["2"]

    held = place.on_drift()
    assert (held.decision, held.version, held.production_version) == (None, None, 1)
    assert "on hold since a rollback by ann" in held.reasons[0]
    assert "wrong answers" in held.reasons[0]
    assert (place.versions, place.asked) == (2, [])
    run = place.newest_run()
    assert run.name == "rag-assistant: on hold"
    assert run.state
    assert "nothing was deployed" in str(run.state.message)
    assert str(run.state.message).endswith(f"(drift of refused, by the {AUTOMATION})")

    assert place.by_a_person(top_k=8, thresholds={"retrieval_recall": 0.41}).decision == "promote"
    assert read_hold(place.client, MODEL) is None
    again = place.on_drift()
    assert (again.decision, again.version) == ("unchanged", 3)
    assert place.asked == []

    place.asks((*QUESTIONS[1:], fakes.examples()[15]))
    place.answer = "reject"
    denied = place.on_drift()
    assert (denied.decision, denied.version, denied.production_version) == ("reject", 4, 3)
    place.answer = "promote"
    place.asks(QUESTIONS[2:] + fakes.examples()[14:16])
    approved = place.on_drift()
    assert (approved.decision, approved.version, approved.production_version) == ("promote", 5, 5)
    assert len(place.asked) == 2
    live = require_live(place.client, MODEL, NAMES["production"])
    assert live.rag.retriever.top_k == 8
    recorded = last_runs(place.client, "deploy")[0].data.tags
    assert recorded["llmops.started_by"] == AUTOMATION
    assert recorded["llmops.reason"] == "drift of refused"
    assert place.newest_run().state.message == f"rag-assistant v5: promote (drift of refused, by the {AUTOMATION})"  # type: ignore[union-attr]
    told = telling.history(Settings())
    assert [(entry.what, entry.version, entry.by, entry.approved_by) for entry in told.entries] == [
        ("promoted", 5, AUTOMATION, "Ben"),
        ("rejected", 4, AUTOMATION, "Ben"),
        ("unchanged", 3, AUTOMATION, None),
        ("promoted", 3, "ann", None),
        ("held back", None, AUTOMATION, None),
        ("rolled back", 1, "ann", None),
        ("promoted", 2, "ann", None),
        ("promoted", 1, "ann", None),
    ]
    assert (told.production_version, told.live, told.hold) == (5, told.entries[0], None)
    assert [entry.why for entry in told.entries[:5:2]] == ["drift of refused"] * 3
    version = place.client.get_model_version(MODEL, "5")
    assert {"registered_by": AUTOMATION, "approved_by": "Ben", "decision": "promote"}.items() <= version.tags.items()
    assert version.tags["package_version"] == package_version()
    assert version.description.startswith("**In production** since ")
    assert "\n\n**promote** on " in version.description
    assert "| retriever.top_k | 8 |" in version.description
    assert place.client.get_model_version(MODEL, "4").tags["denied_by"] == "Ben"
    (evaluation,) = place.client.search_runs(
        [place.client.experiment_id],  # type: ignore[attr-defined]
        filter_string="tags.`mlflow.runType` = 'genai_evaluate' AND run_name = 'rag-assistant v5: evaluation'",
    )
    assert evaluation.data.tags["mlflow.parentRunId"] == approved.run_id
    settings = as_production(place.client, Settings())  # type: ignore[arg-type]
    assert (settings.rag, settings.gate.limits["retrieval_recall"], settings.gate.margin) == (live.rag, 0.41, 0.5)
    given = Settings.model_validate({"gate": {"margin": 0.1}})
    assert as_production(place.client, given).gate.margin == 0.1
    with pytest.raises(ConfigurationError, match="retriever given together with production's own configuration"):
        as_production(place.client, Settings.model_validate({"retriever": {"top_k": 8}}))


@pytest.mark.flow
@pytest.mark.slow
def test_an_approval_whose_run_was_interrupted_and_met_a_hold_is_not_asked_any_more(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.behaves(fakes.GOOD)
    assert place.by_a_person().decision == "promote"
    place.asks((*QUESTIONS[1:], fakes.examples()[15]))
    seen: list[str] = []

    def killed() -> None:
        seen.append(place.client.get_model_version(MODEL, "2").description or "")
        raise KeyboardInterrupt

    place.meanwhile = killed
    with pytest.raises(KeyboardInterrupt):
        place.on_drift()
    assert seen[0].startswith(f"**{WAITS}** on ")
    waits = {"llmops.version": "2", WAITS_UNTIL_TAG: "9999-01-01", VERB_TAG: "deploy", FLOW_RUN_TAG: "ours"}
    place.client.create_run(place.client.experiment_id, tags=waits)  # type: ignore[attr-defined]
    holding.hold(Settings(), reason="freeze")
    monkeypatch.setattr(attempts, "current_flow_run", lambda: "ours")
    assert place.on_drift().decision is None
    assert [entry.what for entry in telling.history(Settings()).entries][:3] == ["held back", "interrupted", "hold"]
    assert (place.client.get_model_version(MODEL, "2").description or "").startswith(f"**{WITHDRAWN}** on ")
    shown = {name: Artifact.get(artifact_key(name, MODEL)) for name in ("gate-approval", "production")}
    assert "Nobody is asked any more" in str(shown["gate-approval"] and shown["gate-approval"].data)
    production = str(shown["production"] and shown["production"].data)
    assert "on hold since a hold by ann" in production
    assert "**held back**" in production


@pytest.mark.flow
@pytest.mark.slow
def test_who_switched_it_on_is_promoted_to_unasked_but_not_during_a_hold(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(NotDeployedError, match="nothing of 'rag-assistant' was registered"):
        holding.hold(Settings())
    place.behaves(fakes.GOOD)
    assert place.by_a_person(promote_unattended=True, thresholds={"retrieval_recall": 0.4}).decision == "promote"
    place.asks((*QUESTIONS[1:], fakes.examples()[15]))
    promoted = place.on_drift()
    assert (promoted.decision, promoted.production_version, place.asked) == ("promote", 2, [])

    place.asks(QUESTIONS[2:] + fakes.examples()[14:16])
    with monkeypatch.context() as patch:
        evaluate = deploying._evaluate_candidate

        def slowly(*arguments: Any) -> Any:
            found = evaluate(*arguments)
            with ThreadPoolExecutor(1) as another:  # as a process: MLflow's active run is a thread's own
                another.submit(holding.hold, Settings(), reason="freeze").result()
            return found

        patch.setattr(deploying, "_evaluate_candidate", slowly)
        late = place.on_drift()
    assert (late.decision, late.production_version) == ("undecided", 2)
    assert "on hold since a hold by ann" in late.reasons[0]
    assert "freeze" in late.reasons[0]
    assert place.on_drift().decision is None

    assert place.by_a_person(thresholds={"retrieval_recall": 0.4}).decision == "promote"
    assert read_hold(place.client, MODEL) is not None  # a person's hold is theirs to release
    released = holding.hold(Settings(), release=True)
    assert (released.hold, released.released and released.released.reason) == (None, "freeze")
    assert holding.hold(Settings(), release=True).released is None


@pytest.mark.flow
@pytest.mark.slow
@pytest.mark.parametrize(("answer", "decision"), [("promote", "unchanged"), ("reject", "reject")])
def test_of_two_runs_that_wait_for_one_version_the_second_finds_it_live_and_leaves_its_decision(
    place: Place, answer: str, decision: str
) -> None:
    """Whatever its own person answered, late."""
    place.behaves(fakes.GOOD)
    assert place.by_a_person().decision == "promote"
    place.asks((*QUESTIONS[1:], fakes.examples()[15]))
    answers: list[DeployResult] = []

    def another() -> None:
        place.meanwhile, place.answer = (lambda: None), "promote"
        with ThreadPoolExecutor(1) as process:
            answers.append(process.submit(place.by_a_person).result())
        place.answer = answer

    place.meanwhile = another
    late = place.on_drift()
    assert [(first.decision, first.version, first.production_version) for first in answers] == [("promote", 2, 2)]
    assert (late.decision, late.version, late.production_version) == (decision, 2, 2)
    assert "**promote**" in place.client.get_model_version(MODEL, "2").description
    assert place.client.get_model_version(MODEL, "2").tags["decision"] == "promote"
    assert place.aliases == {"previous": 1, "production": 2}
