"""The decision about a change of documents. Measurements in, decision out."""

from collections.abc import Collection, Mapping, Sequence
from typing import Literal

from pydantic import BaseModel, Field

from tasks_lib.assistant.contract.states import DocumentKey
from tasks_lib.config.settings import GateConfig
from tasks_lib.dataset.examples import Example
from tasks_lib.documents_gate.finding import Finding
from tasks_lib.gate.measurement import Measurement, QuestionResult
from tasks_lib.gate.statistics import Interval, bounds

MOST_TOLD = 5
"""Findings that the reasons name."""
Verdict = Literal["released", "held", "undecided", "rolled back"]


class WorseQuestion(BaseModel):
    """A question that was answered better from the state before."""

    id: str
    question: str
    before: str
    after: str
    documents: list[str] = Field(description="Changed documents that its evidence or either answer rests on.")


class Questions(BaseModel):
    """What was asked."""

    of: int = Field(default=0, description="Questions of the evaluation set.")
    asked: int = Field(default=0, description="Those that the change could touch: they were asked on both states.")
    better: int = 0
    worse: list[WorseQuestion] = Field(default_factory=list)


class DocumentsDecision(BaseModel):
    """What the documents' gate decided, and why."""

    decision: Verdict
    reasons: list[str]
    questions: Questions = Field(default_factory=Questions)
    documents: list[str] = Field(default_factory=list, description="Documents that it is because of.")
    findings: list[Finding] = Field(default_factory=list, description="What is wrong with documents, unasked.")


def unasked(verdict: Verdict, reason: str, of: int = 0) -> DocumentsDecision:
    """A decision without questions."""
    return DocumentsDecision(decision=verdict, reasons=[reason], questions=Questions(of=of))


def with_findings(decision: DocumentsDecision, findings: Sequence[Finding]) -> DocumentsDecision:
    """The decision, held where a finding holds the change, whatever was answered: not every sentence is asked about."""
    holding = [finding for finding in findings if finding.level == "hold"]
    reasons = [_found(finding) for finding in holding[:MOST_TOLD]]
    if len(holding) > MOST_TOLD:
        reasons.append(f"and {len(holding) - MOST_TOLD} findings more")
    return decision.model_copy(
        update={
            "decision": "held" if holding else decision.decision,
            "reasons": [*reasons, *decision.reasons],
            "documents": list(dict.fromkeys([*(finding.document for finding in holding), *decision.documents])),
            "findings": list(findings),
        }
    )


def _found(finding: Finding) -> str:
    quoted = " / ".join(repr(_short(sentence)) for sentence in finding.sentences[:2])
    return f"{finding.reason}: {quoted}" if quoted else finding.reason


def decide(
    before: Measurement,
    after: Measurement,
    examples: Mapping[str, Example],
    changed: Collection[DocumentKey],
    gate: GateConfig,
    of: int,
) -> DocumentsDecision:
    """Decide by the questions that the change could touch; the others are answered as before.

    Held if the answers are proven worse by more than `gate.margin` over all questions, by the gate's own bounds, or if
    a question got worse whose answer or evidence rests on a changed document: more questions would not make it right.
    Undecided if one got worse and no changed document is in sight, or if the scores cannot be trusted.

    :param before: What was asked on the state before, `after` the same on the state after.
    :param examples: Id → example, of all that was asked.
    :param of: Questions of the whole set.
    """
    asked = {row.example_id for row in before.rows}
    failures = [*before.failures(), *after.failures()]
    if failures:
        reasons = ["the answers could not be scored completely, so nothing can be compared", *failures]
        return DocumentsDecision(decision="undecided", reasons=reasons, questions=Questions(of=of, asked=len(asked)))
    ours, theirs = _values(after), _values(before)
    differences = {name: ours[name] - theirs[name] for name in theirs if name in ours}
    rows = {row.example_id: row for row in before.rows}, {row.example_id: row for row in after.rows}
    worse = [
        _worse(rows[0][name], rows[1][name], examples[name], changed)
        for name, value in differences.items()
        if value < 0
    ]
    questions = Questions(of=of, asked=len(asked), worse=worse, better=sum(value > 0 for value in differences.values()))
    known = bounds(
        [*differences.values(), *[0.0] * max(0, of - len(differences))],
        confidence=gate.confidence,
        resamples=gate.resamples,
        seed=gate.seed,
    )
    blamed = sorted({document for question in worse for document in question.documents})
    verdict = _verdict(worse, known, gate)
    reasons = [_in_words(questions, known, gate), *map(_told, worse)]
    return DocumentsDecision(decision=verdict, reasons=reasons, questions=questions, documents=blamed)


def _verdict(worse: Sequence[WorseQuestion], known: Interval, gate: GateConfig) -> Verdict:
    if not worse:
        return "released"
    proven = known.upper < -gate.margin
    return "held" if proven or any(question.documents for question in worse) else "undecided"


def _values(measured: Measurement) -> dict[str, float]:
    """Example → mean of the primary metric; one is asked several times where `gate.repeats` says so."""
    values: dict[str, list[float]] = {}
    for row in measured.rows:
        value = row.values.get(measured.primary)
        if value is not None:
            values.setdefault(row.example_id, []).append(value)
    return {name: sum(each) / len(each) for name, each in values.items()}


def _worse(
    before: QuestionResult, after: QuestionResult, example: Example, changed: Collection[DocumentKey]
) -> WorseQuestion:
    cited = {_key(source) for row in (before, after) for source in (row.answer or {}).get("source_documents", [])}
    named = {(reference.source, reference.document) for reference in example.references}
    blamed = {key[1] for key in changed if key in cited or key in named or ("", key[1]) in named}
    return WorseQuestion(
        id=before.example_id,
        question=before.question,
        before=before.response,
        after=after.response,
        documents=sorted(blamed),
    )


def _key(source: Mapping[str, str]) -> DocumentKey:
    return source.get("source", ""), source["document"]


def _in_words(questions: Questions, known: Interval, gate: GateConfig) -> str:
    share = questions.asked / questions.of if questions.of else 0.0
    said = (
        f"{len(questions.worse)} questions got worse and {questions.better} better of {questions.asked} that the "
        f"change could touch ({share:.0%} of {questions.of})"
    )
    proven = known.upper < -gate.margin
    if proven:
        said += f": proven worse, by {-known.mean:.3f} over all, of which {gate.margin:g} is tolerated (gate.margin)"
    return said


def _told(question: WorseQuestion) -> str:
    because = f" ({', '.join(question.documents)})" if question.documents else " (no changed document is in sight)"
    return f"{question.question!r}{because}: {_short(question.before)!r} before, {_short(question.after)!r} now"


def _short(text: str, longest: int = 120) -> str:
    said = " ".join(text.split())
    return said if len(said) <= longest else f"{said[: longest - 1]}…"
