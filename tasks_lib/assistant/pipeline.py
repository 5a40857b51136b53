"""``assistant_pipeline``: from a conversation to an answer, for evaluation and serving alike."""

from collections.abc import Sequence
from typing import Any

from haystack import Pipeline
from haystack.components.builders import ChatPromptBuilder
from haystack.components.generators.chat.types import ChatGenerator

from tasks_lib.assistant.answering.assistant import Assistant
from tasks_lib.assistant.answering.builders import EnoughEvidence, ExtractedAnswer, GeneratedAnswer
from tasks_lib.assistant.answering.extractive import CALIBRATED_CERTAINTY, CALIBRATED_THRESHOLD, ExtractiveAnswerer
from tasks_lib.assistant.answering.follow_up import FollowUpResolver, QuestionRewriter
from tasks_lib.assistant.answering.passage_guard import PassageGuard
from tasks_lib.assistant.answering.prompt import prompt_messages
from tasks_lib.assistant.contract.platform import Platform
from tasks_lib.assistant.retrieval.pipeline import (
    EMBEDDER,
    PASSAGES,
    open_index,
    question_inputs,
    require_index,
    search_pipeline,
)
from tasks_lib.assistant.retrieval.surroundings import Surroundings
from tasks_lib.assistant.retrieval.where import where_filters
from tasks_lib.config.rag import RagConfig


def build_assistant(rag: RagConfig, platform: Platform, *, index_version: str | None = None) -> Assistant:
    """The assistant that `rag` describes, with addresses and credentials of `platform`.

    :param index_version: Committed state of the index that is read, where `rag.index.follow` is `pinned`.
    :raises ConfigurationError: If the platform cannot supply a model, or the prompt or a component is unusable.
    :raises InputError: If the index does not exist.
    """
    require_index(platform, rag, index_version)
    pipeline = assistant_pipeline(platform, rag, index_version=index_version)
    pinned = index_version if rag.index.follow == "pinned" else None
    return Assistant(pipeline, lambda where: _filters(platform, rag, index_version, where), index_version=pinned)


def _filters(platform: Platform, rag: RagConfig, index_version: str | None, where: Sequence[str]) -> dict[str, Any]:
    return where_filters(where, open_index(platform, rag, index_version), rag.retriever.filters)


def assistant_pipeline(platform: Platform, rag: RagConfig, *, index_version: str | None = None) -> Pipeline:
    """Conversation → question that stands alone → search → passages as the guardrails let them through → answer.

    Nothing is opened or loaded before the pipeline runs. :class:`Assistant` runs it, with the guardrails around it.

    :param index_version: As of :func:`build_assistant`.
    :raises ConfigurationError: As :func:`build_assistant`.
    """
    generator = platform.chat_generator(rag.llm)
    pipeline = search_pipeline(platform, rag, index_version=index_version)
    _add_question(pipeline, rag, platform, generator)
    passages = PASSAGES if generator is not None else _add_surroundings(pipeline, platform, rag, index_version)
    _add_guard(pipeline, rag, generator, passages)
    if generator is None:
        _add_extraction(pipeline, rag, ExtractiveAnswerer(platform.embedder(rag.embedder)))
    else:
        _add_generation(pipeline, rag, platform, generator)
        if rag.refusal.threshold is not None:
            _add_evidence(pipeline, ExtractiveAnswerer(platform.embedder(rag.embedder)))
    return pipeline


def _add_question(pipeline: Pipeline, rag: RagConfig, platform: Platform, generator: ChatGenerator | None) -> None:
    """`question`: the last question, made to stand alone."""
    inputs = question_inputs(pipeline)
    rewriting = platform.chat_generator(rag.llm) if generator is not None and rag.rewrite.enabled else None
    if rewriting is not None:  # a component of its own: a pipeline owns its components
        pipeline.add_component("question", QuestionRewriter(rewriting, rag.rewrite.max_turns))
    else:
        pipeline.add_component("question", FollowUpResolver(rag.rewrite.max_turns if rag.rewrite.enabled else 0))
    for path in inputs:
        pipeline.connect("question.question", path)


