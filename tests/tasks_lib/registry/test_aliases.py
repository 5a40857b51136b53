"""Aliases and registration on a real registry."""

import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mlflow.exceptions import MlflowException

from tasks_lib.config.gate import GateConfig
from tasks_lib.config.load import settings_of
from tasks_lib.config.rag import RagConfig
from tasks_lib.errors import ConfigurationError, InputError
from tasks_lib.home import Home
from tasks_lib.registry import moves
from tasks_lib.registry.aliases import (
    Aliases,
    after_promotion,
    read_aliases,
    rollback_target,
    write_aliases,
)
from tasks_lib.registry.candidate_alias import FORMER_CANDIDATE, name_candidate, names_in_use
from tasks_lib.registry.moves import Move
from tasks_lib.registry.register import tag_version
from tasks_lib.registry.tracking import connect
from tests.tasks_lib.registry import fakes

MODEL = "rag-assistant"
NAMES = GateConfig().aliases
PASSED = {"passed_tests": "true", "beats_threshold": "true"}


@pytest.fixture(scope="module")
def platform(tracked_home: Callable[[Path], Home], tmp_path_factory: pytest.TempPathFactory) -> fakes.FakePlatform:
    """Versions 1 and 2 passed, 3 did not, 4 passed and lost its index."""
    folder = tmp_path_factory.mktemp("aliases")
    place = fakes.FakePlatform(tracked_home(folder / "home"))
    for number, tags in enumerate([PASSED, PASSED, {"passed_tests": "false"}, {**PASSED, "index": "gone"}], start=1):
        assert fakes.register_fake(place, folder / str(number), fakes.GOOD, tags={**tags, "decision": "x"}) == number
    return place


def test_promotion_keeps_what_was_live_as_previous_and_is_undone_exactly(platform: fakes.FakePlatform) -> None:
    client = connect(platform, "rag-assistant")
    empty = read_aliases(client, MODEL, NAMES)
    assert empty == {"previous": None, "production": None}
    write_aliases(client, MODEL, after_promotion(empty, NAMES, 1))
    first = read_aliases(client, MODEL, NAMES)
    write_aliases(client, MODEL, after_promotion(first, NAMES, 2))
    assert read_aliases(client, MODEL, NAMES) == {"previous": 1, "production": 2}
    write_aliases(client, MODEL, first)
    assert read_aliases(client, MODEL, NAMES) == {"previous": None, "production": 1}


def test_promoting_what_is_live_keeps_previous() -> None:
    assert after_promotion({"previous": 1, "production": 2}, NAMES, 2) == {"previous": 1, "production": 2}


@pytest.mark.parametrize(
    ("to", "message"),
    [(1, "in production already"), (3, "cannot go live"), (4, "no longer exists"), (9, "no version 9")],
)
def test_rollback_refuses_what_may_not_go_live(platform: fakes.FakePlatform, to: int, message: str) -> None:
    client = connect(platform, "rag-assistant")
    with pytest.raises(InputError, match=message):
        rollback_target(client, platform, MODEL, {"previous": 2, "production": 1}, NAMES, to)


def test_rollback_goes_to_previous_or_says_that_there_is_none(platform: fakes.FakePlatform) -> None:
    client = connect(platform, "rag-assistant")
    assert rollback_target(client, platform, MODEL, {"previous": 2, "production": 1}, NAMES, None) == 2
    with pytest.raises(InputError, match="no previous version"):
        rollback_target(client, platform, MODEL, {"previous": None, "production": 1}, NAMES, None)


def test_an_interrupted_registration_is_taken_up_again_and_a_decided_one_is_not(
    platform: fakes.FakePlatform, tmp_path: Path
) -> None:
    client = connect(platform, "rag-assistant")
    tags = {"fingerprint": "resumed", "index": RagConfig().index_name}
    number = fakes.register_fake(platform, tmp_path / "a", fakes.GOOD, tags=tags)
    assert fakes.register_fake(platform, tmp_path / "b", fakes.GOOD, tags=tags) == number
    tag_version(client, MODEL, number, {"decision": "reject", "passed_tests": False})
    assert client.get_model_version(MODEL, str(number)).tags["passed_tests"] == "false"
    assert fakes.register_fake(platform, tmp_path / "c", fakes.GOOD, tags=tags) == number + 1


BEFORE: Aliases = {"previous": 2, "production": 1}


@pytest.mark.parametrize("state", [BEFORE, {"previous": 1, "production": 1}, {"previous": 1, "production": 3}])
def test_a_promotion_that_was_interrupted_before_its_smoke_question_is_undone(
    platform: fakes.FakePlatform, state: Aliases
) -> None:
    client = connect(platform, "rag-assistant")
    move = Move(verb="deploy", before=BEFORE, wanted={"previous": 1, "production": 3})
    moves.begin(client, MODEL, move)
    write_aliases(client, MODEL, state)
    assert moves.recover_interrupted_move(client, MODEL, NAMES) is None
    assert read_aliases(client, MODEL, NAMES) == BEFORE
    assert moves.INTENT_TAG not in client.get_registered_model(MODEL).tags


