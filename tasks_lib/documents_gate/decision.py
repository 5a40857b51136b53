"""The decision about a change of documents. Measurements in, decision out."""

from collections.abc import Collection, Sequence
from typing import Literal

from pydantic import BaseModel, Field

from tasks_lib.assistant.contract.states import DocumentKey
from tasks_lib.config.gate import GateConfig
from tasks_lib.documents_gate.blame import Blame
from tasks_lib.documents_gate.comparison import Comparison
from tasks_lib.documents_gate.finding import Finding
from tasks_lib.gate.statistics import Interval

MOST_TOLD = 5
"""Findings that the reasons name."""
Verdict = Literal["released", "held", "undecided", "rolled back"]


class WorseQuestion(BaseModel):
    """A question that was answered better from the state before."""

    id: str
    question: str
    before: str
    after: str
    documents: list[str] = Field(description="Changed documents that made it worse.")
    tried: bool = Field(
        default=True,
        description="Whether these were found by leaving changes out; else its evidence or an answer rests on them.",
    )


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
    compared: Comparison, blamed: Blame, changed: Collection[DocumentKey], gate: GateConfig
) -> DocumentsDecision:
    """Decide by the questions that the change could touch; the others are answered as before.

    Held if the answers are proven worse by more than `gate.margin` over all questions, by the gate's own bounds, or if
    a document made a question worse: more questions would not make it right. A loss that no document explains is the
    chance of a model that answers differently each time: released where the bounds show it to be within the margin,
    else undecided. Undecided, too, if the scores cannot be trusted.
    """
    asked = len(compared.rows)
    if compared.failures:
        reasons = ["the answers could not be scored completely, so nothing can be compared", *compared.failures]
        return DocumentsDecision(
            decision="undecided", reasons=reasons, questions=Questions(of=compared.of, asked=asked)
        )
    worse = [_worse(name, compared, blamed, changed) for name in compared.worse]
    questions = Questions(of=compared.of, asked=asked, worse=worse, better=len(compared.better))
    documents = dict.fromkeys([*blamed.questions, *(document for each in worse for document in each.documents)])
    return DocumentsDecision(
        decision=_verdict(worse, compared.known, gate),
        reasons=[_in_words(questions, compared.known, gate), *map(_told, worse)],
        questions=questions,
        documents=list(documents),
    )


def _verdict(worse: Sequence[WorseQuestion], known: Interval, gate: GateConfig) -> Verdict:
    if known.upper < -gate.margin or any(question.documents for question in worse):
        return "held"
    return "released" if not worse or known.lower >= -gate.margin else "undecided"


def _worse(name: str, compared: Comparison, blamed: Blame, changed: Collection[DocumentKey]) -> WorseQuestion:
    documents = list(blamed.documents.get(name, ()))
    tried = bool(documents) or name in blamed.unexplained
    if not tried:
        documents = sorted({key[1] for key in compared.in_sight(name, changed)})
    before, after = compared.rows[name]
    return WorseQuestion(
        id=name,
        question=before.question,
        before=before.response,
        after=after.response,
        documents=documents,
        tried=tried,
    )


def _in_words(questions: Questions, known: Interval, gate: GateConfig) -> str:
    share = questions.asked / questions.of if questions.of else 0.0
    said = (
        f"{len(questions.worse)} questions got worse and {questions.better} better of {questions.asked} that the "
        f"change could touch ({share:.0%} of {questions.of})"
    )
    if known.upper < -gate.margin:
        said += f": proven worse, by {-known.mean:.3f} over all, of which {gate.margin:g} is tolerated (gate.margin)"
    return said


def _told(question: WorseQuestion) -> str:
    because = f" ({', '.join(question.documents)})" if question.documents else " (no changed document explains it)"
    return f"{question.question!r}{because}: {_short(question.before)!r} before, {_short(question.after)!r} now"


def _short(text: str, longest: int = 120) -> str:
    said = " ".join(text.split())
    return said if len(said) <= longest else f"{said[: longest - 1]}…"
