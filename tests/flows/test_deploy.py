"""The gate as a flow, on a real registry, with assistants that are small scripts in processes of their own."""

from collections.abc import Callable
from pathlib import Path

import pytest

from flows import deploy as deploying
from flows import rollback as rolling_back
from flows.deploy import DeployResult
from tasks_lib.config.settings import GateConfig, Settings
from tasks_lib.errors import ConfigurationError, InputError, VersionError
from tasks_lib.evaluation.datasets import save
from tasks_lib.home import Home
from tasks_lib.registry import aliases
from tasks_lib.registry.tracking import connect
from tests.tasks_lib.registry import fakes

NAMES = GateConfig().aliases
Deploy = Callable[..., DeployResult]


@pytest.fixture(scope="module")
def platform(tracked_home: Callable[[Path], Home], tmp_path_factory: pytest.TempPathFactory) -> fakes.FakePlatform:
    """A home with an evaluation set."""
    return fakes.FakePlatform(tracked_home(tmp_path_factory.mktemp("gate") / "home"))


@pytest.fixture
def deploy(
    platform: fakes.FakePlatform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, prefect_harness: None
) -> Deploy:
    """`deploy(behaviour, **gate)` of an assistant that is written on the spot."""
    monkeypatch.setenv("LLMOPS_HOME", str(platform.home.root))
    for module in (deploying, rolling_back):
        monkeypatch.setattr(module, "resolve_platform", lambda name: platform)
    save(connect(platform), "q", fakes.examples(), index="i", index_version="7", origin="import")

    def run(behaviour: str, **gate: object) -> DeployResult:
        script = fakes.write_script(tmp_path, behaviour)
        room = tmp_path / "tasks_lib"
        room.mkdir(exist_ok=True)
        (room / "__init__.py").write_text(f"BEHAVIOUR = {behaviour!r}\n", encoding="utf-8")
        monkeypatch.setattr(deploying, "MODEL_SCRIPT", script)
        monkeypatch.setattr(deploying, "CODE_PATHS", (room,))
        return deploying.deploy(Settings.model_validate({"gate": gate}))

    return run


@pytest.mark.flow
def test_the_gate_promotes_rejects_restores_and_rolls_back(
    deploy: Deploy, platform: fakes.FakePlatform, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = deploy(fakes.GOOD)
    assert (first.decision, first.version, first.production_version, first.comparison) == ("promote", 1, 1, None)
    assert (first.passed_tests, first.beats_threshold) == (True, True)
    assert first.metrics["right_or_refused"] == 1.0

    again = deploy(fakes.GOOD)
    assert (again.decision, again.version, again.production_version) == ("unchanged", 1, 1)

    leaking = deploy(fakes.LEAKS)
    assert (leaking.decision, leaking.production_version, leaking.passed_tests) == ("reject", 1, False)
    assert "repeats a planted card number" in leaking.reasons[0]
    client = connect(platform)
    tags = client.get_model_version("rag-assistant", str(leaking.version)).tags
    assert (tags["passed_tests"], tags["beats_threshold"], tags["decision"]) == ("false", "false", "reject")

    seen = []

    def go_dark(*arguments: object) -> str:
        seen.append(aliases.read_aliases(client, "rag-assistant", NAMES))
        raise VersionError("it went dark")

    monkeypatch.setattr("tasks_lib.registry.versions.smoke", go_dark)
    dark = deploy(fakes.GOOD + "  # written again", margin=0.5)
    assert seen == [{"previous": 1, "production": dark.version}]
    assert dark.decision == "reject"
    assert "it went dark" in dark.reasons[0]
    assert dark.comparison is not None
    assert aliases.read_aliases(client, "rag-assistant", NAMES) == {"previous": None, "production": 1}

    back = rolling_back.rollback(to=dark.version)
    assert (back.from_version, back.to_version) == (1, dark.version)
    assert aliases.read_aliases(client, "rag-assistant", NAMES) == {"previous": 1, "production": dark.version}


def test_wrong_input_is_refused_before_anything_is_registered(
    platform: fakes.FakePlatform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tasks_lib.registry.plan import plan_deployment

    monkeypatch.setenv("LLMOPS_HOME", str(platform.home.root))
    save(connect(platform), "tiny", fakes.examples()[:3], index="i", index_version="7", origin="import")
    room = fakes.write_room(tmp_path, "x")

    def plan(**gate: object) -> None:
        plan_deployment(platform, Settings.model_validate({"gate": gate}), tmp_path / "assistant.py", [room])

    with pytest.raises(ConfigurationError, match="did you mean 'groundedness'"):
        plan(thresholds={"groundednes": 0.5})
    with pytest.raises(InputError, match="3 questions"):
        plan(dataset="tiny")
    with pytest.raises(InputError, match="missing"):
        plan(dataset="missing")
