"""The document to blame is found by asking again on a copy of the index, which nobody else sees."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from blocks.local import LocalPlatform
from tasks_lib.assistant.contract.answer import Answer, Message
from tasks_lib.assistant.contract.index import contents
from tasks_lib.config.rag import RagConfig
from tasks_lib.config.settings import Settings
from tasks_lib.dataset.examples import Example
from tasks_lib.documents_gate.asking import Answering, Ask
from tasks_lib.documents_gate.blame import Blame
from tasks_lib.documents_gate.comparison import Comparison, compare
from tasks_lib.documents_gate.culprits import find_culprits, score
from tasks_lib.documents_gate.difference import difference
from tasks_lib.documents_gate.release import Proposal
from tasks_lib.documents_gate.trial_index import TrialIndex
from tasks_lib.errors import VersionError
from tasks_lib.gate.asking import VersionAnswers
from tasks_lib.gate.prediction import Prediction
from tasks_lib.home import Home
from tests.stubs.ingesting import held as texts
from tests.tasks_lib.conftest import Library, WordEmbedder

SETTINGS = Settings()
RAG = SETTINGS.rag
QUESTION = Example(id="q", messages=(Message(role="user", content="How many days?"),), answer="27 days")


class WithModel(LocalPlatform):
    """Embeds by words; `model` stands for a language model, which nobody here asks."""

    model: object = None

    def embedder(self, model: str) -> Any:
        return WordEmbedder()

    def chat_generator(self, llm: Any) -> Any:
        return self.model


@pytest.fixture
def platform(home: Home) -> WithModel:
    return WithModel(home)


@pytest.fixture
def proposal(platform: WithModel, tmp_path: Path) -> Proposal:
    """Of five documents three changed, and one came."""
    library = Library(tmp_path)
    library.index = platform.index(RAG)
    for number in range(5):
        library.put(f"{number}.md", f"Room {number} is open.")
    released, before = library.index.version() or "", contents(library.index)
    for number in range(3):
        library.put(f"{number}.md", f"Room {number} is closed.")
    library.put("new.md", "A new room.")
    return Proposal(library.index.version() or "", released, tuple(difference(before, contents(library.index))))


def said(text: str) -> VersionAnswers:
    return VersionAnswers((Prediction(QUESTION, Answer(response=text).payload(), None, None, 0.1),))


def compared(platform: WithModel) -> Comparison:
    scored = partial(score, platform, SETTINGS)
    before, after = (scored(said(text).predictions) for text in ("27 days", "3 days"))
    return compare(before, after, [QUESTION], SETTINGS.gate, 60)


def wrong_where(platform: WithModel, *lines: str) -> tuple[Answering, list[dict[str, str]]]:
    """An assistant that is wrong where the index says all of this, and the indexes that it was asked on."""
    seen: list[dict[str, str]] = []

    @contextmanager
    def opened(rag: RagConfig, state: str) -> Iterator[Ask]:
        def ask(examples: Sequence[Example]) -> VersionAnswers:
            seen.append(texts(platform.open_index(rag.index_name)))
            return said("3 days" if set(lines) <= set(seen[-1].values()) else "27 days")

        yield ask

    return opened, seen


def culprits(platform: WithModel, proposal: Proposal, answering: Answering) -> Blame:
    scored = partial(score, platform, SETTINGS)
    return find_culprits(platform, RAG, proposal, compared(platform), SETTINGS.gate, answering, scored)


def test_of_several_changed_documents_the_one_that_did_it_is_named(platform: WithModel, proposal: Proposal) -> None:
    index = platform.open_index(RAG.index_name)
    latest, version = texts(index), index.version()
    answering, seen = wrong_where(platform, "Room 1 is closed.")
    assert culprits(platform, proposal, answering).documents == {"q": ("1.md",)}
    assert seen
    assert latest not in seen, "what both states say is known"
    assert texts(index.at(proposal.released)) not in seen
    assert (texts(index), index.version(), platform.indexes()) == (latest, version, [RAG.index_name])


def test_two_that_do_harm_only_together_are_both_named(platform: WithModel, proposal: Proposal) -> None:
    answering, _ = wrong_where(platform, "Room 0 is closed.", "A new room.")
    assert culprits(platform, proposal, answering).documents == {"q": ("0.md", "new.md")}


def test_a_model_is_asked_again_on_both_states_so_that_chance_blames_nobody(
    platform: WithModel, proposal: Proposal
) -> None:
    object.__setattr__(platform, "model", object())
    always, _ = wrong_where(platform)
    assert culprits(platform, proposal, always).unexplained == ("q",)
    never, seen = wrong_where(platform, "nobody says this")
    assert culprits(platform, proposal, never).unexplained == ("q",)
    assert len(seen) == 1


def test_whoever_cannot_be_asked_any_more_leaves_it_unresolved(platform: WithModel, proposal: Proposal) -> None:
    @contextmanager
    def failing(rag: RagConfig, state: str) -> Iterator[Ask]:
        raise VersionError("the process was killed")
        yield

    assert culprits(platform, proposal, failing).unresolved == ("q",)
    assert platform.indexes() == [RAG.index_name]


def test_the_copy_is_any_part_of_the_change_and_what_a_killed_run_left_is_dropped(
    platform: WithModel, proposal: Proposal
) -> None:
    states = proposal.released, proposal.state
    left = TrialIndex(platform, RAG, states)
    left.copied().__enter__()
    keys = {key[1]: key for key in proposal.keys}
    with TrialIndex(platform, RAG, states).copied() as trial:
        for part in (["0.md", "new.md"], ["new.md"], [], ["0.md", "1.md", "2.md", "new.md"]):
            trial.apply([keys[name] for name in part])
            held = texts(trial.index)
            assert {name for name, text in held.items() if "closed" in text} == set(part) - {"new.md"}
            assert ("new.md" in held) == ("new.md" in part)
            assert len(held) == 5 + ("new.md" in part)
