"""Which assistant a request means, for any names and bindings."""

import pytest
from fastapi import HTTPException, Request
from hypothesis import given
from hypothesis import strategies as st

from serving.choice import chosen_name, visible_names

NAMES = ("docs", "hr", "it", "archive")
served = st.lists(st.sampled_from(NAMES), min_size=1, unique=True)
bound = st.none() | st.frozensets(st.sampled_from([*NAMES, "elsewhere"]), min_size=1)
name = st.none() | st.sampled_from([*NAMES, "nobody", ""])


def request_of(binding: frozenset[str] | None) -> Request:
    return Request({"type": "http", "headers": [], "state": {"assistants": binding}})


@given(served, bound, name, name)
def test_a_request_is_answered_by_the_one_it_names_or_by_nobody(
    names: list[str], binding: frozenset[str] | None, by_path: str | None, by_field: str | None
) -> None:
    request = request_of(binding)
    may = [one for one in names if binding is None or one in binding]
    given_ = {one for one in (by_path, by_field) if one is not None}
    meant = given_ or ({may[0]} if len(may) == 1 else set())
    assert visible_names(request, names) == may
    if len(meant) == 1 and meant <= set(may):
        assert {chosen_name(request, names, by_path, by_field)} == meant
        return
    with pytest.raises(HTTPException) as refused:
        chosen_name(request, names, by_path, by_field)
    assert refused.value.status_code == (403 if not may else 404 if len(given_) == 1 else 400)
    hidden = set(names) - set(may) - given_
    assert not any(repr(one) in refused.value.detail for one in hidden)
