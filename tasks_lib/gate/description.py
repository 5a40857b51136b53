"""The description of a version in the registry, as Markdown: what was decided and why, on what figures, of what."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tasks_lib.assistant.guardrails.certificate import certificate
from tasks_lib.config.guardrails import GuardrailsConfig
from tasks_lib.config.rag import RagConfig
from tasks_lib.gate.decide import ThresholdCheck
from tasks_lib.gate.gate_report import number
from tasks_lib.gate.publish import Outcome
from tasks_lib.registry.changes import changes, flat
from tasks_lib.registry.live import LiveVersion
from tasks_lib.registry.model_description import LONGEST
from tasks_lib.registry.moments import minute

if TYPE_CHECKING:
    from mlflow import MlflowClient

NAMED = ("llm.model", "embedder", "collection", "retriever.top_k", "retriever.mode", "chunking.tokens", "index.follow")
"""Keys of the configuration that are told although they are as they come."""
WAITS = "found fit for production, waits for approval"
WITHDRAWN = "found fit for production; the run was interrupted before anybody approved"
CUT = "\n\n… the whole report is an artifact of the run."


def describe_version(
    client: "MlflowClient",
    outcome: Outcome,
    rag: RagConfig,
    run_id: str,
    production: LiveVersion | None = None,
    *,
    waits: bool = False,
) -> None:
    """Write the description into the registry."""
    text = describe(outcome, rag, run_id, production, waits=waits)
    client.update_model_version(outcome.model, str(outcome.version), text)


def describe_withdrawn(client: "MlflowClient", model: str, version: str) -> None:
    """Say that the approval a version waited for is not asked any more."""
    text = client.get_model_version(model, version).description or ""
    client.update_model_version(model, version, text.replace(WAITS, WITHDRAWN, 1))


def describe(
    outcome: Outcome, rag: RagConfig, run_id: str, production: LiveVersion | None = None, *, waits: bool = False
) -> str:
    """Decision, reasons, what changed, figures beside thresholds and production, configuration, documents and origin.

    :param production: The version that was in production before it.
    :param waits: Whether a person is asked before the decision holds.
    :returns: At most 5,000 characters, cut at the end of a line.
    """
    decision, lineage = outcome.decision, outcome.lineage
    settled = f" {decision.settled_by} had the last word." if decision.settled_by else ""
    decided = WAITS if waits else decision.decision
    parts = (
        f"**{decided}** on {minute(outcome.decided_at)}.{settled}",
        "\n".join(f"- {reason}" for reason in decision.reasons),
        "\n".join(_changes(outcome, rag, production)),
        "\n".join(_figures(outcome)),
        "\n".join(_rows("configuration", _configuration(rag))),
        _unmeasured(rag),
        "\n".join(_rows("documents and origin, as its gate saw them", {**lineage, "run": run_id})),
    )
    return _cut("\n\n".join(part for part in parts if part))


def _changes(outcome: Outcome, rag: RagConfig, production: LiveVersion | None) -> Iterator[str]:
    """Every key of the configuration that is another one, and whether the documents, questions or code are."""
    if production is None or production.version == outcome.version:
        return
    rows = changes(production.rag, rag, production.tags, outcome.lineage)
    yield from _rows(f"changed since version {production.version}", rows or {"nothing": ""})


def _figures(outcome: Outcome) -> Iterator[str]:
    if not outcome.measured:
        return
    asked = {check.metric: check for check in outcome.decision.thresholds}
    compared = outcome.production.metrics if outcome.candidate and outcome.production else None
    names = [*asked, *(name for name in outcome.metrics if name not in asked)]
    yield from (
        "| metric | value | asked |" + (" production |" if compared else ""),
        "|---" * (3 + bool(compared)) + "|",
    )
    for name in names:
        value = outcome.metrics.get(name)
        if value is not None:
            before = f" {number(compared.get(name))} |" if compared else ""
            yield f"| {name} | {number(value)} | {_asked(asked.get(name))} |{before}"


def _asked(check: ThresholdCheck | None) -> str:
    if check is None:
        return ""
    held = {True: "✓", False: "✗", None: ""}[check.ok]
    return f"{'≥' if check.direction == 'floor' else '≤'} {check.limit:g} {held}".strip()


def _configuration(rag: RagConfig) -> dict[str, object]:
    """What shapes an answer: the models, what is tuned most, and every key that is not as it comes."""
    whole, given = rag.model_dump(mode="json"), rag.model_dump(mode="json", exclude_defaults=True)
    named = {name: value for name, value in flat(whole) if name in NAMED}
    return {**named, **dict(flat(given))}


def _unmeasured(rag: RagConfig) -> str:
    """Which of its validators nobody has measured with its embedder."""
    names = [name for name in certificate(rag.embedder).unmeasured if _runs(rag.guardrails, name)]
    if not names:
        return ""
    return f"Nobody has measured its {' and '.join(names)} with {rag.embedder} (`llmops guard --languages`)."


def _runs(guardrails: GuardrailsConfig, validator: str) -> bool:
    topics = guardrails.topics
    configured = validator != "topics" or bool(topics.forbidden or topics.allowed)
    return bool(getattr(guardrails, validator).enabled) and configured


def _rows(title: str, rows: dict[str, object] | dict[str, str]) -> Iterator[str]:
    yield from (f"| {title} | |", "|---|---|")
    for name, value in rows.items():
        text = " ".join(str(value).split()).replace("|", "\\|")
        yield f"| {name} | {text if len(text) <= 200 else text[:200] + '…'} |"


def _cut(text: str) -> str:
    if len(text) <= LONGEST:
        return text
    return text[: LONGEST - len(CUT)].rpartition("\n")[0] + CUT
