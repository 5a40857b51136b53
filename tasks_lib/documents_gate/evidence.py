"""Where the evidence of a question stands in a state: evidence is what it says, and documents move and are copied."""

from collections.abc import Collection, Sequence
from dataclasses import replace

from pydantic import ValidationError

from tasks_lib.assistant.contract.answer import Answer, Source
from tasks_lib.assistant.contract.index import Index
from tasks_lib.assistant.contract.states import DocumentKey
from tasks_lib.dataset.corpus import Corpus
from tasks_lib.dataset.examples import Example, Reference
from tasks_lib.documents_gate.questions import rests_on
from tasks_lib.documents_gate.release import Proposal
from tasks_lib.gate import spans
from tasks_lib.gate.asking import VersionAnswers
from tasks_lib.gate.prediction import Prediction
from tasks_lib.text.matching import contains_answer

NOWHERE = ""
"""Path of a reference whose text is in no document any more: no source is there."""


def with_evidence(
    predictions: Sequence[Prediction], index: Index, changed: Collection[DocumentKey]
) -> list[Prediction]:
    """Predictions whose references stand where the state that they were made from has their text.

    Text that was pushed down by other text, that stands in a renamed document or in a copy is the same evidence: a
    source that says it, word for word or nearly so, counts. Text that is gone from a changed document is nowhere.

    :param index: The state.
    :param changed: Documents that are others there than the references know.
    """
    wanted = {key for each in predictions for key in _keys(each.example.references, changed)}
    corpus = Corpus(chunk for source, document in sorted(wanted) for chunk in index.read(source, [document]))

    def located(example: Example, sources: Sequence[Source]) -> Example:
        found = (_located(reference, sources, corpus, changed) for reference in example.references)
        return example.model_copy(update={"references": tuple(found)})

    return [replace(each, example=located(each.example, _sources(each))) for each in predictions]


def on_both_states(
    index: Index, proposal: Proposal, before: VersionAnswers, after: VersionAnswers
) -> tuple[list[Prediction], list[Prediction]]:
    """:func:`with_evidence` of what was said on the state before and on the state after."""
    was, now = index.at(proposal.released), index.at(proposal.state)
    return with_evidence(before.predictions, was, ()), with_evidence(after.predictions, now, proposal.keys)


def _located(
    reference: Reference, sources: Sequence[Source], corpus: Corpus, changed: Collection[DocumentKey]
) -> Reference:
    if reference.end <= reference.start or not reference.content.strip():
        return reference
    present: Reference | None = reference
    if _keys([reference], changed) and not corpus.contains(reference):
        present = corpus.locate(reference.content, reference.document, reference.source)
    if present and any(spans.is_hit(spans.Span.of(present), spans.Span.of(source)) for source in sources):
        return present
    for source in sources:
        if contains_answer(reference.content, source.content):
            place = {"source": source.source, "document": source.document, "start": source.start, "end": source.end}
            return reference.model_copy(update=place)
    return present or reference.model_copy(update={"document": NOWHERE})


def _keys(references: Sequence[Reference], changed: Collection[DocumentKey]) -> list[DocumentKey]:
    return [key for reference in references for key in changed if rests_on(reference, key)]


def _sources(prediction: Prediction) -> list[Source]:
    try:
        return Answer.model_validate(prediction.answer).source_documents
    except ValidationError:  # a row that failed is scored as such
        return []
