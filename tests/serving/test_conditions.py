"""By which metadata a request may choose its passages."""

import pytest
from fastapi import HTTPException
from hypothesis import given
from hypothesis import strategies as st

from serving.conditions import Conditions
from tasks_lib.assistant.retrieval.where import field_of
from tasks_lib.errors import InputError


def test_what_the_operator_allows_is_handed_on_as_it_is() -> None:
    given = ["document=guides/*", "language=de", "document!=guides/old.md"]
    assert Conditions(["document", "language"]).allowed(given) == given
    assert Conditions().allowed(None) == Conditions().allowed([]) == []


@pytest.mark.parametrize("fields", [(), ("language",)])
def test_another_field_is_refused_with_those_that_are_allowed(fields: tuple[str, ...]) -> None:
    with pytest.raises(HTTPException, match="'document'") as caught:
        Conditions(fields).allowed(["language=de", "document=x"] if fields else ["document=x"])
    assert caught.value.status_code == 400
    assert ("language" if fields else "none") in str(caught.value.detail)


@given(st.text(max_size=40), st.sets(st.sampled_from(["document", "language", "page"])))
def test_no_text_passes_that_is_about_another_field(text: str, fields: set[str]) -> None:
    try:
        field = field_of(text)
    except InputError:
        field = ""
    if field in fields:
        assert Conditions(fields).allowed([text]) == [text]
    else:
        with pytest.raises(HTTPException) as caught:
            Conditions(fields).allowed([text])
        assert caught.value.status_code == 400
