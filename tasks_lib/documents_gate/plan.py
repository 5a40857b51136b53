"""What a change of documents is measured by; or why no question is asked, and what is decided then."""

from dataclasses import dataclass

from tasks_lib.assistant.contract.platform import Platform
from tasks_lib.config.settings import Settings
from tasks_lib.dataset.datasets import Dataset, load
from tasks_lib.documents_gate.decision import DocumentsDecision, unasked
from tasks_lib.errors import InputError
from tasks_lib.registry.live import LiveVersion, find_live
from tasks_lib.registry.tracking import connect


@dataclass(frozen=True)
class Plan:
    """Who answers, and what is asked."""

    live: LiveVersion
    dataset: Dataset


def plan_questions(platform: Platform, settings: Settings) -> Plan | DocumentsDecision:
    """Production and its questions.

    Where production does not read the released state of this index, nothing that users see can get worse by a release:
    released. Where it does and there is nothing to measure it by, undecided: a person decides.
    """
    client, gate, index = connect(platform, settings.assistant), settings.gate, settings.index_name
    live = find_live(client, settings.assistant, gate.aliases["production"])
    if live is None:
        return unasked("released", f"nothing of {settings.assistant!r} is in production, so no answer can get worse")
    if unread := _unread(live, index):
        return unasked("released", f"version {live.version} in production {unread}")
    try:
        dataset = load(client, gate.dataset)
    except InputError as error:
        return unasked("undecided", f"there are no questions to measure the change by: {error.message}. {error.hint}")
    made_from, is_ours, _ = dataset.index.partition("__")
    if is_ours and made_from != settings.collection:
        return unasked(
            "undecided",
            f"the evaluation set {dataset.reference!r} was made for the collection {made_from!r}, and the documents "
            f"are those of {settings.collection!r}: make one from them with `llmops dataset`",
        )
    if len(dataset.examples) < gate.minimum_questions:
        return unasked(
            "undecided",
            f"the evaluation set {dataset.reference!r} has {len(dataset.examples)} questions, and the gate needs "
            f"{gate.minimum_questions}: make more with `llmops dataset --size N`",
            len(dataset.examples),
        )
    return Plan(live, dataset)


def _unread(live: LiveVersion, index: str) -> str:
    """Why a release of `index` changes no answer of this version; empty where it may."""
    if live.rag.index_name != index:
        return f"reads the index {live.rag.index_name!r}, so no answer can get worse"
    if live.rag.index.follow == "pinned":
        return "reads the state that its own gate saw (index.follow: pinned), so no answer can get worse"
    if live.rag.index.follow == "latest":
        return "reads every ingest at once (index.follow: latest): deploy one with `gated`, and documents are measured"
    return ""
