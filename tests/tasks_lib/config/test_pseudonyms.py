"""What callers are called on traces."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tasks_lib.config.api_keys import ApiKey
from tasks_lib.config.pseudonyms import SECRET_VARIABLE, pseudonyms
from tasks_lib.errors import ConfigurationError
from tasks_lib.home import Home


def test_a_caller_keeps_its_pseudonym_and_another_home_has_others(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    first = pseudonyms(home, {}).of("key alice")
    assert pseudonyms(home, {}).of("key alice") == first
    assert pseudonyms(home, {}).of("key bob") != first
    assert pseudonyms(Home(tmp_path / "other"), {}).of("key alice") != first
    assert stat.S_IMODE(home.pseudonym_secret.stat().st_mode) == 0o600
    assert [path.name for path in home.root.iterdir()] == [home.pseudonym_secret.name]


def test_processes_that_make_the_secret_at_once_agree(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    with ThreadPoolExecutor(8) as threads:
        assert len(set(threads.map(lambda _: pseudonyms(home, {}).of("key alice"), range(16)))) == 1


def test_replicas_share_the_secret_of_their_environment(tmp_path: Path) -> None:
    given = {SECRET_VARIABLE: "s" * 32}
    homes = [Home(tmp_path / name) for name in ("one", "two")]
    assert len({pseudonyms(home, given).of("key alice") for home in homes}) == 1
    with pytest.raises(ConfigurationError, match=f"{SECRET_VARIABLE} has 5 bytes") as caught:
        pseudonyms(homes[0], {SECRET_VARIABLE: "short"})
    assert "short" not in str(caught.value)


def test_a_person_and_a_key_of_one_name_are_two() -> None:
    assert ApiKey("ada").identity != ApiKey("ada", subject="https://login.example ada").identity