def _add_surroundings(pipeline: Pipeline, platform: Platform, rag: RagConfig, index_version: str | None) -> str:
    """`surroundings`: what lies around the best passages, for who reads sentences; its name."""
    index = open_index(platform, rag, index_version)
    pipeline.add_component("surroundings", Surroundings(index.keyword_retriever(top_k=1)))
    pipeline.connect(f"{PASSAGES}.documents", "surroundings.documents")
    return "surroundings"


def _add_guard(pipeline: Pipeline, rag: RagConfig, generator: ChatGenerator | None, passages: str) -> None:
    """`guard`: passages as the guardrails let them through. It embeds what the retriever embeds, once."""
    embedding: Any = pipeline.get_component(EMBEDDER)
    confirming = generator if rag.guardrails.topics.confirm else None
    guard = PassageGuard(config=rag.guardrails, embedder=embedding.embedder, chat_generator=confirming)
    pipeline.add_component("guard", guard)
    pipeline.connect(f"{passages}.documents", "guard.documents")
    pipeline.connect("question.question", "guard.question")


def _add_extraction(pipeline: Pipeline, rag: RagConfig, extractor: ExtractiveAnswerer) -> None:
    """`extract` and `answer`, without a model."""
    evidence = getattr(extractor.embedder, "evidence_threshold", CALIBRATED_THRESHOLD)
    threshold = evidence if rag.refusal.threshold is None else rag.refusal.threshold
    calibrated = CALIBRATED_CERTAINTY + evidence - CALIBRATED_THRESHOLD
    certainty = calibrated if rag.refusal.certainty is None else rag.refusal.certainty
    answer = ExtractedAnswer(
        model=rag.llm.model,
        refusal=rag.refusal.text,
        threshold=threshold,
        uncertain=rag.refusal.uncertain_text,
        certainty=certainty,
        small_talk=rag.refusal.small_talk_text,
    )
    pipeline.add_component("extract", extractor)
    pipeline.add_component("answer", answer)
    _connect_extractor(pipeline, "extract")
    pipeline.connect("question.focus", "extract.focus")
    for output in ("text", "evidence", "certainty", "used", "documents"):
        pipeline.connect(f"extract.{output}", f"answer.{output}")
    pipeline.connect("question.usage", "answer.usage")
    pipeline.connect("question.question", "answer.question")


def _add_generation(pipeline: Pipeline, rag: RagConfig, platform: Platform, generator: ChatGenerator) -> None:
    """`enough`, `prompt`, `generator` and `answer`: no passages, no call."""
    template = prompt_messages(rag.prompt, platform)
    pipeline.add_component("enough", EnoughEvidence(rag.refusal.threshold))
    pipeline.add_component("prompt", ChatPromptBuilder(template=template))
    pipeline.add_component("generator", generator)
    pipeline.add_component("answer", GeneratedAnswer(model=rag.llm.model, refusal=rag.refusal.text))
    pipeline.connect("guard.documents", "enough.documents")
    pipeline.connect("enough.documents", "prompt.documents")
    pipeline.connect("question.question", "prompt.question")
    pipeline.connect("prompt.prompt", "generator.messages")
    pipeline.connect("generator.replies", "answer.replies")
    pipeline.connect("question.question", "answer.question")
    pipeline.connect("guard.documents", "answer.documents")
    pipeline.connect("question.usage", "answer.usage")


def _add_evidence(pipeline: Pipeline, extractor: ExtractiveAnswerer) -> None:
    """`evidence`: what the passages prove, for a model that is to be asked only when that is enough."""
    pipeline.add_component("evidence", extractor)
    _connect_extractor(pipeline, "evidence")
    pipeline.connect("evidence.evidence", "enough.evidence")
    pipeline.connect("evidence.evidence", "answer.evidence")


def _connect_extractor(pipeline: Pipeline, name: str) -> None:
    pipeline.connect("question.question", f"{name}.question")
    pipeline.connect("embedder.embedding", f"{name}.embedding")
    pipeline.connect("guard.documents", f"{name}.documents")
