"""The grid of `tune` and its front."""

from tasks_lib.config.rag import RagConfig
from tasks_lib.evaluation.trials import Trial, front, grid


def trial(primary: float, seconds: float, cost: float | None = None) -> Trial:
    return Trial(mode="hybrid", top_k=5, primary=primary, latency_seconds=seconds, cost=cost, failed=0)


def test_the_front_keeps_what_nothing_else_beats() -> None:
    best, quick, beaten = trial(0.9, 0.4), trial(0.8, 0.1), trial(0.8, 0.5)
    assert front([beaten, quick, best]) == [best, quick]


def test_a_cheaper_configuration_stays_on_the_front() -> None:
    assert len(front([trial(0.9, 0.4, 0.02), trial(0.9, 0.4, 0.01)])) == 1
    assert len(front([trial(0.9, 0.4, 0.02), trial(0.8, 0.4, 0.01)])) == 2


def test_the_grid_starts_with_the_configuration_itself_and_repeats_none() -> None:
    tried = list(grid(RagConfig()))
    assert tried[0] == RagConfig()
    assert len({rag.model_dump_json() for rag in tried}) == len(tried) == 9
