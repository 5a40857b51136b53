"""The questions that a change of documents could touch, and where their evidence stands afterwards."""

from collections.abc import Collection, Iterable, Sequence

from tasks_lib.assistant.contract.access import OPERATOR
from tasks_lib.assistant.contract.answer import Source
from tasks_lib.assistant.contract.index import Index
from tasks_lib.assistant.contract.platform import Platform
from tasks_lib.assistant.contract.states import DocumentKey
from tasks_lib.assistant.retrieval.search import search
from tasks_lib.config.rag import RagConfig
from tasks_lib.dataset.corpus import Corpus
from tasks_lib.dataset.examples import Example, Reference


def at_state(rag: RagConfig) -> RagConfig:
    """The configuration that reads the one state that it is given."""
    return rag.model_copy(update={"index": rag.index.model_copy(update={"follow": "pinned"})})


def touched(
    platform: Platform,
    rag: RagConfig,
    examples: Sequence[Example],
    states: tuple[str, str],
    changed: Collection[DocumentKey],
) -> list[Example]:
    """The examples whose answers could differ between two states; what the others are answered from is the same.

    An example is touched if a search for any message of its user finds other passages, or passages in another order,
    or a passage of a changed document, or if its references lie in one. Nothing but the retrieval is run.

    :param states: The state before and after.
    :param changed: Documents that differ.
    """
    pinned = at_state(rag)
    asked = list(dict.fromkeys(text for example in examples for text in _texts(example)))
    before, after = (
        dict(zip(asked, search(platform, pinned, asked, index_version=state, caller=OPERATOR), strict=True))
        for state in states
    )

    def differs(text: str) -> bool:
        found = [*before[text], *after[text]]
        return _places(before[text]) != _places(after[text]) or any(
            (source.source, source.document) in changed for source in found
        )

    return [
        example
        for example in examples
        if any(differs(text) for text in _texts(example)) or _rests_on(example.references, changed)
    ]


def moved(examples: Sequence[Example], index: Index, changed: Collection[DocumentKey]) -> list[Example]:
    """The examples with their references where the text of these stands in `index` now.

    A sentence that was pushed down by another is the same evidence. One that is gone stays where it was.
    """
    wanted = sorted({key for example in examples for key in _keys(example.references, changed)})
    corpus = Corpus(chunk for source, document in wanted for chunk in index.read(source, [document]))

    def found(reference: Reference) -> Reference:
        if not _keys([reference], changed) or corpus.contains(reference):
            return reference
        return corpus.locate(reference.content, reference.document, reference.source) or reference

    return [
        example.model_copy(update={"references": tuple(found(reference) for reference in example.references)})
        for example in examples
    ]


def _texts(example: Example) -> list[str]:
    return [message.content for message in example.messages if message.role == "user"]


def _places(sources: Iterable[Source]) -> list[tuple[str, str, int, int, str]]:
    return [(each.source, each.document, each.start, each.end, each.content) for each in sources]


def _rests_on(references: Iterable[Reference], changed: Collection[DocumentKey]) -> bool:
    return bool(_keys(references, changed))


def _keys(references: Iterable[Reference], changed: Collection[DocumentKey]) -> list[DocumentKey]:
    """Changed documents that references name; one without a source may be of any."""
    return [
        key
        for reference in references
        for key in changed
        if key[1] == reference.document and reference.source in ("", key[0])
    ]
