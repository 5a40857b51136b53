"""Random changes of documents and of their access, syncs, questions and restarts beside a model of who may see what."""

from collections.abc import Callable
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tasks_lib.assistant.contract.access import asked_by, member_of
from tasks_lib.assistant.contract.index import shown_documents
from tasks_lib.assistant.stores.lancedb import visible
from tasks_lib.assistant.stores.lancedb.index import LanceDBIndex
from tasks_lib.config.ingest import IngestConfig
from tasks_lib.config.settings import Settings
from tests.stubs.ingesting import sync
from tests.tasks_lib.ingestion.conftest import CountingEmbedder

DOCUMENTS = st.sampled_from(["a.md", "b.md", "in/c.md", "in/d.md"])
SAID = st.sampled_from([frozenset({"public"}), frozenset({"hr"}), frozenset({"hr", "legal"}), frozenset({"nobody"})])
ASKERS = ((), ("hr",), ("legal",), ("hr", "sales"), ("nobody",))
PUBLIC, NOBODY = frozenset({"public"}), frozenset({"nobody"})
Groups = frozenset[str]


def both(one: Groups, other: Groups) -> Groups:
    """Who is let in by two statements."""
    if one >= NOBODY or other >= NOBODY:
        return NOBODY
    if one >= PUBLIC or other >= PUBLIC:
        return other if one >= PUBLIC else one
    return one & other or NOBODY


def may(groups: Groups, asker: tuple[str, ...]) -> bool:
    return not groups >= NOBODY and (groups >= PUBLIC or not groups.isdisjoint(asker))


class AccessMachine(RuleBasedStateMachine):
    """`written` and `stated` are the folder's, `held` and `open_to` what the last sync has seen of them.

    `then` is who could see an earlier text when it was last the present one, since anything was said of access.
    """

    def __init__(self) -> None:
        super().__init__()
        self.root = Path(mkdtemp())
        self.folder = self.root / "documents"
        self.embedder = CountingEmbedder()
        self.number = 0
        self.written: dict[str, tuple[str, Groups]] = {}
        self.stated: dict[str, Groups] = {}
        self.is_broken = self.is_controlled = False
        self.held: dict[str, str] = {}
        self.open_to: dict[str, Groups] = {}
        self.last: dict[str, str] = {}
        self.then: dict[tuple[str, str], Groups] = {}
        self.earlier: dict[str, dict[str, str]] = {}
        self.open_index()

    def teardown(self) -> None:
        rmtree(self.root)

    def open_index(self) -> None:
        self.index = LanceDBIndex(str(self.root / "db"), "docs", self.embedder.dimension, lock_folder=self.root)

    @initialize()
    def begin(self) -> None:
        self.write("a.md", PUBLIC)
        self.write("in/c.md", PUBLIC)
        self.synchronise()

    @rule(document=DOCUMENTS, own=SAID)
    def write(self, document: str, own: Groups) -> None:
        """A new text, which says of itself who may see it, or nothing."""
        self.number += 1
        text = f"Secret{self.number} is told in words of leave, salary and lunch."
        head = "" if own == PUBLIC else f"---\naccess: [{', '.join(sorted(own))}]\n---\n"
        file = self.folder / document
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(head + text)
        self.written[document] = text, own

    @precondition(lambda self: len(self.written) > 1)
    @rule(which=st.integers(0, 9))
    def delete(self, which: int) -> None:
        document = sorted(self.written)[which % len(self.written)]
        (self.folder / document).unlink()
        del self.written[document]

    @rule(document=DOCUMENTS, groups=SAID)
    def state(self, document: str, groups: Groups) -> None:
        """Say in the sidecar who may see a document."""
        self.stated[document] = groups
        self.is_broken = False
        lines = [f"{name}: [{', '.join(sorted(each))}]" for name, each in self.stated.items()]
        (self.folder / ".llmopsaccess").write_text("\n".join(lines))

    @rule()
    def break_sidecar(self) -> None:
        self.is_broken = True
        (self.folder / ".llmopsaccess").write_text("a.md: [hr")

    @rule()
    def synchronise(self) -> None:
        if self.index.version() is not None:
            self.earlier[str(self.index.version())] = dict(self.held)
        result = sync(self.folder, self.index, self.embedder, Settings(ingest=IngestConfig(allow_mass_delete=True)))
        assert not result.failed
        self.held = {name: text for name, (text, _) in self.written.items()}
        says = self.is_broken or self.stated or any(own != PUBLIC for _, own in self.written.values())
        self.is_controlled = self.is_controlled or bool(says)
        if not self.is_controlled:
            return
        for name, (text, own) in self.written.items():
            if name in self.open_to:
                self.then[name, self.last[name]] = self.open_to[name]
            sidecar = NOBODY if self.is_broken else self.stated.get(name, PUBLIC)
            self.open_to[name], self.last[name] = both(sidecar, own), text
            self.then.pop((name, text), None)

    @rule()
    def restart(self) -> None:
        """Everything that a process keeps in mind is gone."""
        visible._loaded.clear()
        self.open_index()

    @rule(asker=st.sampled_from(ASKERS))
    def ask(self, asker: tuple[str, ...]) -> None:
        self.compare(self.index, self.held, asker)

    @precondition(lambda self: self.earlier)
    @rule(asker=st.sampled_from(ASKERS), which=st.integers(0, 9))
    def ask_of_an_earlier_state(self, asker: tuple[str, ...], which: int) -> None:
        state = sorted(self.earlier)[which % len(self.earlier)]
        self.compare(self.index.at(state), self.earlier[state], asker)

    @invariant()
    def nobody_in_no_group_sees_more_than_what_is_public(self) -> None:
        self.compare(self.index, self.held, ())

    def sees(self, name: str, text: str, asker: tuple[str, ...]) -> bool:
        if name not in self.open_to:
            return True
        before = PUBLIC if text == self.last[name] else self.then.get((name, text), PUBLIC)
        return may(self.open_to[name], asker) and may(before, asker)

    def compare(self, index: LanceDBIndex, held: dict[str, str], asker: tuple[str, ...]) -> None:
        """What is found by meaning and by words, and what is listed, is what the model says: no more and no less."""
        expected = {name: text for name, text in held.items() if self.sees(name, text, asker)}
        with asked_by(member_of(asker)):
            searches: list[Callable[[], dict[str, list]]] = [
                lambda: index.vector_retriever(top_k=20).run(query_embedding=[0.5] * self.embedder.dimension),
                lambda: index.keyword_retriever(top_k=20).run(query="leave, salary and lunch"),
            ]
            for search in searches:
                found = {one.meta["document"]: one.content.strip() for one in search()["documents"]}
                assert found == expected
            assert {document for _, document in shown_documents(index)} == set(expected)


TestAccess = AccessMachine.TestCase
TestAccess.settings = settings(
    max_examples=10, stateful_step_count=14, deadline=None, suppress_health_check=list(HealthCheck)
)
TestAccess = pytest.mark.timeout(600)(TestAccess)
