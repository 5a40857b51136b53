"""The grid of `tune` and its front."""

from pathlib import Path

import pytest

from tasks_lib.config.rag import RagConfig
from tasks_lib.config.settings import TuneConfig
from tasks_lib.errors import ConfigurationError, InputError
from tasks_lib.gate.trials import Trial, front, grid, labels, require_indexes
from tasks_lib.home import Home
from tests.tasks_lib.registry import fakes


def trial(primary: float, seconds: float, cost: float | None = None) -> Trial:
    return Trial(**labels(RagConfig()), primary=primary, latency_seconds=seconds, cost=cost, failed=0)


def test_the_front_keeps_what_nothing_else_beats() -> None:
    best, quick, beaten = trial(0.9, 0.4), trial(0.8, 0.1), trial(0.8, 0.5)
    assert front([beaten, quick, best]) == [best, quick]


def test_a_cheaper_configuration_stays_on_the_front() -> None:
    assert len(front([trial(0.9, 0.4, 0.02), trial(0.9, 0.4, 0.01)])) == 1
    assert len(front([trial(0.9, 0.4, 0.02), trial(0.8, 0.4, 0.01)])) == 2


def test_the_grid_starts_with_the_configuration_itself_and_repeats_none() -> None:
    tried = grid(RagConfig(), TuneConfig())
    assert tried[0] == RagConfig()
    assert len({rag.model_dump_json() for rag in tried}) == len(tried) == 12


def test_the_grid_combines_chunkings_prompts_and_models_and_prompts_only_where_they_are_read() -> None:
    tune = TuneConfig.model_validate(
        {
            "chunkings": [{"tokens": 100}, {"tokens": 200}],
            "modes": ["vector"],
            "passages": [5],
            "prompts": [{"name": "qa", "version": 1}, {"name": "qa", "version": 2}],
            "models": ["local/extractive", "stub/chat"],
        }
    )
    tried = [tuple(labels(rag).values()) for rag in grid(RagConfig(), tune)[1:]]
    assert len(tried) == len(set(tried)) == 6
    assert ("structure 100-0", "vector", "–", 5, "stub/chat", "qa/2") in tried
    assert ("structure 200-0", "vector", "–", 5, "local/extractive", "built-in") in tried


def test_a_grid_that_is_too_large_or_not_ingested_is_refused_before_anything_is_tried(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"12 configurations; tune.maximum is 5"):
        grid(RagConfig(), TuneConfig(maximum=5))
    tried = grid(RagConfig(), TuneConfig.model_validate({"chunkings": [{"tokens": 77}]}))
    with pytest.raises(InputError, match=r"chunking.tokens=77"):
        require_indexes(fakes.FakePlatform(Home(tmp_path)), tried)
