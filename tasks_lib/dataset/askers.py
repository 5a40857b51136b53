"""The groups of whoever asks a question of the evaluation set: those that its evidence is open to."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from haystack import Document

from tasks_lib.assistant.contract.access import NOBODY, PUBLIC, Audience, IndexAccess
from tasks_lib.assistant.contract.index import Index, contents
from tasks_lib.dataset.examples import Example


def with_askers(examples: Sequence[Example], index: Index) -> list[Example]:
    """The examples, each asked by somebody who may see its evidence; without those whose evidence nobody may see.

    All turns of a conversation are asked by the same person. Examples without evidence are asked by everybody.
    """
    access = index.access()
    if not access.controlled:
        return [example.model_copy(update={"groups": ()}) if example.groups else example for example in examples]
    audiences: dict[tuple[str, str], Audience] = {}
    for (source, document), digest in contents(index).items():
        audiences[source, document] = access.audience(source, document, digest)
        audiences.setdefault(("", document), audiences[source, document])
    needed: dict[str, set[tuple[str, ...]]] = defaultdict(set)
    for example in examples:
        for reference in example.references:
            needed[example.conversation].update(audiences.get((reference.source, reference.document), ()))
    asked = ((example, asker_of(needed[example.conversation])) for example in examples)
    return [example.model_copy(update={"groups": groups}) for example, groups in asked if groups is not None]


def asker_of(audience: Iterable[tuple[str, ...]]) -> tuple[str, ...] | None:
    """The fewest groups, as far as that is easy, that are let in by each; `None` where nobody is."""
    groups: set[str] = set()
    for let_in in sorted(audience, key=lambda each: (len(each), each)):
        if NOBODY in let_in:
            return None
        if PUBLIC not in let_in and groups.isdisjoint(let_in):
            groups.add(let_in[0])
    return tuple(sorted(groups))


def open_to_somebody(chunks: Iterable[Document], access: IndexAccess) -> list[Document]:
    """The chunks that anybody may see at all."""
    if not access.controlled:
        return list(chunks)

    def closed(chunk: Document) -> bool:
        place = (str(chunk.meta.get(name) or "") for name in ("source", "document", "document_hash"))
        return asker_of(access.audience(*place)) is None

    return [chunk for chunk in chunks if not closed(chunk)]
