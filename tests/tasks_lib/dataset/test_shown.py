"""Questions of a set as people look at them."""

from typing import Any

import pytest

from tasks_lib.dataset.datasets import Dataset
from tasks_lib.dataset.examples import Example, Reference, example_of
from tasks_lib.dataset.shown import show
from tasks_lib.errors import InputError

REFERENCE = Reference(document="leave/annual.md", start=0, end=9, content="ten days.")


def dataset_of(*examples: Example) -> Dataset:
    known: dict[str, Any] = {"digest": "", "index": "", "index_version": None, "origin": "", "seed": 0, "run_id": ""}
    return Dataset(name="questions", version=2, examples=examples, **known)


SET = dataset_of(
    example_of("answerable", "How many days do interns get?", "ten days", [REFERENCE], made_by="sentence"),
    example_of("answerable", "What is S2?", "Severe", [REFERENCE.model_copy(update={"document": "it.md"})]),
    example_of("off_topic", "How do I tune a ukulele?"),
)


@pytest.mark.parametrize(
    ("filters", "shown"),
    [
        ((), 3),
        (("kind=off_topic",), 1),
        (("made_by=sentence",), 1),
        (("document=leave/",), 1),
        (("kind=answerable", "document=it"), 1),
        (("INTERNS",), 1),
        (("text=ten days",), 2),
    ],
)
def test_filters_narrow_what_is_shown(filters: tuple[str, ...], shown: int) -> None:
    result = show(SET, filters)

    assert (result.examples, result.shown, len(result.questions)) == (3, shown, shown)


def test_an_unknown_filter_and_one_that_nothing_passes_say_what_there_is() -> None:
    with pytest.raises(InputError, match="unknown filter 'colour'"):
        show(SET, ["colour=blue"])
    with pytest.raises(InputError, match="no question of questions:2") as caught:
        show(SET, ["kind=follow_up"])
    assert "answerable, off_topic" in caught.value.hint


def test_an_example_without_a_maker_keeps_the_row_of_older_sets() -> None:
    assert "made_by" not in example_of("off_topic", "How do I tune a ukulele?").row()
    assert SET.examples[0].row()["made_by"] == "sentence"
