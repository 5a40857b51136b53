"""Which questions a change of documents may answer otherwise.

A question is left out only where both states give it the same passages in the same order, none of a changed document.
The scores of two states do not compare: BM25 knows how often a word occurs in all documents, and the fusion scales
every list by its own best and worst. So the search, which costs milliseconds, is run on both states; the answer is not.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from tasks_lib.assistant.answering.conversation import standalone_question
from tasks_lib.assistant.contract.access import OPERATOR
from tasks_lib.assistant.contract.answer import Source
from tasks_lib.assistant.contract.platform import Platform
from tasks_lib.assistant.contract.states import DocumentKey
from tasks_lib.assistant.retrieval.search import search
from tasks_lib.config.rag import RagConfig
from tasks_lib.dataset.examples import Example, Reference

Why = Literal["found", "reference", "outranked", "reordered", "rewritten"]
"""A changed document was among its passages; holds its reference; is now among its passages; other passages or another
order without a changed document; or a model rewrites the question, so that nobody can tell beforehand."""
Found = Mapping[str, Sequence[Source] | None]
"""Id of a question → passages, best first; `None` where a model makes the query."""


@dataclass(frozen=True)
class Affected:
    """The questions that are to be asked again, in the order of the set, and why."""

    examples: Sequence[Example]
    why: Mapping[str, Why]
    of: int
    """Questions of the set."""

    @property
    def share(self) -> float:
        """Of the set, 0 to 1."""
        return len(self.why) / self.of if self.of else 0.0


def at_state(rag: RagConfig) -> RagConfig:
    """The configuration that reads the one state that it is given."""
    return rag.model_copy(update={"index": rag.index.model_copy(update={"follow": "pinned"})})


def find_affected(
    platform: Platform,
    rag: RagConfig,
    examples: Sequence[Example],
    states: tuple[str, str],
    changed: Collection[DocumentKey],
) -> Affected:
    """The questions whose evidence could differ between two states. Nothing but the retrieval is run.

    :param states: The state before and after.
    :param changed: Documents that differ.
    :raises InputError: If the index does not exist.
    """
    before, after = (passages_of(platform, rag, examples, state) for state in states)
    return affected(examples, before, after, changed)


def affected(examples: Sequence[Example], before: Found, after: Found, changed: Collection[DocumentKey]) -> Affected:
    """The questions whose evidence could have changed.

    :param before: Passages on the old state, as :func:`passages_of` gives them; `after` the same on the new state.
    """
    why: dict[str, Why] = {}
    for example in examples:
        reason = _why(example, before.get(example.id), after.get(example.id), changed) if changed else None
        if reason:
            why[example.id] = reason
    return Affected([example for example in examples if example.id in why], why, len(examples))


def passages_of(
    platform: Platform, rag: RagConfig, examples: Sequence[Example], state: str
) -> dict[str, list[Source] | None]:
    """What the assistant finds for each question on a state; `None` for a follow-up that a model rewrites.

    :raises InputError: If the index does not exist.
    """
    turns = rag.rewrite.max_turns if rag.rewrite.enabled else 0
    by_model = turns > 0 and platform.chat_generator(rag.llm) is not None
    told = [example for example in examples if not (by_model and len(example.messages) > 1)]
    queries = [
        standalone_question(list(example.messages), turns) if turns else example.question.strip() for example in told
    ]
    asked = list(dict.fromkeys(queries))
    found = dict(zip(asked, search(platform, at_state(rag), asked, index_version=state, caller=OPERATOR), strict=True))
    known = {example.id: found[query] for example, query in zip(told, queries, strict=True)}
    return {example.id: known.get(example.id) for example in examples}


def rests_on(reference: Reference, key: DocumentKey) -> bool:
    """Whether a reference lies in a document; one without a source may lie in any of this path."""
    return key[1] == reference.document and reference.source in ("", key[0])


def _why(
    example: Example,
    before: Sequence[Source] | None,
    after: Sequence[Source] | None,
    changed: Collection[DocumentKey],
) -> Why | None:
    if before is None or after is None:
        return "rewritten"
    if any((source.source, source.document) in changed for source in before):
        return "found"
    if any(rests_on(reference, key) for reference in example.references for key in changed):
        return "reference"
    if any((source.source, source.document) in changed for source in after):
        return "outranked"
    return "reordered" if [_place(source) for source in before] != [_place(source) for source in after] else None


def _place(source: Source) -> tuple[str, str, int, int, str]:
    return source.source, source.document, source.start, source.end, source.content
