"""The Prefect tasks of the evaluation set: make or import questions, keep them as a version, propose candidates."""

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

from prefect import task
from pydantic import BaseModel, Field

from tasks_lib.assistant.contract.access import OPERATOR, asked_by
from tasks_lib.assistant.contract.platform import Platform
from tasks_lib.assistant.retrieval.pipeline import index_as_read
from tasks_lib.config.settings import Settings
from tasks_lib.dataset import datasets, estimate
from tasks_lib.dataset.askers import with_askers
from tasks_lib.dataset.conversations import conversations
from tasks_lib.dataset.corpus import Corpus
from tasks_lib.dataset.coverage import Coverage
from tasks_lib.dataset.evidence import EvidenceSearch
from tasks_lib.dataset.examples import TURN, Example
from tasks_lib.dataset.extension import IMPORTED, Extension, extend
from tasks_lib.dataset.from_traces import bad_traces, candidates, log_candidates, worst_answers
from tasks_lib.dataset.importing import read_examples
from tasks_lib.dataset.patterns.found import LANGUAGE_NOT_COVERED
from tasks_lib.dataset.patterns.templates import templates
from tasks_lib.dataset.pipeline import journal_path, questions_pipeline
from tasks_lib.dataset.questions import EXTRACTIVE, Generated, generate, still_grounded, unclear
from tasks_lib.dataset.recipe import Recipe, recipe_of
from tasks_lib.dataset.similarity import Similarity
from tasks_lib.errors import InputError
from tasks_lib.home import Home, at_home
from tasks_lib.registry.retries import again
from tasks_lib.registry.tracking import connect

EXTRACTIVE_NOTE = (
    "Made without a language model: sentences, tables, parameters and headings of the documents turned into questions. "
    "They show whether facts are found, and are easier than people's (one version scored up to 42 points higher); "
    "questions by people or by a model (llm.model) ask for more."
)
_FEWER = (
    "{made} of the {wanted} questions that were wanted: all documents were read, and no more passed every filter. "
    "`rejected` counts what was turned away, `turned_away` has one example each. More documents, questions of your own "
    "(`llmops dataset --import FILE`) or a language model (`llm.model`) make more."
)
_NOT_COVERED = (
    "{documents} documents are in a language, or in none that can be told, of which no questions are made without a "
    "model; these are covered: {languages}."
)
_NO_UNANSWERABLE = "No unanswerable questions: none can be made of these documents without a model."


class DatasetResult(BaseModel):
    """One version of an evaluation set."""

    dataset: str = Field(description="Name of the set.")
    version: int | None = Field(description="Immutable version; null while there is none.")
    examples: int
    by_kind: dict[str, int]
    rejected: dict[str, int] = Field(description="Reason → candidates that were turned away.")
    turned_away: dict[str, str] = Field(default_factory=dict, description="Reason → one question of these.")
    made_by: dict[str, int] = Field(
        default_factory=dict, description="How many were made in which way, without a model."
    )
    origin: str = Field(description="`extractive` (made from sentences, without a model), `import`, or a model's id.")
    note: str = ""
    index: str = ""
    index_version: str | None = None
    unchanged: bool = Field(default=False, description="The newest version holds these very examples.")
    candidates: int | None = Field(default=None, description="Production questions with bad feedback or bad scores.")
    candidates_file: str | None = Field(default=None, description="Where the candidates wait to be confirmed.")
    seconds: float = 0.0


@task(name="make-questions", **again())
def make_questions(platform: Platform, settings: Settings) -> Generated:
    """Run the questions pipeline, keeping what still stands of the newest version that was made in the same way."""
    index = index_as_read(platform, settings.rag)
    pipeline = questions_pipeline(platform, settings)
    recipe = recipe_of(pipeline, settings, index.name)
    kept = _kept(platform, settings, recipe)
    embedder = platform.embedder(settings.embedder)
    made = generate(pipeline, index, embedder, settings.dataset, model=settings.llm.model, kept=kept)
    talks = conversations(made.examples, settings.dataset.conversations, settings.dataset.seed)
    talks = with_askers([*talks, *unclear(index, settings.dataset)], index)
    return replace(made, examples=(*made.examples, *talks), pipeline=recipe.pipeline)


@task(name="estimate-questions", **again())
def require_affordable(platform: Platform, settings: Settings) -> None:
    """:func:`tasks_lib.dataset.estimate.require_affordable`, for what :func:`make_questions` would make."""
    recipe = recipe_of(questions_pipeline(platform, settings), settings, settings.index_name)
    estimate.require_affordable(platform, settings, _kept(platform, settings, recipe))


@task(name="make-more-questions", **again())
def make_more_questions(platform: Platform, settings: Settings, dataset: datasets.Dataset, size: int) -> Extension:
    """:func:`tasks_lib.dataset.extension.extend`."""
    return extend(platform, settings, dataset, size)


@task(name="import-questions", **again())
def import_questions(platform: Platform, settings: Settings, path: str) -> Generated:
    """Read questions from a file; confirmed candidates join the newest version."""
    index = index_as_read(platform, settings.rag)
    embedder = platform.embedder(settings.embedder)
    searched = index.exists()
    evidence = EvidenceSearch(Coverage.of(index, embedder), Similarity(embedder)) if searched else None
    with asked_by(OPERATOR):
        imported = read_examples(path, Corpus.of(index) if searched else None, evidence)
    examples = imported.examples
    if imported.adds:
        newest = _newest(platform, settings)
        added = {example.id for example in examples}
        before = [example for example in newest.examples if example.id not in added] if newest else []
        examples = (*before, *examples)
    return Generated(examples, imported.rejected, IMPORTED, doubtful=imported.doubtful, found=imported.found)


