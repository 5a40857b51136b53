"""The questions pipeline as YAML, and pipelines of somebody else in its place."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from blocks.local import LocalPlatform
from tasks_lib.config.rag import LlmConfig
from tasks_lib.config.settings import Settings
from tasks_lib.dataset.filters import QuestionFilter
from tasks_lib.dataset.pipeline import questions_pipeline, run_pipeline
from tasks_lib.dataset.questions import Generated, generate
from tasks_lib.errors import ConfigurationError, IndexUnavailableError, LlmopsError
from tasks_lib.haystack_yaml import pipeline_yaml
from tasks_lib.ingestion.chunking import chunk_document
from tasks_lib.ingestion.converters.convert import convert

TEXTS = {
    "leave.md": "# Annual leave\n\nFull-time employees receive 27 days of annual leave per calendar year. "
    "Interns receive ten days of annual leave. Employees may buy up to four extra days of leave a year.\n",
    "office.md": "# Offices\n\nThe headquarters is in Aarhus. The canteen serves lunch at 12:00. "
    "Parking in Aarhus costs 4 euros a day. The lease of a bicycle runs for 36 months.\n",
}
ACME = """
import json
from haystack import component, default_from_dict, default_to_dict
from haystack.dataclasses import ChatMessage
from tasks_lib.dataset.examples import CandidateQuestion
from tasks_lib.errors import IndexUnavailableError


@component
class WordFilter:
    def __init__(self, word: str):
        self.word = word

    @component.output_types(candidates=list[CandidateQuestion])
    def run(self, candidates: list[CandidateQuestion]):
        if self.word == "lost":
            raise IndexUnavailableError("the index of Acme is lost")
        return {"candidates": [c.dropped("acme") if self.word in c.example.question else c for c in candidates]}


class Model:
    def to_dict(self):
        return default_to_dict(self)

    def run(self, messages, **parameters):
        prompt = f"{messages[0].text} {messages[-1].text}"
        if "Judge a question" in prompt:
            said = {"groundedness": 1 if "town library" in prompt else 5, "relevance": 5, "standalone": 5}
        elif "bicycle" in prompt:
            said = {"evidence": "The lease of a bicycle runs for 36 months.", "answer": "36 months"}
            said["question"] = "How long does the lease of a bicycle run?"
        else:
            said = {"evidence": "Interns receive ten days of annual leave.", "answer": "ten days"}
            said["question"] = "How many days of leave do interns receive?"
        return {"replies": [ChatMessage.from_assistant(json.dumps(said))]}
