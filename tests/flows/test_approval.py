"""What a person sees who is asked before promotion."""

import time
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context

import pytest
from prefect import Flow, flow
from prefect.client.orchestration import get_client
from prefect.exceptions import FlowPauseTimeout
from prefect.flow_engine import run_flow
from prefect.input.run_input import keyset_from_paused_state
from prefect.states import Paused, Running, State

from flows import approval
from tasks_lib.gate.decide import Decision
from tasks_lib.gate.gate_report import GateRun, gate_report
from tasks_lib.progress import listening


@pytest.mark.parametrize(
    ("answer", "decision", "reason"),
    [
        (approval.Approval(approve=True, comment="read it"), "promote", "approved by a person: read it"),
        (approval.Approval(approve=True, name="Ann Lee"), "promote", "approved by Ann Lee"),
        (approval.Approval(approve=False), "reject", "approval was denied by a person"),
        (approval.Approval(name=" Ann\n", comment="no"), "reject", "approval was denied by Ann: no"),
        (None, "undecided", "nobody approved within 24 hours"),
    ],
)
def test_report_that_waits_for_a_person_does_not_claim_a_promotion(
    answer: approval.Approval | None, decision: str, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[str] = []
    steps: list[str] = []

    def pause(**arguments: object) -> approval.Approval:
        if answer is None:
            raise FlowPauseTimeout("nobody came")
        return answer

    monkeypatch.setattr(approval, "create_markdown_artifact", lambda **fields: shown.append(fields["markdown"]))
    monkeypatch.setattr(approval, "pause_flow_run", pause)
    ready = Decision(decision="promote", beats_threshold=True, reasons=["all thresholds hold"])
    with listening(lambda step, done, total: steps.append(step)):
        settled = approval.request_approval(
            ready, gate_report(GateRun("rag-assistant", ready, None, None)), "rag-assistant"
        )

    assert (settled.decision, settled.reasons[0]) == (decision, reason)
    assert "waits for approval" in shown[0]
    assert "in production now" not in shown[0]
    assert steps[0].startswith("wait for approval")


def asking() -> Flow[[], Decision]:
    @flow(flow_run_name=lambda: "deploy rag-assistant: {reason} in braces")
    def asks() -> Decision:
        ready = Decision(decision="promote", beats_threshold=True, reasons=["all thresholds hold"])
        return approval.request_approval(ready, "report", "rag-assistant")

    return asks


@pytest.mark.flow
def test_a_run_that_nobody_answers_ends_undecided_and_does_not_fail(
    prefect_harness: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Prefect fails a run at the deadline of its pause."""
    monkeypatch.setattr(approval, "APPROVAL_SECONDS", 3)
    asks = asking()
    with get_client(sync_client=True) as client:
        run = client.create_flow_run(asks)
        state: State[Decision] = run_flow(asks, flow_run=run, return_type="state")  # type: ignore[assignment]
        assert state.is_completed(), state.message
        assert state.result().decision == "undecided"
        assert state.result().settled_by is None
        states = [state.name for state in client.read_flow_run_states(run.id)]
    assert states == ["Pending", "Running", "Paused", "Running", "Completed"]


@pytest.mark.flow
def test_a_person_who_presses_resume_in_time_is_heard(prefect_harness: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(approval, "APPROVAL_SECONDS", 60)

    def press() -> None:
        with get_client(sync_client=True) as client:
            while True:
                paused = [run for run in client.read_flow_runs() if run.state_name == "Paused"]
                if paused:
                    assert approval.resume(client, paused[0].id, approve=True, name="Ann")
                    return
                time.sleep(0.2)

    with ThreadPoolExecutor(1) as person:
        context = copy_context()
        person.submit(context.run, press)
        state = asking()(return_state=True)
    assert state.is_completed(), state.message
    assert (state.result().decision, state.result().settled_by) == ("promote", "Ann")


@pytest.mark.flow
def test_an_answer_that_comes_before_the_form_is_given_again(prefect_harness: None) -> None:
    """Prefect pauses a run and saves its form afterwards; on a busy machine a person's answer came in between."""
    with get_client(sync_client=True) as client, ThreadPoolExecutor(1) as person:
        run = client.create_flow_run(asking()).id
        client.set_flow_run_state(run, Running(), force=True)
        pause = Paused(timeout_seconds=60, pause_key="early")
        pause.state_details.run_input_keyset = keyset_from_paused_state(pause)
        assert not approval.resume(client, run, approve=True)
        client.set_flow_run_state(run, pause, force=True)

        def press() -> bool:
            with get_client(sync_client=True) as their:
                return approval.resume(their, run, approve=True, name="Ann")

        pressed = person.submit(copy_context().run, press)
        time.sleep(1)
        assert not pressed.done()
        approval.Approval.save(keyset_from_paused_state(pause), run)
        assert pressed.result()
        assert client.read_flow_run(run).state_name == "Running"
