"""compose.yaml: what a service names exists. Docker Compose's own schema was checked by hand (infra/README.md)."""

import re
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from flows.cli import VERBS, app

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "compose.yaml").read_text()
EXAMPLE = (ROOT / "infra" / "compose" / "env.example").read_text()
PROJECT: dict[str, Any] = yaml.safe_load(TEXT)
SERVICES: dict[str, dict[str, Any]] = PROJECT["services"]
KEYS = {
    *("build", "image", "user", "command", "environment", "ports", "volumes", "depends_on", "healthcheck", "restart"),
    *("read_only", "tmpfs", "cap_drop", "cap_add", "security_opt", "init", "network_mode", "stop_grace_period"),
}
ONE_SHOT = {"bootstrap", "weaviate-volume"}
PORTS = {"postgres": 5432, "weaviate": 8080, "prefect": 4200, "mlflow": 5000}
FOREIGN = ("LLMOPS_", "HAYSTACK_", "LITELLM_", "WEAVIATE_", "DO_NOT_TRACK")


def parametrized(services: Any = SERVICES) -> Any:
    return pytest.mark.parametrize("name", sorted(services))


@parametrized()
def test_a_service_has_known_keys_and_a_pinned_image(name: str) -> None:
    service = SERVICES[name]
    assert set(service) <= KEYS
    assert re.fullmatch(r"[\w./-]+:\d+(\.\d+)+(-\w+)?", service["image"])


@parametrized()
def test_a_service_is_nobody_in_particular_and_can_do_little(name: str) -> None:
    service = SERVICES[name]
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]
    if name == "weaviate-volume":  # gives the volume away, without a network
        assert (service["cap_add"], service["network_mode"]) == (["CHOWN"], "none")
        return
    assert service["user"].split(":")[0] not in {"0", "root"}
    assert service["read_only"] is True
    assert "cap_add" not in service


@parametrized()
def test_a_service_waits_for_what_tells_that_it_is_ready(name: str) -> None:
    for other, rule in SERVICES[name].get("depends_on", {}).items():
        wanted = "service_completed_successfully" if other in ONE_SHOT else "service_healthy"
        assert rule == {"condition": wanted}
    health = SERVICES[name].get("healthcheck")
    assert (name in ONE_SHOT) is (health in (None, {"disable": True}))


@parametrized()
def test_volumes_and_files_exist(name: str) -> None:
    for volume in SERVICES[name].get("volumes", ()):
        source = volume.split(":")[0]
        assert (ROOT / source).is_file() if source.startswith(".") else source in PROJECT["volumes"]


@parametrized(sorted(set(SERVICES) - ONE_SHOT))
def test_only_loopback_reaches_a_published_port(name: str) -> None:
    assert all(port.startswith("127.0.0.1:") for port in SERVICES[name].get("ports", ()))


@parametrized()
def test_variables_are_known_and_addresses_name_a_service_with_its_port(name: str) -> None:
    from mlflow import environment_variables
    from prefect.settings import Settings
    from prefect.settings.legacy import _get_settings_fields

    prefect, needed = _get_settings_fields(Settings), set(SERVICES[name].get("depends_on", {}))
    if "bootstrap" in needed:
        needed |= set(SERVICES["bootstrap"]["depends_on"])
    for variable, value in SERVICES[name].get("environment", {}).items():
        if variable.startswith("PREFECT_") and name != "postgres":
            assert variable in prefect
        elif variable.startswith("MLFLOW_") and name != "postgres":
            assert hasattr(environment_variables, variable) or variable in mlflow_variables()
        elif name not in {"postgres", "weaviate"}:
            assert variable.startswith(FOREIGN)
        address = urlsplit(value if "://" in value else "")
        if address.hostname and address.hostname != "127.0.0.1":
            assert (address.hostname, address.port) in PORTS.items()
            assert address.hostname in needed


def mlflow_variables() -> set[str]:
    """What `mlflow server` reads."""
    from mlflow.cli import cli

    named = [option.envvar for option in cli.commands["server"].params]
    return {variable for each in named for variable in ([each] if isinstance(each, str) else each or [])}


@parametrized([name for name, service in SERVICES.items() if "build" in service])
def test_a_command_of_ours_is_understood(name: str) -> None:
    words = SERVICES[name]["command"]
    lines = [words] if words[0] != "sh" else [line.split() for line in words[2].split(" && ")]
    for command, *arguments in lines:
        if command == "llmops":
            assert arguments[0] in VERBS
            app.parse_args(arguments, exit_on_error=False, print_error=False)
        elif command == "mlflow":
            from mlflow.cli import cli

            options = {option for parameter in cli.commands[arguments[0]].params for option in parameter.opts}
            assert {word for word in arguments if word.startswith("--")} <= options
        elif command == "prefect":
            from prefect.cli._app import _app

            _app.parse_args(arguments, exit_on_error=False, print_error=False)
        else:
            assert (command, arguments[0]) == ("python", "-c")
    port = dict(pairwise(words)).get("--port")
    assert port is None or int(port) == PORTS[name]


def test_every_secret_comes_from_the_file_that_is_not_committed() -> None:
    used = set(re.findall(r"\$\{(\w+)", TEXT))
    given = dict(line.split("=", 1) for line in EXAMPLE.splitlines() if line and not line.startswith("#"))
    assert used == set(given)
    assert all(re.fullmatch(r"<.+>", value) for value in given.values())
    secret = re.compile(r"(PASSWORD|KEY|KEYS|SECRET|TOKEN)$")
    values = [
        value
        for service in SERVICES.values()
        for name, value in service.get("environment", {}).items()
        if secret.search(name)
    ]
    assert values
    assert all(value.startswith("${") for value in values)
    assert ".env" in (ROOT / ".gitignore").read_text().splitlines()
