"""`llmops serve`: which assistants the endpoint is started with."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from blocks.local import LocalPlatform
from flows.cli import run
from flows.serve import servable, serve_command, served_names
from flows.services.service import endpoint_server
from flows.up import Endpoint
from tasks_lib.assistant.providers.usage import ModelPrice
from tasks_lib.config.settings import Settings
from tasks_lib.errors import ConfigurationError, NotDeployedError, UnknownAssistantError
from tasks_lib.home import Home
from tasks_lib.registry.tracking import connect
from tests.tasks_lib.registry import fakes


def settings_of(*assistants: str) -> Settings:
    return Settings.model_validate({"serve": {"assistants": assistants}})


def models_in(command: list[str]) -> list[str]:
    return [command[at + 1] for at, part in enumerate(command) if part == "--model"]


@pytest.fixture(scope="module")
def deployed(tracked_home: Callable[[Path], Home], tmp_path_factory: pytest.TempPathFactory) -> LocalPlatform:
    """`docs` and `hr` are in production; `it` is registered only; the models of `other` are not there."""
    folder = tmp_path_factory.mktemp("deployed")
    platform = LocalPlatform(tracked_home(folder / "home"))
    client = connect(platform, "rag-assistant")
    for name in ("docs", "hr", "it"):
        fakes.register_fake(platform, folder / name, fakes.GOOD, model=name)
    for name in ("docs", "hr"):
        client.set_registered_model_alias(name, "production", "1")
    return platform


def test_names_are_those_given_each_once_or_the_one_or_all_in_production(deployed: LocalPlatform) -> None:
    assert served_names(settings_of(), deployed) == ("rag-assistant",)
    assert served_names(settings_of("hr", "docs", "hr"), deployed) == ("hr", "docs")
    assert served_names(settings_of("*"), deployed) == ("docs", "hr")
    with pytest.raises(NotDeployedError, match="no assistant is in production"):
        served_names(
            Settings.model_validate({"serve": {"assistants": ["*"]}, "gate": {"aliases": {"production": "x"}}}),
            deployed,
        )


def test_one_that_cannot_answer_is_told_and_stops_no_other(deployed: LocalPlatform) -> None:
    told: list[str] = []
    live = servable(settings_of(), deployed, ["docs", "it", "dosc"], told.append)
    assert [version.uri for version in live] == ["models:/docs/1"]
    assert [line.split(":")[0] for line in told] == [
        "there is no 'production' version of 'it'",
        "there is no assistant 'dosc'; assistants",
    ]
    with pytest.raises(NotDeployedError, match="'it'") as refused:
        servable(settings_of(), deployed, ["it"], told.append)
    assert "--assistant it" in refused.value.hint
    with pytest.raises(UnknownAssistantError, match="no assistant 'dosc'; assistants: docs, hr, it"):
        servable(settings_of(), deployed, ["dosc"], told.append)


def test_models_that_the_platform_lacks_are_told_before_what_is_not_deployed(
    deployed: LocalPlatform, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lacks(*_: Any) -> None:
        raise ConfigurationError("no embedder", hint="")

    monkeypatch.setattr("flows.serve.require_models", lacks)
    with pytest.raises(ConfigurationError, match="no embedder"):
        servable(settings_of(), deployed, ["it", "docs"], print)


def test_the_endpoint_is_started_with_all_of_them() -> None:
    assert models_in(serve_command(settings_of(), ["docs", "hr"])) == ["docs", "hr"]
    assert models_in(endpoint_server(settings_of(), "local", ["docs", "hr"]).command) == ["docs", "hr"]


@pytest.mark.parametrize(
    ("arguments", "models"),
    [
        (["--assistant", "hr", "--assistant", "docs"], ["hr", "docs"]),
        (["--all"], ["docs", "hr"]),
        (["--set", "serve.assistants=[docs]"], ["docs"]),
        (["--set", "serve.assistants=[docs]", "--assistant", "hr"], ["hr"]),
    ],
)
def test_the_command_names_assistants(
    arguments: list[str], models: list[str], deployed: LocalPlatform, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[list[str]] = []

    def replace(_: str, command: list[str], __: dict[str, str]) -> None:
        started.append(command)
        sys.exit()

    monkeypatch.setenv("LLMOPS_HOME", str(deployed.home.root))
    monkeypatch.setattr(os, "execve", replace)
    with pytest.raises(SystemExit):
        run(["serve", *arguments])
    assert [models_in(command) for command in started] == [models]


class Supervisor:
    """Notes what it is to start."""

    def __init__(self) -> None:
        self.started: list[Any] = []
        self.said: list[str] = []
        self.start = self.started.append
        self.say = self.said.append


def test_up_starts_the_endpoint_of_all_once_one_of_them_is_in_production(deployed: LocalPlatform) -> None:
    supervisor: Any = Supervisor()
    waiting = Endpoint(settings_of("it", "dosc"), deployed, supervisor)
    waiting.start_if_live()
    assert (waiting.service, supervisor.started, supervisor.said) == (None, [], [])
    endpoint = Endpoint(settings_of("it", "docs"), deployed, supervisor)
    endpoint.start_if_live()
    endpoint.start_if_live()
    (service,) = supervisor.started
    assert models_in(service.command) == ["it", "docs"]
    assert [line.split(" ", 1)[0] for line in supervisor.said] == ["there", "the"]
    assert supervisor.said[-1].endswith("with models:/docs/1")


@pytest.mark.parametrize("verb", ["serve", "up"])
def test_all_and_some_are_refused(verb: str, home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([verb, "--all", "--assistant", "docs"]) == 2
    assert "--all and --assistant docs exclude each other" in capsys.readouterr().err


def test_a_budget_of_cost_needs_a_price(deployed: LocalPlatform, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings.model_validate({"serve": {"cost_per_month": 20}})
    assert len(servable(settings, deployed, ["docs"], print)) == 1  # extracted answers cost nothing
    command = serve_command(settings, ["docs"])
    assert command[command.index("--month-cost") + 1] == "20.0"
    generator: Any = SimpleNamespace(price=None)
    monkeypatch.setattr(LocalPlatform, "chat_generator", lambda *_: generator)
    with pytest.raises(ConfigurationError, match="serve.cost_per_month=20 cannot be held: 'local/extractive' of"):
        servable(settings, deployed, ["docs"], print)
    generator.price = ModelPrice(input=1)
    assert len(servable(settings, deployed, ["docs"], print)) == 1
