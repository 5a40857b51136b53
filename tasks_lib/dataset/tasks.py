"""The Prefect tasks of the evaluation set: make or import questions, keep them as a version, propose candidates."""

import json
from pathlib import Path
from typing import Any

from prefect import task
from prefect.cache_policies import NO_CACHE

from tasks_lib.assistant.contract.platform import Platform
from tasks_lib.config.settings import Settings
from tasks_lib.dataset import datasets
from tasks_lib.dataset.candidates import bad_traces, candidates, log_candidates, worst_answers
from tasks_lib.dataset.corpus import Corpus
from tasks_lib.dataset.examples import Example
from tasks_lib.dataset.importing import read_examples
from tasks_lib.dataset.journal import Journal, JournaledGenerator
from tasks_lib.dataset.questions import EXTRACTIVE, Generated, generate, still_standing
from tasks_lib.dataset.result import DatasetResult
from tasks_lib.errors import InputError
from tasks_lib.home import Home
from tasks_lib.registry.tracking import connect

IMPORT = "import"
EXTRACTIVE_NOTE = (
    "Made without a language model: sentences of the documents turned into questions. They show whether facts are "
    "found; questions by people or by a model (llm.model) are harder."
)
_FEWER = (
    "{made} of the {wanted} questions that were wanted: no more facts of the documents passed every filter, and the "
    "questions to refuse keep their share."
)


@task(name="make-questions", cache_policy=NO_CACHE)
def make_questions(platform: Platform, settings: Settings) -> Generated:
    """Ask the language model of the configuration, or extract, keeping what still stands of the newest version."""
    index = platform.index(settings.rag)
    generator = platform.chat_generator(settings.llm)
    model = EXTRACTIVE if generator is None else settings.llm.model
    newest = _newest(platform, settings.dataset.name)
    kept: list[Example] = []
    recipe = (model, settings.dataset.seed, index.name)
    if newest is not None and (newest.origin, newest.seed, newest.index) == recipe and index.exists():
        unchanged = newest.index_version == index.version()
        kept = list(newest.examples) if unchanged else still_standing(newest.examples, index)
    critic = None
    if generator is not None:
        journal = Journal(_journal(settings))
        generator = JournaledGenerator(generator, journal, model)
        judge = platform.judge()
        critic = None if judge is None else JournaledGenerator(judge, journal, f"judge/{getattr(judge, 'model', '')}")
    return generate(
        index,
        platform.embedder(settings.embedder),
        settings.dataset,
        generator=generator,
        model=model,
        critic=critic,
        kept=kept,
    )


@task(name="import-questions", cache_policy=NO_CACHE)
def import_questions(platform: Platform, settings: Settings, path: str) -> Generated:
    """Read a file of one's own; confirmed candidates join the newest version."""
    index = platform.index(settings.rag)
    imported = read_examples(path, Corpus.of(index) if index.exists() else None)
    examples = imported.examples
    if imported.adds:
        newest = _newest(platform, settings.dataset.name)
        added = {example.id for example in examples}
        before = [example for example in newest.examples if example.id not in added] if newest else []
        examples = (*before, *examples)
    return Generated(examples, imported.rejected, IMPORT)


@task(name="save-dataset", cache_policy=NO_CACHE)
def save_dataset(platform: Platform, settings: Settings, made: Generated) -> DatasetResult:
    """Log the examples as the next version, unless the newest one holds them already."""
    client = connect(platform)
    index = platform.index(settings.rag)
    before = _newest(platform, settings.dataset.name)
    saved = datasets.save(
        client,
        settings.dataset.name,
        made.examples,
        index=index.name,
        index_version=index.version(),
        origin=made.origin,
        seed=settings.dataset.seed,
    )
    result = _described(saved)
    result.rejected = made.rejected
    if made.origin != IMPORT and len(saved.examples) < settings.dataset.size:
        result.note = f"{_FEWER.format(made=len(saved.examples), wanted=settings.dataset.size)} {result.note}".strip()
    result.unchanged = before is not None and before.version == saved.version
    _journal(settings).unlink(missing_ok=True)
    return result


@task(name="propose-candidates", cache_policy=NO_CACHE)
def propose_candidates(platform: Platform, settings: Settings) -> DatasetResult:
    """Write questions that production answered badly to a file that a person completes; the set stays as it is."""
    client = connect(platform)
    worst = worst_answers(client)
    traces = [*bad_traces(client), *(trace for trace, _ in worst)]
    rows = candidates(traces, {trace.info.trace_id: why for trace, why in worst})
    newest = _newest(platform, settings.dataset.name)
    result = _described(newest) if newest else _nothing(settings)
    result.candidates = len(rows)
    result.note = "No production answer has bad feedback, and the last monitored window names none as bad."
    if rows:
        address = log_candidates(rows)
        file = _write(rows, settings.dataset.name)
        result.candidates_file = str(file)
        result.note = (
            f"Complete the answers in {file} (also {address}), set status to confirmed where the question is good, "
            f"and add them with `llmops dataset --import {file}`."
        )
    return result


def _newest(platform: Platform, name: str) -> datasets.Dataset | None:
    client = connect(platform)
    try:
        return datasets.load(client, name)
    except InputError:
        return None


def _described(saved: datasets.Dataset) -> DatasetResult:
    return DatasetResult(
        dataset=saved.name,
        version=saved.version,
        examples=len(saved.examples),
        by_kind=saved.by_kind(),
        rejected={},
        origin=saved.origin,
        note=EXTRACTIVE_NOTE if saved.origin == EXTRACTIVE else "",
        index=saved.index,
        index_version=saved.index_version,
    )


def _nothing(settings: Settings) -> DatasetResult:
    return DatasetResult(
        dataset=settings.dataset.name, version=None, examples=0, by_kind={}, rejected={}, origin="traces"
    )


def _journal(settings: Settings) -> Path:
    """Where the replies lie that an unfinished run has paid for."""
    return Home.from_environment().ensure().unfinished / f"{settings.dataset.name}.jsonl"


def _write(rows: list[dict[str, Any]], name: str) -> Path:
    folder = Home.from_environment().ensure().reports
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{name}-candidates.jsonl"
    file.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return file
