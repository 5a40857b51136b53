"""The image's recipe, as far as it can be judged without building it."""

import json
import re
import tomllib
from fnmatch import fnmatch
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SECRET = re.compile(r"(?i)(key|token|password|secret)\w*\s*=")


@pytest.fixture(scope="module")
def stages() -> list[list[tuple[str, str]]]:
    """Instructions of each stage, from `FROM` on."""
    text = (ROOT / "Dockerfile").read_text().replace("\\\n", " ")
    lines = [line.split(maxsplit=1) for line in text.splitlines() if line and not line.startswith("#")]
    found: list[list[tuple[str, str]]] = []
    for word, rest in lines:
        if word == "FROM":
            found.append([])
        if found:
            found[-1].append((word, rest))
    return found


def test_the_image_runs_as_nobody_in_particular_and_takes_only_the_environment(
    stages: list[list[tuple[str, str]]],
) -> None:
    last = stages[-1]
    assert dict(last)["USER"].isdigit()
    assert dict(last)["USER"] != "0"
    assert [rest for word, rest in last if word == "COPY"] == ["--from=build /opt/llmops /opt/llmops"]
    assert "/health" in dict(last)["HEALTHCHECK"]


def test_packages_are_those_of_the_lock(stages: list[list[tuple[str, str]]]) -> None:
    installs = [rest for word, rest in stages[0] if word == "RUN" and "uv pip install" in rest]
    assert len(installs) == 1
    assert "--constraint requirements.lock" in installs[0]
    assert "[postgresql]" in installs[0]


def test_what_is_written_lies_in_volumes_that_keep_their_owner(stages: list[list[tuple[str, str]]]) -> None:
    assert json.loads(dict(stages[-1])["VOLUME"]) == ["/data", "/tmp"]


def test_no_secret_is_in_a_layer(stages: list[list[tuple[str, str]]]) -> None:
    settings = [rest for stage in stages for word, rest in stage if word in {"ENV", "ARG"}]
    assert settings
    assert not [rest for rest in settings if SECRET.search(rest)]
    ignored, *allowed = [
        line for line in (ROOT / ".dockerignore").read_text().splitlines() if line and not line.startswith("#")
    ]
    assert ignored == "*"
    assert not any(fnmatch(".env", line.removeprefix("!")) for line in allowed if line.startswith("!"))


def test_the_build_sees_all_that_the_wheel_holds() -> None:
    allowed = {line.removeprefix("!").rstrip("/") for line in (ROOT / ".dockerignore").read_text().splitlines()}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    wheel = project["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert {*wheel["packages"], *wheel["force-include"], "pyproject.toml", "requirements.lock"} <= allowed
    assert {project["project"]["readme"], *project["project"].get("license-files", [])} <= allowed
