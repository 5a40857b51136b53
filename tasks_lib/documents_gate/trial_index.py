"""``TrialIndex``: a copy of an index in which some documents are as they were and some as they are now."""

import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterator
from contextlib import contextmanager

from tasks_lib.assistant.contract.index import Index
from tasks_lib.assistant.contract.platform import Platform
from tasks_lib.assistant.contract.states import DocumentKey
from tasks_lib.config.rag import RagConfig

COLLECTION = "trial-of"
"""Beginning of the name of its collection; who kills a run finds the copy by it among the indexes."""
_AT_ONCE = 200
"""Documents that are copied together."""
_PATIENCE = 60.0


class TrialIndex:
    """A whole copy, so that BM25 and fusion score a passage as they would if only this part had been ingested.

    Readers of the index itself see nothing of it.

    :param rag: Whose index it is.
    :param states: The state before and after.
    """

    def __init__(self, platform: Platform, rag: RagConfig, states: tuple[str, str]) -> None:
        digest = hashlib.sha256(rag.index_name.encode()).hexdigest()[:12]
        follow = rag.index.model_copy(update={"follow": "latest"})
        self.rag = rag.model_copy(update={"collection": f"{COLLECTION}-{digest}", "index": follow})
        """The configuration that reads the copy as it is."""
        self.index: Index = platform.index(self.rag)
        opened = platform.open_index(rag.index_name)
        self._before, self._after = (opened.at(state) for state in states)
        self._applied: frozenset[DocumentKey] = frozenset()

    @contextmanager
    def copied(self) -> Iterator["TrialIndex"]:
        """Make the copy, of the state before; it is dropped at the end. What a killed run left is dropped first."""
        self.drop()
        try:
            with self.index.writing(_PATIENCE):
                for source in self._before.info().sources:
                    documents = sorted(self._before.manifest(source))
                    for start in range(0, len(documents), _AT_ONCE):
                        part = documents[start : start + _AT_ONCE]
                        self.index.replace(source, part, self._before.read(source, part))
                self.index.commit()
            yield self
        finally:
            self.drop()

    def apply(self, part: Collection[DocumentKey]) -> None:
        """Let exactly these documents be as they are in the state after."""
        wanted = frozenset(part)
        with self.index.writing(_PATIENCE):
            for state, keys in ((self._after, wanted - self._applied), (self._before, self._applied - wanted)):
                for source, documents in _by_source(keys).items():
                    self.index.replace(source, documents, state.read(source, documents))
            self.index.commit()
        self._applied = wanted

    def drop(self) -> None:
        """Delete the copy, if there is one."""
        if self.index.exists():
            self.index.drop()


def _by_source(keys: Collection[DocumentKey]) -> dict[str, list[str]]:
    found: defaultdict[str, list[str]] = defaultdict(list)
    for source, document in sorted(keys):
        found[source].append(document)
    return found
