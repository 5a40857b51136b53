"""What an ingest changed, in the words that lists of runs and the history show."""

from hypothesis import given
from hypothesis import strategies as st

from tasks_lib.ingestion.publish import LONGEST_PATH, NAMED_PATHS, in_words
from tasks_lib.ingestion.result import IngestPlan, IngestResult

PATHS = st.lists(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=300), max_size=12)


def result(**changes: object) -> IngestResult:
    return IngestResult.model_validate({"index": "documents", "index_version": "2", "source": "file:///b", **changes})


def test_documents_are_named() -> None:
    plan = IngestPlan(add=["a.md"], update=["pay.md", "leave.md"], delete=["old.md"])
    assert in_words(result(documents=plan)) == "added a.md; updated pay.md, leave.md; deleted old.md"


def test_a_source_that_is_called_otherwise_or_was_taken_out_is_told() -> None:
    assert in_words(result(renamed_from="file:///a")) == "the source file:///a is called file:///b now"
    assert in_words(result(deleted=7)) == "7 deleted of file:///b"


@given(add=PATHS, update=PATHS, delete=PATHS)
def test_of_many_the_first_are_named_and_the_rest_counted(add: list[str], update: list[str], delete: list[str]) -> None:
    told = in_words(result(documents=IngestPlan(add=add, update=update, delete=delete)))
    assert len(told) <= 3 * NAMED_PATHS * (LONGEST_PATH + 20) + 100
    for change, paths in (("added", add), ("updated", update), ("deleted", delete)):
        if paths:
            assert f"{change} {'…' * (len(paths[0]) > LONGEST_PATH)}{paths[0][-LONGEST_PATH:]}" in told
        if len(paths) > NAMED_PATHS:
            assert f" and {len(paths) - NAMED_PATHS} more" in told
