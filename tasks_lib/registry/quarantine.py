"""Quarantine: contents of documents that are kept out of an index, and the index as it was without them."""

from collections.abc import Iterable, Mapping

from tasks_lib.assistant.contract.index import Index, contents
from tasks_lib.assistant.contract.states import DocumentKey, IndexStates, QuarantinedDocument
from tasks_lib.errors import InputError


def enforce(index: Index, states: IndexStates) -> list[DocumentKey]:
    """Put the released content in place of everything in the index that is quarantined; what was put back.

    The caller holds the right to write, and has saved `states`: so a run that is killed here is brought to its end by
    the next one. Nothing to do, no commit.
    """
    if states.released is None or not states.quarantine:
        return []
    held, released = contents(index), index.at(states.released)
    wanted = contents(released)
    wrong = [
        each.key
        for each in states.quarantine
        if held.get(each.key) == each.document_hash and wanted.get(each.key) != each.document_hash
    ]
    for source, document in wrong:
        index.replace(source, [document], released.read(source, [document]))
    if wrong:
        index.commit()
    return wrong


def let_in(states: IndexStates, documents: Iterable[str]) -> IndexStates:
    """The states without what is quarantined of `documents`.

    :param documents: Paths, as sources have them.
    :raises InputError: If one of them is not in quarantine.
    """
    known = {each.document for each in states.quarantine}
    wanted = set(documents)
    if unknown := sorted(wanted - known):
        raise InputError(
            f"document {unknown[0]!r} is not in quarantine; there are {', '.join(sorted(known)) or 'none'}",
            hint="Name documents as `llmops status` lists them.",
        )
    return states.model_copy(update={"quarantine": [each for each in states.quarantine if each.document not in wanted]})


def quarantined(
    held: Mapping[DocumentKey, str], keys: Iterable[DocumentKey], like: QuarantinedDocument
) -> dict[DocumentKey, QuarantinedDocument]:
    """What is kept out of `keys`: the content that `held` has of each, or its absence.

    :param like: Since when, by whom and why.
    """
    return {
        key: like.model_copy(update={"source": key[0], "document": key[1], "document_hash": held.get(key)})
        for key in keys
    }
