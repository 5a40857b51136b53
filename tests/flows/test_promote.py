"""`llmops promote`: a version goes from one registry to another with what belongs to it, through the gate there."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from mlflow.artifacts import download_artifacts, load_text

from blocks.local import LocalPlatform
from flows import promote as promoting
from flows.cli import run
from flows.promote import PromoteResult
from tasks_lib.config.rag import RagConfig
from tasks_lib.config.settings import Settings
from tasks_lib.dataset.datasets import load, save
from tasks_lib.errors import ConfigurationError, InputError, LlmopsError
from tasks_lib.gate import tasks
from tasks_lib.gate.copied import COPIED_TAG, plan_copy
from tasks_lib.home import Home
from tasks_lib.registry import aliases, register
from tasks_lib.registry.aliases import read_aliases
from tasks_lib.registry.live import read_version
from tasks_lib.registry.register import CandidateVersion, tag_version, versions_with
from tasks_lib.registry.tracking import activate, connect, last_runs, run_of
from tests.tasks_lib.registry import fakes

MODEL = "rag-assistant"
QUESTIONS = (*fakes.examples()[:12], *fakes.examples()[18:21], fakes.examples()[-1])
"""Of production: twelve with answers, three without, one off topic."""
GATE = {"minimum_questions": len(QUESTIONS), "thresholds": {"retrieval_recall": 0.2}}
NAMES = {"candidate": "candidate", "production": "production", "previous": "previous"}
PROMPT = "{{ question }} {% for document in documents %}{{ document.content }}{% endfor %}"
PASSED = {"passed_tests": True, "beats_threshold": True, "decision": "promote"}


@dataclass(frozen=True)
class Environments:
    """Two platforms, each with a registry of its own."""

    staging: fakes.FakePlatform
    production: fakes.FakePlatform
    folder: Path

    def stage(self, behaviour: str, *, prompt: dict[str, object] | None = None, passed: bool = True) -> int:
        """A version in production of staging, that went through the gate there."""
        client = connect(self.staging, MODEL)
        number = len(list(self.folder.glob("staged*")))
        made_of = self.folder / f"staged{number}"
        rag = RagConfig.model_validate({"prompt": prompt} if prompt else {})
        room = fakes.write_room(made_of, f"staged{number}")
        tags = {"fingerprint": f"f{number}", "index": rag.index_name, "index_version": "3", "dataset": "of-staging:1"}
        script = fakes.write_script(made_of, behaviour)
        with run_of(client, "deploy") as active:
            candidate = CandidateVersion(MODEL, rag, "3", script, (room,), {**tags, "git_sha": "abc"})
            version = register.register(client, candidate, "candidate")
            client.log_text(active.info.run_id, "# The report of staging", "report.md")
        tag_version(client, MODEL, version, PASSED if passed else {**PASSED, "beats_threshold": False})
        client.set_registered_model_alias(MODEL, "production", str(version))
        return version

    def aliases(self) -> aliases.Aliases:
        return read_aliases(connect(self.production, MODEL), MODEL, NAMES)


@pytest.fixture
def environments(tracked_home: Callable[[Path], Home], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Environments:
    found = Environments(
        fakes.FakePlatform(tracked_home(tmp_path / "staging"), "staging"),
        fakes.FakePlatform(tracked_home(tmp_path / "production"), "production"),
        tmp_path,
    )
    monkeypatch.setenv("LLMOPS_HOME", str(tmp_path / "home"))
    use(monkeypatch, found)
    save(
        connect(found.staging, MODEL), "of-staging", fakes.examples()[:3], index="", index_version="3", origin="import"
    )
    save(connect(found.production, MODEL), "of-production", QUESTIONS, index="", index_version="7", origin="import")
    return found


def use(monkeypatch: pytest.MonkeyPatch, found: Environments) -> None:
    by_name = {"staging": found.staging, "production": found.production, "local": LocalPlatform(found.staging.home)}
    monkeypatch.setattr(promoting, "resolve_platform", by_name.__getitem__)


def promote(**given: object) -> PromoteResult:
    settings = Settings.model_validate({"gate": GATE})
    return promoting.promote(**{"settings": settings, **given})  # type: ignore[arg-type]


@pytest.mark.flow
def test_a_version_goes_live_elsewhere_with_its_code_prompt_questions_and_report(
    environments: Environments, prefect_harness: None
) -> None:
    staging, production = (connect(place, MODEL) for place in (environments.staging, environments.production))
    connect(environments.staging, MODEL)
    staging.register_prompt("house", PROMPT)
    environments.stage(fakes.KNOWS_SIX)
    number = environments.stage(fakes.GOOD, prompt={"name": "house", "version": 1})
    connect(environments.production, MODEL)
    production.register_prompt("house", "Production's own first: {{ question }} {{ documents }}")

    found = promote()
    assert (found.decision, found.version, found.production_version) == ("promote", 1, 1)
    assert (found.from_platform, found.from_version, found.to_platform) == ("staging", number, "production")
    assert found.missing == []
    live = read_version(production.get_model_version(MODEL, "1"))
    assert (live.rag.prompt.name, live.rag.prompt.version) == ("house", 2)
    assert production.load_prompt("prompts:/house/2").template == PROMPT
    assert live.index_version == "7"  # production's own state
    assert live.tags[COPIED_TAG] == "staging, version 2"
    assert live.tags["git_sha"] == "abc"
    assert live.tags["dataset"] == "of-production:1"
    carried = Path(download_artifacts("models:/rag-assistant/1"))
    assert 'WHO = "staged1"' in (carried / "code" / "tasks_lib" / "__init__.py").read_text()
    brought = f"runs:/{found.run_id}/origin"
    assert load_text(f"{brought}/report.md") == "# The report of staging"
    assert len(load_text(f"{brought}/questions.jsonl").splitlines()) == 3
    assert json.loads(load_text(f"{brought}/version.json"))["platform"] == "staging"
    assert load(production).reference == "of-production:1"  # what staging asked is no set of production
    run_tags = last_runs(production, "deploy")[0].data.tags
    assert run_tags["llmops.reason"] == "promoted from staging, version 2"

    again = promote()
    assert (again.decision, again.version, again.production_version) == ("unchanged", 1, 1)
    assert environments.aliases() == {"previous": None, "production": 1}

    environments.stage(fakes.KNOWS_SIX)
    worse = promote()
    assert (worse.decision, worse.from_version, worse.production_version) != ("promote", 3, worse.version)
    assert environments.aliases() == {"previous": None, "production": 1}
    assert worse.comparison is not None
    assert worse.comparison.losses == 6


@pytest.mark.flow
def test_a_copy_that_is_killed_moves_nothing_and_is_repeated(
    environments: Environments, prefect_harness: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    environments.stage(fakes.GOOD)
    few = promote(settings=Settings.model_validate({"gate": {**GATE, "minimum_questions": 100}}))
    assert (few.decision, few.version, few.from_version) == ("undecided", None, 1)
    assert "`--first` lets the thresholds alone decide" in few.reasons[-1]

    class KilledError(BaseException):
        pass

    def killed(*arguments: object, **named: object) -> None:
        raise KilledError

    with monkeypatch.context() as patch:
        patch.setattr(tasks.versions, "ask_versions", killed)
        with pytest.raises(KilledError):
            promote()
    production = connect(environments.production, MODEL)
    assert environments.aliases() == {"previous": None, "production": None}
    with monkeypatch.context() as patch:
        patch.setattr(register, "name_candidate", killed)  # the copy is whole, and nothing names it
        with pytest.raises(KilledError):
            promote()
    found = promote()
    assert (found.decision, found.version) == ("promote", 1)  # the copy that was there is taken up again
    assert list(versions_with(production, MODEL, {})) == [1]


def refused(error: type[LlmopsError], text: str, **given: object) -> LlmopsError:
    with pytest.raises(error, match=text) as raised:
        promoting.promote.fn(
            **{"from_platform": "staging", "to_platform": "production", "settings": Settings(), **given}
        )
    assert "\n" not in raised.value.message
    assert raised.value.hint
    return raised.value


def test_what_is_wrong_by_hand_is_told_and_nothing_is_written(
    environments: Environments, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused(InputError, "on platform 'staging', 'rag-assistant' has no version 'production'; versions: none")
    passed = environments.stage(fakes.GOOD)
    failed = environments.stage(fakes.GOOD, passed=False)
    refused(InputError, "same platform 'production'", from_platform="production")
    twin = refused(
        InputError, "'local' and 'staging' have the same registry", from_platform="local", to_platform="staging"
    )
    assert "tracking" in twin.hint
    refused(InputError, f"on platform 'staging', version {failed} of .* cannot go live: beats_threshold not true")
    refused(InputError, "has no version 'canary'; versions: 1, 2; aliases: candidate, production", version="canary")
    refused(LlmopsError, "on platform 'staging', there is no assistant 'staff'", assistant="staff")
    settings = Settings.model_validate({"retriever": {"top_k": 3}})
    refused(ConfigurationError, "retriever given together", settings=settings, version=str(passed))

    with monkeypatch.context() as patch:
        use(patch, replace(environments, production=replace(environments.production, existing=("other",))))
        told = refused(InputError, "platform 'production' has no index .*; it has: other", version="1")
    assert told.hint.startswith(
        "Make it with `llmops ingest --platform production --set collection=documents --set embedder="
    )

    class WithoutModels(fakes.FakePlatform):
        def chat_generator(self, llm: object) -> None:
            raise ConfigurationError("platform 'production' cannot supply llm.model 'x/y'", hint="Add a block.")

    with monkeypatch.context() as patch:
        use(patch, replace(environments, production=WithoutModels(environments.production.home, "production")))
        refused(ConfigurationError, "platform 'production' cannot supply llm.model 'x/y'", version="1")

    settings = Settings.model_validate({"gate": {"dataset": "none-such"}})
    told = refused(
        InputError,
        "platform 'production' has no questions to measure by: .*'none-such'",
        settings=settings,
        version="1",
    )
    assert "llmops dataset --platform production" in told.hint
    production = connect(environments.production, MODEL)
    assert list(versions_with(production, MODEL, {})) == []
    assert last_runs(production, "deploy") == []
    assert sorted(versions_with(connect(environments.staging, MODEL), MODEL, {})) == [1, 2]


def test_what_the_source_does_not_have_any_more_is_told(environments: Environments) -> None:
    number = environments.stage(fakes.GOOD)
    client = connect(environments.staging, MODEL)
    client.set_model_version_tag(MODEL, str(number), "dataset", "gone:4")
    activate(client)
    folder = environments.folder / "fetched"
    folder.mkdir()
    copied = promoting._fetched(environments.staging, environments.production, Settings(), "production", folder)
    assert copied.missing == ("the questions gone:4",)


def test_an_estimate_leaves_the_prompt_where_it_is(environments: Environments) -> None:
    connect(environments.staging, MODEL).register_prompt("house", PROMPT)
    environments.stage(fakes.GOOD, prompt={"name": "house", "version": 1})
    folder = environments.folder / "fetched"
    folder.mkdir()
    copied = promoting._fetched(environments.staging, environments.production, Settings(), "production", folder)
    production = connect(environments.production, MODEL)
    prompt = {"name": "house", "version": 1}
    for estimate, known in ((True, False), (False, True)):
        settings = Settings.model_validate({"prompt": prompt, "gate": {**GATE, "estimate": estimate}})
        plan = plan_copy(environments.production, settings, copied)
        assert plan.candidate.rag.prompt.template == (PROMPT if estimate else None)
        assert (production.load_prompt("prompts:/house/1", allow_missing=True) is not None) is known


def test_the_command_takes_two_platforms_and_no_third(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["promote", "--from", "a", "--to", "a", "--platform", "b", "--json"]) == 2
    assert "Name them with --from and --to." in capsys.readouterr().out
    assert run(["promote", "--from", "a", "--json"]) == 2
    assert "--to" in capsys.readouterr().out
