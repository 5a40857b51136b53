"""What a person sees who is asked before promotion."""

import pytest
from prefect.exceptions import FlowPauseTimeout

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
