"""Documents as they are cited."""

from haystack import Document
from hypothesis import given
from hypothesis import strategies as st

from tasks_lib.assistant.contract.sources import source_of

SAID = st.one_of(
    st.none(), st.text(), st.integers(), st.floats(), st.lists(st.text()), st.sampled_from(["de-AT", "EN"])
)


@given(said=SAID)
def test_a_source_tells_its_language_whatever_the_document_calls_one(said: object) -> None:
    found = source_of(Document(content="p", meta={"document": "a.md", "start": 0, "end": 1, "language": said}))
    assert found.language is None or len(found.language) == 2
    if said in ("de-AT", "EN"):
        assert found.language == str(said)[:2].lower()