@task(name="save-dataset", **again())
def save_dataset(platform: Platform, settings: Settings, made: Generated) -> DatasetResult:
    """Log the examples as the next version, unless the newest one holds them already."""
    client = connect(platform, settings.assistant)
    index = index_as_read(platform, settings.rag)
    before = _newest(platform, settings)
    saved = datasets.save(
        client,
        settings.dataset.name,
        made.examples,
        index=index.name,
        index_version=index.version(),
        origin=made.origin,
        seed=settings.dataset.seed,
        pipeline=made.pipeline,
    )
    result = _described(saved)
    result.rejected, result.turned_away = made.rejected, made.dropped
    if made.found or made.doubtful:
        result.note = _looked_up(made, settings, result)
    if made.origin != IMPORTED:
        result.note = " ".join([*_shortcomings(saved, made, settings), result.note]).strip()
    result.unchanged = before is not None and before.version == saved.version
    journal_path(settings).unlink(missing_ok=True)
    return result


@task(name="propose-candidates", **again())
def propose_candidates(platform: Platform, settings: Settings) -> DatasetResult:
    """Write questions that production answered badly to a file that a person completes; the set stays as it is."""
    client = connect(platform, settings.assistant)
    worst = worst_answers(client)
    traces = [*bad_traces(client), *(trace for trace, _ in worst)]
    rows = candidates(traces, {trace.info.trace_id: why for trace, why in worst})
    newest = _newest(platform, settings)
    result = _described(newest) if newest else _nothing(settings)
    result.candidates = len(rows)
    result.note = "No production answer has bad feedback, and the last monitored window names none as bad."
    if rows:
        address = log_candidates(client, rows)
        file = _write(rows, at_home(settings.dataset.name, settings.assistant))
        result.candidates_file = str(file)
        result.note = (
            f"Complete the answers in {file} (also {address}), set status to confirmed where the question is good, "
            f"and add them with `llmops dataset --import {file}`."
        )
    return result


def _kept(platform: Platform, settings: Settings, recipe: Recipe) -> list[Example]:
    """What still stands of the newest version, if it was made in the same way."""
    index, newest = index_as_read(platform, settings.rag), _newest(platform, settings)
    if newest is None or recipe.difference(newest) or not index.exists():
        return []
    unchanged = newest.index_version == index.version()
    kept = newest.examples if unchanged else still_grounded(newest.examples, index)
    return [example for example in kept if TURN not in example.id]


def _newest(platform: Platform, settings: Settings) -> datasets.Dataset | None:
    client = connect(platform, settings.assistant)
    try:
        return datasets.load(client, settings.dataset.name)
    except InputError:
        return None


def _described(saved: datasets.Dataset) -> DatasetResult:
    return DatasetResult(
        dataset=saved.name,
        version=saved.version,
        examples=len(saved.examples),
        by_kind=saved.by_kind(),
        rejected={},
        made_by=dict(sorted(Counter(example.made_by for example in saved.examples if example.made_by).items())),
        origin=saved.origin,
        note=EXTRACTIVE_NOTE if saved.origin == EXTRACTIVE else "",
        index=saved.index,
        index_version=saved.index_version,
    )


def _shortcomings(saved: datasets.Dataset, made: Generated, settings: Settings) -> list[str]:
    """What the set lacks, and what would help."""
    said = []
    if len(saved.examples) < settings.dataset.size:
        said.append(_FEWER.format(made=len(saved.examples), wanted=settings.dataset.size))
    if left_out := made.rejected.get(LANGUAGE_NOT_COVERED, 0):
        said.append(_NOT_COVERED.format(documents=left_out, languages=", ".join(sorted(templates()))))
    if made.origin == EXTRACTIVE and settings.dataset.unanswerable_share and "unanswerable" not in saved.by_kind():
        said.append(_NO_UNANSWERABLE)
    return said


def _looked_up(made: Generated, settings: Settings, result: DatasetResult) -> str:
    """What became of answers without an excerpt; those in doubt are written to a file that a person confirms."""
    said = f"{made.found} answers came without an excerpt, and were found in the documents." if made.found else ""
    if not made.doubtful:
        return said
    file = _write(list(made.doubtful), f"{at_home(settings.dataset.name, settings.assistant)}-evidence")
    result.candidates, result.candidates_file = len(made.doubtful), str(file)
    return (
        f"{said} Of {len(made.doubtful)} answers it is not sure where the documents say them: their sources are not "
        f"judged. Correct the references in {file}, set status to confirmed, and add them with "
        f"`llmops dataset --import {file}`."
    ).strip()


def _nothing(settings: Settings) -> DatasetResult:
    return DatasetResult(
        dataset=settings.dataset.name, version=None, examples=0, by_kind={}, rejected={}, origin="traces"
    )


def _write(rows: list[dict[str, Any]], name: str) -> Path:
    folder = Home.from_environment().ensure().reports
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{name}-candidates.jsonl"
    file.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return file
