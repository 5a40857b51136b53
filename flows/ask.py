"""`ask`, `search` and `guard`: answer, retrieve and check a text, without Prefect."""

from collections.abc import Collection, Generator, Iterator, Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, Field

from blocks.local import seems_ready
from blocks.resolve import resolve_platform
from tasks_lib.assistant.contract.access import asked_by, member_of
from tasks_lib.assistant.contract.answer import GuardrailDecision, Message, Source, Usage
from tasks_lib.assistant.contract.platform import Platform
from tasks_lib.config.rag import RagConfig
from tasks_lib.config.settings import Settings
from tasks_lib.errors import InputError, LlmopsError, VersionError
from tasks_lib.text.languages import language_of

if TYPE_CHECKING:
    from tasks_lib.assistant.guardrails.certificate import Certificate
    from tasks_lib.registry.live import LiveVersion


class AskResult(BaseModel):
    """One answer of the production version."""

    response: str
    sources: list[Source] = Field(default_factory=list)
    refused: bool = False
    refusal_reason: str = ""
    uncertain: bool = False
    language: str | None = None
    guardrails: list[GuardrailDecision] = Field(default_factory=list)
    model: str = ""
    usage: Usage = Usage()
    model_uri: str
    version: int
    trace_id: str | None = None
    seconds: float = 0.0


def ask(
    question: str,
    settings: Settings,
    platform: str = "local",
    where: Sequence[str] = (),
    groups: Collection[str] = (),
) -> AskResult:
    """Ask the production version, in a fresh process that runs the version's own code.

    :param where: Conditions, such as `document=guides/*`, that each passage meets.
    :param groups: Those of whoever asks, whose documents the answer may show beside public ones.
    :raises NotDeployedError: If nothing is in production.
    :raises ConfigurationError: If the platform cannot supply its models.
    :raises InputError: If the question is empty or too long, or a condition cannot be read.
    """
    return ask_all([question], settings, platform, where, groups)[0]


def ask_all(
    questions: list[str],
    settings: Settings,
    platform: str = "local",
    where: Sequence[str] = (),
    groups: Collection[str] = (),
) -> list[AskResult]:
    """Ask the production version several questions; the process is started once."""
    return list(answers(questions, settings, platform, where, groups))


def answers(
    questions: list[str],
    settings: Settings,
    platform: str = "local",
    where: Sequence[str] = (),
    groups: Collection[str] = (),
) -> Generator[AskResult]:
    """As :func:`ask_all`, each answer as soon as it is there. At the end, or when closed, it waits for the traces."""
    for question in questions:
        require_question(question)
    from tasks_lib.registry.agreement import production_of, require_agreement
    from tasks_lib.registry.live import process_of

    resolved = resolve_platform(platform)
    live = production_of(resolved, settings.assistant, settings.gate.aliases["production"])
    require_agreement(live, settings)
    if where or not seems_ready(resolved, live.rag):
        _require_supplied(resolved, live.rag, where, groups)
    with ExitStack() as stack:
        try:
            process = stack.enter_context(process_of(resolved, live, workers=1))
        except VersionError:
            _require_supplied(resolved, live.rag, where, groups)  # names what is missing or damaged, if that is why
            raise
        for question in questions:
            messages = [{"role": "user", "content": question}]
            reply = process.ask(messages, settings.serve.timeout_seconds, where=where, groups=groups)
            if reply.error:
                raise LlmopsError(f"version {live.version} could not answer: {reply.error}")
            answer = dict(reply.answer or {})
            yield AskResult(
                **{**answer, "sources": answer.pop("source_documents", [])},
                model_uri=live.uri,
                version=live.version,
                trace_id=reply.trace_id,
                seconds=reply.seconds,
            )


def _require_supplied(platform: Platform, rag: RagConfig, where: Sequence[str], groups: Collection[str]) -> None:
    """Require that the platform has the version's models and its index, and the index what conditions name."""
    from tasks_lib.registry.live import require_models

    require_models(platform, rag)
    require_index(platform, rag)
    if where:
        from tasks_lib.assistant.retrieval.where import where_filters

        with asked_by(member_of(groups)):
            where_filters(where, platform.index(rag), rag.retriever.filters)


def search(
    queries: list[str],
    rag: RagConfig | None,
    settings: Settings,
    platform: str = "local",
    where: Sequence[str] = (),
    groups: Collection[str] = (),
) -> Iterator[dict[str, Any]]:
    """Retrieve passages for each query with the configuration `rag`, else production's, else the default.

    :param where: Conditions, such as `document=guides/*`, that each passage meets.
    :param groups: Those of whoever asks, whose passages are found beside public ones.
    :raises InputError: If a query is empty or too long, the index does not exist, or a condition cannot be read.
    """
    for query in queries:
        require_question(query)
    from tasks_lib.assistant.retrieval.search import search as find

    resolved = resolve_platform(platform)
    live = _production(resolved, settings)
    if rag is None:
        rag = live.rag if live else settings.rag
    elif live is not None and rag.collection != live.rag.collection:
        from tasks_lib.registry.agreement import with_production_collection

        rag = with_production_collection(live, settings).rag
    require_index(resolved, rag)
    if where:
        from tasks_lib.assistant.retrieval.where import where_filters

        with asked_by(member_of(groups)):
            filters = where_filters(where, resolved.index(rag), rag.retriever.filters)
        rag = rag.model_copy(update={"retriever": rag.retriever.model_copy(update={"filters": filters})})
    found = find(resolved, rag, queries, caller=member_of(groups))
    for query, sources in zip(queries, found, strict=True):
        results = [source.model_dump(mode="json") for source in sources]
        yield {"query": query, "language": language_of(query), "results": results}


def guard(
    texts: list[str], direction: Literal["input", "output"], settings: Settings, platform: str = "local"
) -> Iterator[dict[str, Any]]:
    """Check each text with the guardrails."""
    from tasks_lib.assistant.guardrails.build import build_guardrails

    resolved = resolve_platform(platform)
    guardrails = build_guardrails(settings.guardrails, resolved.embedder(settings.embedder))
    for text in texts:
        yield guardrails.inspect(text, direction).model_dump(mode="json")


def guard_languages(settings: Settings) -> "Certificate":
    """How well each validator does in each language with the configured embedder, as measured with this code."""
    from tasks_lib.assistant.guardrails.certificate import certificate

    return certificate(settings.embedder)


def require_question(question: str) -> None:
    """Validate a question.

    :raises InputError: If it is blank, or longer than :data:`LONGEST_QUESTION`.
    """
    from tasks_lib.assistant.answering.conversation import check_messages

    check_messages([Message(role="user", content=question)])


def require_index(platform: Platform, rag: RagConfig) -> None:
    """Require that the index exists.

    :raises InputError: If it does not exist.
    """
    if not platform.index(rag).exists():
        existing = ", ".join(platform.indexes()) or "none"
        raise InputError(
            f"there is no index {rag.index_name!r}; indexes: {existing}",
            hint="Run `llmops ingest` with the same collection, embedder and chunking first.",
        )


def _production(platform: Platform, settings: Settings) -> "LiveVersion | None":
    if platform.name == "local":
        from tasks_lib.home import Home

        if not Home.from_environment().mlflow_database.is_file():
            return None
    from tasks_lib.registry.agreement import find_production

    return find_production(platform, settings.assistant, settings.gate.aliases["production"])
