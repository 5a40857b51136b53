"""Who reads the released state of an index: production of each assistant of a platform. All of them are measured."""

from collections.abc import Mapping
from dataclasses import dataclass

from tasks_lib.assistant.contract.platform import Platform
from tasks_lib.config.load import for_assistant
from tasks_lib.config.rag import RagConfig
from tasks_lib.config.settings import Settings
from tasks_lib.documents_gate.decision import DocumentsDecision, Questions, Verdict, unasked
from tasks_lib.documents_gate.plan import Plan, plan_questions
from tasks_lib.errors import LlmopsError
from tasks_lib.gate.configuration import as_production
from tasks_lib.registry.live import find_live
from tasks_lib.registry.tracking import connect

NAMING = {"collection", "embedder", "chunking", "index"}
"""Keys that say which index is read, and how."""
WORST_FIRST: tuple[Verdict, ...] = ("held", "undecided", "released")


@dataclass(frozen=True)
class Reader:
    """An assistant, the keys that it is measured by, and how; or what is decided without asking it."""

    settings: Settings
    plan: Plan | DocumentsDecision

    @property
    def may_get_worse(self) -> bool:
        """Whether its answers depend on the change."""
        return isinstance(self.plan, Plan) or self.plan.decision != "released"


def readers_of(platform: Platform, settings: Settings) -> list[Reader]:
    """The assistant of `settings`, and others whose production reads the released state of the same index.

    The others are measured by the keys that their version went through the gate with. One whose answers cannot get
    worse is left out where another's can.
    """
    readers = [Reader(settings, plan_questions(platform, settings))]
    client = connect(platform, settings.assistant)
    for name in sorted(client.models().keys() - {settings.assistant}):
        other = _other(platform, settings, name)
        if other is not None:
            readers.append(other)
    return [reader for reader in readers if reader.may_get_worse] or readers[:1]


def as_read(platform: Platform, settings: Settings) -> Settings:
    """The settings, with production's keys for the index where none of them is given."""
    if settings.model_fields_set & NAMING:
        return settings
    live = find_live(connect(platform, settings.assistant), settings.assistant, settings.gate.aliases["production"])
    return naming(settings, live.rag) if live else settings


def naming(settings: Settings, rag: RagConfig) -> Settings:
    """The settings, with the index of `rag` given by name."""
    return settings.model_copy(update={name: getattr(rag, name) for name in NAMING})


def combined(decisions: Mapping[str, DocumentsDecision]) -> DocumentsDecision:
    """The worst of several assistants' decisions; each reason says whose it is.

    :param decisions: Assistant → its own.
    """
    if len(decisions) == 1:
        return next(iter(decisions.values()))
    every = list(decisions.values())
    return DocumentsDecision(
        decision=min((each.decision for each in every), key=WORST_FIRST.index),
        reasons=[f"{name}: {reason}" for name, each in decisions.items() for reason in each.reasons],
        questions=Questions(
            of=sum(each.questions.of for each in every),
            asked=sum(each.questions.asked for each in every),
            better=sum(each.questions.better for each in every),
            worse=[question for each in every for question in each.questions.worse],
        ),
        documents=list(dict.fromkeys(document for each in every for document in each.documents)),
        findings=[finding for each in every for finding in each.findings],
    )


def _other(platform: Platform, settings: Settings, name: str) -> Reader | None:
    """Another assistant, if its production reads the released state of this index."""
    own = for_assistant(Settings(), name, registered=True)
    client = connect(platform, name)
    live = find_live(client, name, settings.gate.aliases["production"])
    if live is None or live.rag.index.follow != "gated" or live.rag.index_name != settings.index_name:
        return None
    try:
        own = as_production(client, own)
        return Reader(own, plan_questions(platform, own))
    except LlmopsError as error:
        return Reader(own, unasked("undecided", f"its production cannot be measured: {error.message}"))