def test_a_promotion_whose_version_is_tagged_and_a_rollback_are_finished(platform: fakes.FakePlatform) -> None:
    client = connect(platform, "rag-assistant")
    wanted: Aliases = {"previous": 1, "production": 2}
    tag_version(client, MODEL, 2, {"decision": "promote"})
    for move in (
        Move(verb="deploy", before=BEFORE, wanted=wanted),
        Move(verb="rollback", before=BEFORE, wanted=wanted),
    ):
        moves.begin(client, MODEL, move)
        write_aliases(client, MODEL, {"previous": 1, "production": 1})
        assert moves.recover_interrupted_move(client, MODEL, NAMES) == move
        assert read_aliases(client, MODEL, NAMES) == wanted
        assert moves.recover_interrupted_move(client, MODEL, NAMES) is None


def test_aliases_that_a_person_moved_after_an_interruption_stay(platform: fakes.FakePlatform) -> None:
    client = connect(platform, "rag-assistant")
    moves.begin(client, MODEL, Move(verb="deploy", before=BEFORE, wanted={"previous": 1, "production": 3}))
    write_aliases(client, MODEL, {"previous": 1, "production": 2})
    assert moves.recover_interrupted_move(client, MODEL, NAMES) is None
    assert read_aliases(client, MODEL, NAMES) == {"previous": 1, "production": 2}


def test_a_registry_that_cannot_be_read_is_not_taken_for_one_without_an_interrupted_move(
    tracked_home: Callable[[Path], Home], tmp_path: Path
) -> None:
    place = fakes.FakePlatform(tracked_home(tmp_path / "home"))
    client = connect(place, "rag-assistant")
    assert moves._interrupted(client, MODEL) is None
    with closing(sqlite3.connect(place.home.mlflow_database)) as connection:
        connection.execute("ALTER TABLE registered_models RENAME TO elsewhere")
    with pytest.raises(MlflowException, match="no such table"):
        moves._interrupted(client, MODEL)


NAME = st.from_regex(r"[a-z][a-z0-9_-]{0,20}", fullmatch=True).filter(
    lambda name: not re.fullmatch(r"latest|v\d+", name)
)
NUMBER = st.integers(1, 2).map(str)


class Registry:
    """Aliases as MLflow keeps them, quick enough for hundreds of examples."""

    def __init__(self, models: dict[str, dict[str, str]]) -> None:
        self.models = models

    def get_registered_model(self, name: str) -> SimpleNamespace:
        return SimpleNamespace(aliases=dict(self.models[name]))

    def set_registered_model_alias(self, name: str, alias: str, version: str) -> None:
        self.models[name][alias] = version

    def delete_registered_model_alias(self, name: str, alias: str) -> None:
        del self.models[name][alias]


@given(registered=st.dictionaries(NAME | st.sampled_from(["candidate", "champion"]), NUMBER, max_size=5), name=NAME)
def test_a_champion_of_an_earlier_release_goes_with_the_first_candidate_and_no_later_one_does(
    registered: dict[str, str], name: str
) -> None:
    client = Registry({"m": dict(registered)})
    name_candidate(client, "m", name, 3)  # type: ignore[arg-type]
    kept = {alias: number for alias, number in registered.items() if name in registered or alias != FORMER_CANDIDATE}
    assert client.models["m"] == {**kept, name: "3"}
    before = {**client.models["m"], FORMER_CANDIDATE: "1"}
    client.models["m"] = dict(before)
    name_candidate(client, "m", name, 4)  # type: ignore[arg-type]
    assert client.models["m"] == {**before, name: "4"}


@given(registered=st.dictionaries(NAME | st.sampled_from(["candidate", "champion"]), NUMBER, max_size=5))
def test_either_name_of_the_candidate_is_read(registered: dict[str, str]) -> None:
    known = names_in_use(registered, NAMES)["candidate"]
    assert known in {"candidate", "champion"}
    assert (known == "champion") == ("champion" in registered and "candidate" not in registered)


def test_a_home_of_an_earlier_release_goes_over_to_the_new_name(
    tracked_home: Callable[[Path], Home], tmp_path: Path
) -> None:
    place = fakes.FakePlatform(tracked_home(tmp_path / "home"))
    client = connect(place, MODEL)
    old = fakes.register_fake(place, tmp_path / "old", fakes.GOOD)
    client.set_registered_model_alias(MODEL, "champion", str(old))
    client.set_registered_model_alias(MODEL, "production", str(old))
    client.delete_registered_model_alias(MODEL, "candidate")
    assert names_in_use(client.models()[MODEL], NAMES)["candidate"] == "champion"
    new = fakes.register_fake(place, tmp_path / "new", fakes.LEAKS)
    assert client.models()[MODEL] == {"candidate": str(new), "production": str(old)}


@pytest.mark.parametrize(
    "aliases",
    [
        {"candidate": "production"},
        {"previous": "candidate"},
        {"candidate": "latest"},
        {"candidate": "v1"},
        {"candidate": "a b"},
    ],
)
def test_aliases_that_mlflow_refuses_or_that_would_make_a_candidate_live_are_refused(aliases: dict[str, str]) -> None:
    with pytest.raises(ConfigurationError, match="gate.aliases"):
        settings_of({"gate": {"aliases": aliases}})


def test_aliases_are_merged_over_the_defaults() -> None:
    assert settings_of({"gate": {"aliases": {"candidate": "champion"}}}).gate.aliases == {
        **NAMES,
        "candidate": "champion",
    }
