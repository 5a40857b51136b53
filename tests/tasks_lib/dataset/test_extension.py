"""More questions for a set: as it was made, behind its own, and none where it was made otherwise."""

from dataclasses import replace
from typing import Any

import pytest

from blocks.local import LocalPlatform
from tasks_lib.config.settings import DatasetConfig, Settings
from tasks_lib.dataset.datasets import Dataset, save
from tasks_lib.dataset.extension import extend
from tasks_lib.dataset.recipe import recipe_of
from tasks_lib.home import Home
from tasks_lib.registry.tracking import connect
from tests.tasks_lib.dataset.generating import LibraryPlatform, generate, pipeline_of

SIZE = 12


@pytest.fixture
def platform(tracked_home: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch, handbook: Any) -> LocalPlatform:
    home: Home = tracked_home(tmp_path / "home")
    monkeypatch.setenv("LLMOPS_HOME", str(home.root))
    return LibraryPlatform(home=home, library=handbook)


@pytest.fixture
def dataset(platform: LocalPlatform, handbook: Any) -> Dataset:
    """A small set as the built-in pipeline makes it."""
    config = DatasetConfig(size=SIZE)
    made = generate(handbook, config)
    recipe = recipe_of(pipeline_of(handbook, config), Settings(dataset=config), handbook.index.name)
    return save(
        connect(platform, "rag-assistant"),
        "questions",
        made.examples,
        index=handbook.index.name,
        index_version=handbook.index.version(),
        origin=recipe.origin,
        seed=recipe.seed,
        pipeline=recipe.pipeline,
    )


def test_new_questions_of_all_kinds_stand_behind_those_that_there_were(
    platform: LocalPlatform, dataset: Dataset
) -> None:
    more = extend(platform, Settings(), dataset, 3 * SIZE)

    assert more.dataset.examples[: len(dataset.examples)] == dataset.examples
    assert (more.dataset.version, len(more.dataset.examples)) == (2, 3 * SIZE)
    assert len({example.id for example in more.dataset.examples}) == 3 * SIZE
    new = more.dataset.examples[len(dataset.examples) :]
    assert {"answerable", "off_topic", "unanswerable"} <= {example.kind for example in new}
    assert more.said == f"{2 * SIZE} more questions were made while it was undecided (questions:2)"


def test_a_set_that_is_as_large_as_wanted_stays_as_it_is(platform: LocalPlatform, dataset: Dataset) -> None:
    more = extend(platform, Settings(), dataset, SIZE)

    assert more.dataset == dataset
    assert more.said.startswith("no more questions were made")


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ({"origin": "import"}, "the set questions:1 was imported; import more"),
        ({"origin": "openai/large"}, "was made with origin 'openai/large', and now it is 'extractive'"),
        ({"seed": 7}, "was made with seed 7, and now it is 0"),
        ({"index": "other__index"}, "was made with index 'other__index'"),
        ({"pipeline": "patterns-0"}, "was made with pipeline 'patterns-0'"),
    ],
)
def test_a_set_that_was_made_otherwise_is_not_added_to(
    platform: LocalPlatform, dataset: Dataset, other: dict[str, Any], said: str
) -> None:
    more = extend(platform, Settings(), replace(dataset, **other), 3 * SIZE)

    assert more.dataset.examples == dataset.examples
    assert said in more.said
