"""The questions pipeline: chunks → candidates → filters → critic."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from haystack import Document, Pipeline
from haystack.components.generators.chat.types import ChatGenerator
from haystack.core.errors import PipelineRuntimeError

from tasks_lib.assistant.contract.platform import Platform
from tasks_lib.assistant.retrieval.pipeline import index_as_read
from tasks_lib.config.settings import Settings
from tasks_lib.dataset.coverage import Coverage
from tasks_lib.dataset.critic import Critic
from tasks_lib.dataset.examples import CandidateQuestion
from tasks_lib.dataset.extractive.generator import ExtractiveQuestionGenerator
from tasks_lib.dataset.filters import EvidenceFilter, QuestionFilter
from tasks_lib.dataset.journal import Journal, JournaledGenerator
from tasks_lib.dataset.llm_generator import LLMQuestionGenerator
from tasks_lib.dataset.purse import Purse, Tariff, tariff_of
from tasks_lib.dataset.rewording.component import QuestionRewording
from tasks_lib.errors import BudgetError, ConfigurationError, LlmopsError
from tasks_lib.haystack_yaml import read_pipeline
from tasks_lib.home import Home, at_home

_KEY = "dataset.pipeline"
_TAKES = {"kinds": "list[str]", "passages": "list[list[Document]]"}
_GIVES = "candidates"


def questions_pipeline(platform: Platform, settings: Settings) -> Pipeline:
    """The pipeline that makes candidates for the evaluation set: of `dataset.pipeline`, else the built-in one.

    Without a language model, `candidates` → `rewording` → `filters`; with one, `candidates` → `filters` → `evidence` →
    `critic`. It takes `kinds` of questions and `passages`, groups of chunks; it gives `candidates`, those with a reason
    dropped.
    How many are made of each kind is decided outside: see :func:`tasks_lib.dataset.questions.generate`.

    :raises ConfigurationError: If the platform cannot supply a model, or `dataset.pipeline` is no such pipeline.
    """
    config = settings.dataset
    if config.pipeline:
        pipeline = read_pipeline(Path(config.pipeline).expanduser(), settings.pipelines.allowed_modules, _KEY)
        _sockets(pipeline, f"{_KEY} names the pipeline {config.pipeline!r}, which")
        return pipeline
    embedder = platform.embedder(settings.embedder)
    coverage = Coverage.of(index_as_read(platform, settings.rag), embedder)
    generator = platform.chat_generator(settings.llm)
    pipeline = Pipeline()
    if generator is None:
        maker = ExtractiveQuestionGenerator(coverage=coverage, size=config.size, seed=config.seed)
        pipeline.add_component("candidates", maker)
        pipeline.add_component("rewording", QuestionRewording())
        pipeline.add_component("filters", QuestionFilter())
        pipeline.connect("candidates.candidates", "rewording.candidates")
        pipeline.connect("rewording.candidates", "filters.candidates")
        return pipeline
    generator, critic = _journaled(platform, settings, generator)
    pipeline.add_component("candidates", LLMQuestionGenerator(generator=generator, concurrency=config.concurrency))
    pipeline.add_component("filters", QuestionFilter())
    pipeline.add_component("evidence", EvidenceFilter(embedder=embedder))
    pipeline.add_component("critic", Critic(generator=critic, coverage=coverage, concurrency=config.concurrency))
    pipeline.connect("candidates.candidates", "filters.candidates")
    pipeline.connect("filters.candidates", "evidence.candidates")
    pipeline.connect("evidence.candidates", "critic.candidates")
    return pipeline


def journal_path(settings: Settings) -> Path:
    """Where the replies lie that an unfinished run of this dataset has paid for."""
    return Home.from_environment().ensure().unfinished / f"{at_home(settings.dataset.name, settings.assistant)}.jsonl"


def tariffs(platform: Platform, settings: Settings) -> tuple[Tariff, Tariff]:
    """What the calls of the model that writes and of the critic cost.

    :raises BudgetError: If the block of one has no price for it.
    """
    writer, budget = platform.chat_generator(settings.llm), settings.dataset.budget
    judge = platform.judge()
    writing = _tariff(writer, f"llm.model {settings.llm.model!r}", budget)
    return writing, writing if judge is None else _tariff(judge, "the judge, who is the critic,", budget)


def _tariff(generator: ChatGenerator | None, named: str, budget: float | None) -> Tariff:
    tariff = tariff_of(generator)
    if tariff is None:
        raise BudgetError(
            f"nobody knows whether these questions cost at most dataset.budget={budget or 0:g}: {named} has no price",
            hint="Give it one in `prices` of the provider's block, or leave dataset.budget out.",
        )
    return tariff


def _journaled(
    platform: Platform, settings: Settings, generator: ChatGenerator
) -> tuple[JournaledGenerator, JournaledGenerator]:
    """The model that writes and the critic, which ask nothing twice and, where there is one, keep the budget."""
    journal, judge, budget = Journal(journal_path(settings)), platform.judge(), settings.dataset.budget
    purse = None if budget is None else Purse(budget)
    writing, judging = (None, None) if purse is None else tariffs(platform, settings)
    writer = JournaledGenerator(generator, journal, settings.llm.model, purse=purse, tariff=writing)
    if judge is None:
        return writer, writer
    name = f"judge/{getattr(judge, 'model', '')}"
    return writer, JournaledGenerator(judge, journal, name, purse=purse, tariff=judging)


@dataclass(frozen=True)
class Batch:
    """What one run of the pipeline gave."""

    candidates: list[CandidateQuestion]
    rejected: dict[str, int] = field(default_factory=dict)
    """Reason → what never became a candidate."""
    error: str = ""
    """What the first call said that failed."""


def run_pipeline(pipeline: Pipeline, kinds: list[str], passages: list[list[Document]]) -> Batch:
    """Candidates of these kinds about these groups of chunks.

    :raises LlmopsError: If a component fails.
    """
    takes, gives = _sockets(pipeline, "the questions pipeline")
    inputs = {"kinds": kinds, "passages": passages}
    try:
        outputs = pipeline.run(
            {name: {socket: inputs[socket] for socket in sockets} for name, sockets in takes.items()}
        )
    except PipelineRuntimeError as error:
        if isinstance(error.__cause__, LlmopsError):
            raise error.__cause__ from None
        raise LlmopsError(
            f"the component {error.component_name!r} of the questions pipeline failed: {error.__cause__ or error}",
            hint=f"Correct it in the file that {_KEY} names.",
        ) from error
    besides = {key: value for sockets in outputs.values() for key, value in sockets.items() if key != _GIVES}
    return Batch(outputs[gives][_GIVES], besides.get("rejected") or {}, besides.get("error") or "")


def _sockets(pipeline: Pipeline, what: str) -> tuple[dict[str, list[str]], str]:
    """The inputs that are `kinds` and `passages`, by component, and the component that gives the candidates.

    :raises ConfigurationError: If there are none, more than one gives them, or another input is mandatory.
    """
    inputs, outputs = pipeline.inputs(), pipeline.outputs()
    takes = {name: [socket for socket in sockets if socket in _TAKES] for name, sockets in inputs.items()}
    takes = {name: sockets for name, sockets in takes.items() if sockets}
    gives = [name for name, sockets in outputs.items() if _GIVES in sockets]
    others = [
        f"{name}.{socket}"
        for name, sockets in inputs.items()
        for socket, about in sockets.items()
        if about["is_mandatory"] and socket not in _TAKES
    ]
    if others or len(gives) != 1 or not any("passages" in sockets for sockets in takes.values()):
        raise ConfigurationError(
            f"{what} must take `passages` ({_TAKES['passages']}), may take `kinds` ({_TAKES['kinds']}), and must give "
            f"`candidates` (list[CandidateQuestion]) once; it takes {_named(inputs)} and gives {_named(outputs)}",
            hint="Connect its components so; `llmops pipeline show questions` prints one to begin with.",
        )
    return takes, gives[0]


def _named(sockets: dict[str, dict[str, Any]]) -> str:
    return ", ".join(f"{name}.{socket}" for name, own in sockets.items() for socket in own) or "nothing"
