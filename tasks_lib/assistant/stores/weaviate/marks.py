"""Marks of audiences: what a chunk on Weaviate carries to say who may see it, and what its tenant is called."""

import json
from collections.abc import Iterable
from hashlib import blake2b

from tasks_lib.assistant.contract.access import CLOSED, NOBODY, PUBLIC, Audience, IndexAccess

Audiences = dict[str, Audience]
"""Mark → audience."""


def mark_of(audience: Audience) -> str:
    """`public`, `nobody`, or a digest of the groups; of all audiences that let in the same callers, one.

    A tenant can be called so: letters and digits, at most 32.
    """
    asked = {groups for groups in audience if NOBODY in groups or PUBLIC not in groups}
    if not asked:
        return PUBLIC
    if any(NOBODY in groups for groups in asked):
        return NOBODY
    return blake2b(json.dumps(sorted(asked)).encode(), digest_size=16).hexdigest()


def audiences_of(access: IndexAccess) -> Audiences:
    """Every audience that content of an index can have, present and past."""
    return {mark_of(audience): audience for audience in _audiences(access)}


def _audiences(access: IndexAccess) -> Iterable[Audience]:
    yield ()
    if access.controlled:
        yield (CLOSED,)
    for entry in access.documents.values():
        yield (entry.groups,)
        yield from ((entry.groups, then) for then in entry.past.values())
