"""Marks say of a chunk who may see it: audiences that let in the same callers have one, others have not."""

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from tasks_lib.assistant.contract.access import (
    CLOSED,
    EVERYONE,
    NO_CONTROL,
    OPERATOR,
    Audience,
    DocumentAccess,
    Groups,
    as_groups,
    member_of,
)
from tasks_lib.assistant.stores.weaviate.access import KnownAccess
from tasks_lib.assistant.stores.weaviate.marks import audiences_of, mark_of

NAMES = ["hr", "legal", "it"]
CALLERS = [member_of(names) for size in range(4) for names in combinations(NAMES, size)]
groups = st.lists(st.sampled_from([*NAMES, "public", "nobody"]), max_size=3).map(as_groups)
audiences = st.lists(groups, max_size=2).map(tuple)


@given(first=audiences, second=audiences)
def test_who_has_the_same_mark_sees_the_same(first: Audience, second: Audience) -> None:
    if mark_of(first) == mark_of(second):
        assert [who.sees(first) for who in CALLERS] == [who.sees(second) for who in CALLERS]


def test_everybody_and_nobody_have_names_and_the_order_does_not_matter() -> None:
    assert mark_of(()) == mark_of((EVERYONE,)) == "public"
    assert mark_of((CLOSED, ("hr",))) == mark_of((("hr", "nobody"),)) == "nobody"
    assert mark_of((("hr",), ("legal",))) == mark_of((("legal",), ("hr",), EVERYONE))
    assert mark_of((("hr", "legal"),)) != mark_of((("hr",), ("legal",)))


@given(now=groups, then=groups, digest=st.sampled_from(["h1", "h2", "h3"]))
def test_all_that_a_document_can_be_is_among_the_audiences(now: Groups, then: Groups, digest: str) -> None:
    entry = DocumentAccess(now, "h1", past={"h2": then})
    access = NO_CONTROL.with_sync("s", {"a.md": entry})
    known = KnownAccess(access, audiences=audiences_of(access))
    for document in ("a.md", "unknown.md"):
        audience = access.audience("s", document, digest)
        for who in (*CALLERS, OPERATOR):
            assert (mark_of(audience) in known.marks_for(who)) == who.sees(audience)
