"""The evaluation pipeline's components: answers as evaluators read them, our metrics, and evaluators of others."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from haystack import Document, component, default_from_dict, default_to_dict

from tasks_lib.assistant.contract.embedder import Embedder
from tasks_lib.assistant.embedders.text_embedder import embedder_to_dict
from tasks_lib.dataset.similarity import Similarity
from tasks_lib.gate import spans
from tasks_lib.gate.answer_metrics import Row
from tasks_lib.gate.prediction import Prediction
from tasks_lib.gate.scorers import all_metrics, require_known

Item = TypeVar("Item")


@dataclass(frozen=True)
class Answers:
    """Questions with what an assistant made of them: what a pipeline hands to every metric, without copying it."""

    rows: Sequence[Row]

    def __deepcopy__(self, memo: Mapping[int, Any]) -> "Answers":
        return self


def _sources(row: Row) -> Sequence[Any]:
    return row.answer.source_documents if row.answer else ()


def _document(passage: Any) -> Document:
    """A source or a reference as a document that knows its place."""
    place = {name: getattr(passage, name) for name in ("document", "source", "start", "end")}
    return Document(content=passage.content, meta=place)


def _true_documents(row: Row) -> list[Document]:
    documents = []
    for reference in row.example.references:
        place = spans.Span.of(reference)
        hits = (source for source in _sources(row) if spans.is_hit(place, spans.Span.of(source)))
        documents.append(_document(next(hits, reference)))
    return documents


EVALUATOR_INPUTS: dict[str, Callable[[Row], Any]] = {
    "questions": lambda row: row.example.question,
    "contexts": lambda row: [source.content for source in _sources(row)],
    "predicted_answers": lambda row: row.answer.response if row.answer else "",
    "ground_truth_answers": lambda row: row.example.answer,
    "retrieved_documents": lambda row: [_document(source) for source in _sources(row)],
    "ground_truth_documents": _true_documents,
}
"""Inputs of Haystack's evaluators by their names, each a list with one entry per question."""


@component
class EvaluatedAnswers:
    """Makes a version's replies the input of metrics.

    :param embedder: Compares texts by meaning; each text is embedded once, for all metrics.
    """

    def __init__(self, *, embedder: Embedder) -> None:
        self.embedder = embedder

    def to_dict(self) -> dict[str, Any]:
        """Serialise the component with its embedder."""
        return default_to_dict(self, embedder=embedder_to_dict(self.embedder))

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> "EvaluatedAnswers":
        """Rebuild the component."""
        return default_from_dict(cls, data)

    @component.output_types(answers=Answers)
    def run(self, predictions: list[Prediction]) -> dict[str, Answers]:
        """One row per prediction, in their order.

        :param predictions: What a version said to each question.
        """
        similarity = Similarity(self.embedder)
        rows = [Row.of(prediction.example, prediction.payload, similarity) for prediction in predictions]
        similarity.prefetch(text for row in rows for text in _compared_texts(row))
        return {"answers": Answers(rows)}


@component
class EvaluatorInputs:
    """Gives the answers as the lists that Haystack's evaluators take, for a pipeline that connects them itself.

    A document of `ground_truth_documents` is the retrieved passage that hits the reference (:func:`spans.is_hit`), the
    first of several, else the reference's excerpt: so evaluators that compare contents compare places.
    """

    @component.output_types(
        questions=list[str],
        contexts=list[list[str]],
        predicted_answers=list[str],
        ground_truth_answers=list[str],
        retrieved_documents=list[list[Document]],
        ground_truth_documents=list[list[Document]],
    )
    def run(self, answers: Answers) -> dict[str, list[Any]]:
        """Each list has one entry per answer, in their order."""
        return evaluator_inputs(answers.rows)


@component
class AnswerMetric:
    """One metric of :mod:`tasks_lib.gate.scorers`, on every answer.

    :param metric: Its name.
    :raises ConfigurationError: If there is no such metric.
    """

    def __init__(self, *, metric: str) -> None:
        require_known([metric], "the component AnswerMetric", tuple(all_metrics()))
        self.metric = metric

    def to_dict(self) -> dict[str, Any]:
        """Serialise the component."""
        return default_to_dict(self, metric=self.metric)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> "AnswerMetric":
        """Rebuild the component."""
        return default_from_dict(cls, data)

    @component.output_types(individual_scores=list[float | None], errors=list[Exception | None])
    def run(self, answers: Answers) -> dict[str, Any]:
        """A score per answer, `None` where the metric does not apply; where it raised, its error instead."""
        return score_each(all_metrics()[self.metric].function, answers.rows)


def score_each(function: Callable[[Item], float | None], items: Sequence[Item]) -> dict[str, Any]:
    """`individual_scores` and `errors` of a function of one item: an error stays with the item that caused it."""
    scores: list[float | None] = [None] * len(items)
    errors: list[Exception | None] = [None] * len(items)
    for number, item in enumerate(items):
        try:
            scores[number] = function(item)
        except Exception as error:  # noqa: BLE001  a metric that fails on one row must stay visible there, and there only
            errors[number] = error
    return {"individual_scores": scores, "errors": errors}


def evaluator_inputs(rows: Sequence[Row], names: Sequence[str] = tuple(EVALUATOR_INPUTS)) -> dict[str, list[Any]]:
    """The rows as inputs of Haystack's evaluators."""
    return {name: [EVALUATOR_INPUTS[name](row) for row in rows] for name in names}


def _compared_texts(row: Row) -> list[str]:
    """Texts that the metrics certainly compare."""
    answer, example = row.answered, row.example
    if not answer or not example.answer or not answer.response.strip():
        return []
    return [answer.response, example.answer, *(r.content for r in example.references if r.content.strip())]