"""
WORDS = {"type": "acme_questions.WordFilter", "init_parameters": {"word": "Aarhus"}}


class WithModel(LocalPlatform):
    """The local platform with a language model of somebody else."""

    def chat_generator(self, llm: LlmConfig) -> Any:
        from acme_questions import Model  # type: ignore[import-not-found]

        return Model()


@pytest.fixture
def ingested(platform: LocalPlatform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LocalPlatform:
    """A platform with two documents, and a module of somebody else on the path."""
    (tmp_path / "acme_questions.py").write_text(ACME)
    monkeypatch.syspath_prepend(str(tmp_path))
    settings = Settings()
    embedder, index = platform.embedder(settings.embedder), platform.index(settings.rag)
    with index.writing(10):
        for path, text in TEXTS.items():
            converted = convert(path, text.encode())
            chunks = chunk_document(
                converted, settings.chunking, embedder, source="s", document=path, document_hash="1"
            )
            index.replace("s", [path], [c.to_document(embedder.embed([c.embedding_text])[0]) for c in chunks])
        index.commit()
    return platform


def settings_of(**dataset: Any) -> Settings:
    return Settings.model_validate({"dataset": {"size": 10, **dataset}, "pipelines": {"allowed_modules": []}})


def made(platform: LocalPlatform, settings: Settings) -> Generated:
    pipeline = questions_pipeline(platform, settings)
    embedder = platform.embedder(settings.embedder)
    return generate(pipeline, platform.index(settings.rag), embedder, settings.dataset, model=settings.llm.model)


def changed(file: Path, change: Callable[[dict[str, Any]], Any], platform: LocalPlatform) -> str:
    """The built-in pipeline in a file, with a change."""
    data = yaml.safe_load(pipeline_yaml(questions_pipeline(platform, settings_of())))
    change(data)
    file.write_text(yaml.safe_dump(data))
    return str(file)


def with_filter(data: dict[str, Any]) -> None:
    data["components"]["acme"] = WORDS
    data["connections"].append({"sender": "filters.candidates", "receiver": "acme.candidates"})


def test_what_the_pipeline_prints_makes_the_same_set_when_given_back(ingested: LocalPlatform, tmp_path: Path) -> None:
    file = changed(tmp_path / "questions.yaml", lambda data: None, ingested)
    given_back = settings_of(pipeline=file)

    before = made(ingested, settings_of())
    assert before.origin == "extractive"
    assert {"answerable", "unanswerable", "off_topic"} <= {example.kind for example in before.examples}
    assert made(ingested, given_back) == before
    assert yaml.safe_load(pipeline_yaml(questions_pipeline(ingested, given_back))) == yaml.safe_load(
        Path(file).read_text()
    )


def test_so_does_the_pipeline_with_a_language_model_whose_replies_are_kept(
    ingested: LocalPlatform, tmp_path: Path
) -> None:
    platform = WithModel(ingested.home)
    settings = Settings.model_validate(
        {
            "dataset": {"size": 3, "unanswerable_share": 0, "off_topic_share": 0.34, "name": "modelled"},
            "llm": {"model": "acme/model"},
            "pipelines": {"allowed_modules": ["acme_questions"]},
        }
    )
    pipeline = questions_pipeline(platform, settings)
    file = tmp_path / "questions.yaml"
    file.write_text(pipeline_yaml(pipeline))
    given_back = settings.model_copy(update={"dataset": settings.dataset.model_copy(update={"pipeline": str(file)})})

    before = made(platform, settings)
    assert before.origin == "acme/model"
    assert [example.answer for example in before.examples] == ["ten days", "36 months", ""]
    again = questions_pipeline(platform, given_back)
    assert again.to_dict()["components"] == pipeline.to_dict()["components"]
    embedder = platform.embedder(settings.embedder)
    index = platform.index(settings.rag)
    assert generate(again, index, embedder, given_back.dataset, model="acme/model") == before
    generators: list[Any] = [again.get_component(name) for name in ("candidates", "critic")]
    assert [component.generator.calls for component in generators] == [0, 0]


def test_a_filter_of_an_allowed_module_is_put_in_and_its_reason_is_counted(
    ingested: LocalPlatform, tmp_path: Path
) -> None:
    file = changed(tmp_path / "questions.yaml", with_filter, ingested)
    settings = settings_of(pipeline=file)
    with pytest.raises(ConfigurationError, match=r"dataset\.pipeline.*not allowed") as refused:
        questions_pipeline(ingested, settings)
    assert refused.value.exit_code == 2

    allowed = settings.model_copy(
        update={"pipelines": settings.pipelines.model_copy(update={"allowed_modules": ("acme_questions",)})}
    )
    filtered = made(ingested, allowed)
    assert filtered.rejected["acme"] >= 1
    assert filtered.examples
    assert not any("Aarhus" in example.question for example in filtered.examples)
    assert any("Aarhus" in example.question for example in made(ingested, settings_of()).examples)


@pytest.mark.parametrize(
    ("change", "takes", "gives"),
    [
        (
            lambda data: data["components"].pop("candidates") and data["connections"].clear(),
            "filters.candidates",
            "filters.candidates",
        ),
        (lambda data: data["connections"].clear(), "filters.candidates", "candidates.candidates"),
        (lambda data: data.update(components={}, connections=[]), "nothing", "nothing"),
    ],
)
def test_a_pipeline_with_other_sockets_is_refused_with_what_it_must_take_and_give(
    ingested: LocalPlatform, tmp_path: Path, change: Any, takes: str, gives: str
) -> None:
    file = changed(tmp_path / "wrong.yaml", change, ingested)
    with pytest.raises(ConfigurationError) as refused:
        questions_pipeline(ingested, settings_of(pipeline=file))

    message = refused.value.message
    assert message.startswith(f"dataset.pipeline names the pipeline {file!r}, which must take `passages`")
    assert "must give `candidates` (list[CandidateQuestion])" in message
    assert takes in message.partition("it takes")[2]
    assert gives in message.partition("and gives")[2]
    assert refused.value.exit_code == 2


def test_the_error_of_a_component_is_told_without_that_of_haystack_around_it(
    ingested: LocalPlatform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def put_in(data: dict[str, Any]) -> None:
        with_filter(data)
        data["components"]["acme"] = {**WORDS, "init_parameters": {"word": "lost"}}

    file = changed(tmp_path / "questions.yaml", put_in, ingested)
    settings = Settings.model_validate(
        {"dataset": {"pipeline": file}, "pipelines": {"allowed_modules": ["acme_questions"]}}
    )
    pipeline = questions_pipeline(ingested, settings)
    with pytest.raises(IndexUnavailableError, match="index of Acme is lost"):
        run_pipeline(pipeline, ["answerable"], [])

    def fails(*_: Any) -> None:
        raise ZeroDivisionError("no number")

    monkeypatch.setattr("tasks_lib.dataset.filters.judged", fails)
    sample = [[chunk] for chunk in ingested.index(settings.rag).sample(9, 0)]
    with pytest.raises(LlmopsError, match="the component 'filters' of the questions pipeline failed: no number"):
        run_pipeline(pipeline, ["answerable"], sample)


def test_a_candidate_passes_a_pipeline_without_being_copied(ingested: LocalPlatform) -> None:
    settings = settings_of()
    pipeline = questions_pipeline(ingested, settings)
    sample = [[chunk] for chunk in ingested.index(settings.rag).sample(9, 0)]
    first = run_pipeline(pipeline, ["answerable"], sample).candidates
    copies = QuestionFilter().run(candidates=first)["candidates"]
    assert first
    assert all(copy is candidate for copy, candidate in zip(copies, first, strict=True))
