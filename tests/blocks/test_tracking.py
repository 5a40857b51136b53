"""Two platforms in one process: neither takes the other's server, or is shown its credentials."""

import os

import mlflow
import pytest

from blocks.environment import tracking_of_environment
from blocks.local import LocalPlatform
from blocks.tracking import PASSWORD, TOKEN, USERNAME, MLflowTracking
from tasks_lib.home import Home
from tasks_lib.registry.tracking import activate, connect


def test_a_server_is_not_shown_the_credentials_of_the_one_before() -> None:
    MLflowTracking(uri="http://one:5000", token="token-of-one").connect()
    MLflowTracking(uri="http://two:5000").connect()
    assert TOKEN not in os.environ


def test_credentials_of_the_environment_come_back_after_a_block_with_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(TOKEN, "token-of-the-environment")
    MLflowTracking(uri="http://one:5000", username="user", password="secret").connect()
    assert TOKEN not in os.environ
    MLflowTracking(uri="http://two:5000").connect()
    assert os.environ[TOKEN] == "token-of-the-environment"
    assert not {USERNAME, PASSWORD} & os.environ.keys()


def test_pointing_mlflow_at_a_platform_does_not_choose_the_server_of_the_next(home: Home) -> None:
    platform = LocalPlatform(home)
    activate(connect(platform, "rag-assistant"))
    assert mlflow.get_tracking_uri() == platform.tracking_uri()
    assert tracking_of_environment() is None
