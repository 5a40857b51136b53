"""A team's own package, installed beside ours: metrics, a validator, components and a provider, without a fork."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from mlflow.artifacts import download_artifacts
from pydantic import ValidationError

from blocks.local import LocalPlatform
from blocks.resolve import resolve_platform
from flows.deploy import CODE_PATHS, MODEL_SCRIPT
from flows.doctor import _check, _plugins
from flows.ingest import synchronise
from tasks_lib.assistant.contract.answer import Message, Source
from tasks_lib.assistant.contract.documents import DocumentLocation
from tasks_lib.assistant.guardrails.build import build_guardrails
from tasks_lib.assistant.retrieval.search import search
from tasks_lib.config.ingest import IngestConfig
from tasks_lib.config.load import load_settings
from tasks_lib.config.rag import RagConfig
from tasks_lib.config.requirements import requirements_of
from tasks_lib.config.settings import Settings
from tasks_lib.dataset.examples import Example
from tasks_lib.dataset.similarity import Similarity
from tasks_lib.errors import ConfigurationError, InputError, PluginError
from tasks_lib.gate.answer_metrics import Row
from tasks_lib.gate.scorers import all_metrics, direction, plugin_metrics, require_known, title_of
from tasks_lib.home import Home
from tasks_lib.ingestion.result import IngestResult
from tasks_lib.ingestion.sources.open import open_source
from tasks_lib.plugins import plugins, require_installed
from tasks_lib.registry.fingerprint import fingerprint
from tasks_lib.registry.process import VersionProcess
from tasks_lib.registry.register import CandidateVersion, register
from tasks_lib.registry.tracking import connect, run_of
from tests.stubs.openai_api import OpenAIStub

PACKAGE = Path(__file__).parent / "acme_llmops"
QUESTION = "How many days of annual leave do full-time employees get?"


@pytest.fixture(scope="module")
def acme(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The package, built and installed into a folder that is on the path of this process and of those it starts."""
    folder = tmp_path_factory.mktemp("acme")
    shutil.copytree(PACKAGE, folder / "source")
    install = [Path(sys.executable).with_name("uv"), "pip", "install", "--offline", "--no-deps", "--no-build-isolation"]
    subprocess.run(
        [*install, "--quiet", "--python", sys.executable, "--target", folder / "site", folder / "source"], check=True
    )
    with pytest.MonkeyPatch.context() as patch:
        put_on_path(patch, folder / "site")
        yield folder / "site"
    forget()


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Makes a package that brings one part."""

    def make(name: str, kind: str, part: str, code: str) -> None:
        information = tmp_path / f"{name}-0.1.dist-info"
        information.mkdir()
        (tmp_path / f"{name}.py").write_text(code)
        (information / "METADATA").write_text(f"Metadata-Version: 2.4\nName: {name}\nVersion: 0.1\n")
        (information / "entry_points.txt").write_text(f"[llmops_flows.{kind}]\n{part} = {name}:part\n")
        put_on_path(monkeypatch, tmp_path)
        monkeypatch.delitem(sys.modules, name, raising=False)

    yield make
    forget()


def put_on_path(patch: pytest.MonkeyPatch, folder: Path) -> None:
    patch.syspath_prepend(folder)
    patch.setenv("PYTHONPATH", str(folder))
    forget()


def forget() -> None:
    plugins.cache_clear()
    plugin_metrics.cache_clear()


def rag_of(**keys: Any) -> RagConfig:
    """A configuration whose own guardrails are switched off: quick to build."""
    names = ("personal_data", "secrets", "injection", "topics", "grounding", "length", "output_schema")
    off: dict[str, Any] = {name: {"enabled": False} for name in names}
    return RagConfig.model_validate({**keys, "guardrails": off | keys.get("guardrails", {})})


COUNTER = """
from haystack import component

@component
class part:
    @component.output_types(count=int)
    def run(self, text: str):
        return {"count": len(text)}
"""
HOUSE_WORDS = {"validators": {"house_words": {"options": {"words": ["leave"]}, "on_output": "mask"}}}


def test_metrics_of_a_package_score_every_row(acme: Path) -> None:
    example = Example(id="1", kind="answerable", messages=[Message(role="user", content=QUESTION)], answer="27 days")
    similarity = Similarity(LocalPlatform().embedder(RagConfig().embedder))

    def score(payload: dict[str, Any]) -> dict[str, float | None]:
        row = Row.of(example, payload, similarity)
        return {name: metric.function(row) for name, metric in all_metrics().items()}

    found = score({"response": "It is 27 days."})
    assert (found["words"], found["short_enough"]) == (4.0, 1.0)
    assert score({"error": "x"})["words"] is None


def test_thresholds_may_name_them_and_know_which_way_is_good(acme: Path) -> None:
    require_known(["words", "short_enough"], "gate.thresholds")
    assert (direction("words"), direction("short_enough")) == ("ceiling", "floor")
    assert title_of("words") == "Words of an answer"
    with pytest.raises(ConfigurationError, match="did you mean 'short_enough'"):
        require_known(["short_enuf"], "gate.thresholds")


def test_a_validator_without_an_action_is_refused() -> None:
    with pytest.raises(ValidationError, match="needs on_input, on_output or on_passages"):
        rag_of(guardrails={"validators": {"house_words": {}}})
    switched_off = rag_of(guardrails={"validators": {"house_words": {"enabled": False}}})
    assert not switched_off.guardrails.validators["house_words"].enabled


def test_a_validator_of_a_package_finds_and_the_configuration_decides(acme: Path) -> None:
    embedder = LocalPlatform().embedder(RagConfig().embedder)
    validators = {"house_words": {"options": {"words": ["cheap"]}, "on_input": "refuse", "on_output": "mask"}}
    validators["house_words"]["message"] = "Not in this house."
    guardrails = build_guardrails(rag_of(guardrails={"validators": validators}).guardrails, embedder)
    assert guardrails.check_output("A cheap hotel.").text == "A <HOUSE_WORD> hotel."
    refused = guardrails.check_input([Message(role="user", content="Which hotel is CHEAP?")])
    assert (refused.action, refused.message) == ("refuse", "Not in this house.")
    assert guardrails.check_input([Message(role="user", content="Which hotel is good?")]).action == "allow"


def test_a_guardrails_validator_is_named_like_any_other(acme: Path) -> None:
    validators = {
        "no_prices": {"options": {"currencies": "€"}, "on_output": "mask", "on_passages": "mask"},
        "guardrails/profanity_free": {"on_input": "refuse"},
    }
    embedder = LocalPlatform().embedder(RagConfig().embedder)
    guardrails = build_guardrails(rag_of(guardrails={"validators": validators}).guardrails, embedder)

    answer = guardrails.check_output("Leave costs €1,500 or $2.")
    assert answer.text == "Leave costs <NO_PRICES> or $2."
    assert [(h.validator, h.kind, h.start, h.end) for h in answer.hits] == [("no_prices", "NO_PRICES", 12, 18)]
    sources = [Source(document="a.md", start=0, end=9, score=1.0, content=c) for c in ("It is €9.", "It is free.")]
    assert [source.content for source in guardrails.check_passages(sources).sources] == ["It is ███", "It is free."]
    turns = [Message(role="user", content=content) for content in ("Is it free?", "You fucking idiot")]
    refused = guardrails.check_input(turns)
    assert (refused.action, [(h.kind, h.message) for h in refused.hits]) == ("refuse", [("PROFANITY_FREE", 1)])
    assert guardrails.check_input(turns[:1]).action == "allow"


@pytest.mark.parametrize(
    ("name", "options", "words"),
    [
        ("guardrails/profanity_fee", {}, "the package 'guardrails-ai-profanity-fee' is not installed"),
        ("acme/profanity_free", {}, "registers no validator 'acme/profanity_free'"),
        ("no_prices", {"currency": "€"}, "cannot be made with options {'currency': '€'}"),
    ],
)
def test_a_guardrails_validator_that_does_not_fit_is_named(
    acme: Path, name: str, options: dict[str, Any], words: str
) -> None:
    config = rag_of(guardrails={"validators": {name: {"options": options, "on_input": "refuse"}}}).guardrails
    with pytest.raises((ConfigurationError, PluginError)) as caught:
        build_guardrails(config, LocalPlatform().embedder(RagConfig().embedder))
    assert words in caught.value.message


NEEDY = """
from guardrails import Validator, register_validator

@register_validator(name="test/needy", data_type="string")
class part(Validator):
    required_metadata_keys = ["query_function"]
"""
CRASHING = """
from guardrails import Validator, register_validator

@register_validator(name="test/crashing", data_type="string")
class part(Validator):
    def _validate(self, value, metadata):
        raise ValueError(value)
"""


def test_a_guardrails_validator_that_needs_other_metadata_is_refused(package: Callable[..., None]) -> None:
    package("needy_llmops", "validators", "needy", NEEDY)
    config = rag_of(guardrails={"validators": {"needy": {"on_output": "mask"}}}).guardrails
    with pytest.raises(PluginError, match=r"needy_llmops 0\.1.*requires the metadata query_function"):
        build_guardrails(config, LocalPlatform().embedder(RagConfig().embedder))


def test_a_guardrails_validator_that_raises_fails_closed(
    package: Callable[..., None], caplog: pytest.LogCaptureFixture
) -> None:
    package("crashing_llmops", "validators", "crashing", CRASHING)
    config = rag_of(guardrails={"validators": {"crashing": {"on_output": "allow-and-log"}}}).guardrails
    guardrails = build_guardrails(config, LocalPlatform().embedder(RagConfig().embedder))
    assert guardrails.check_output("my secret").action == "refuse"
    assert "crashing (validator of crashing_llmops 0.1) failed with ValueError" in caplog.text
    assert "my secret" not in caplog.text


def test_a_version_needs_the_package_of_its_guardrails_validator(acme: Path) -> None:
    rag = rag_of(guardrails={"validators": {"guardrails/profanity_free": {"on_input": "refuse"}}})
    assert "guardrails-ai-profanity-free==0.1.0" in requirements_of(rag)


@pytest.fixture(scope="module")
def leave(tracked_home: Callable[[Path], Home], tmp_path_factory: pytest.TempPathFactory) -> LocalPlatform:
    """The local platform with the handbook's page on leave."""
    platform = LocalPlatform(tracked_home(tmp_path_factory.mktemp("plugins") / "home"))
    synchronise(platform, Settings(ingest=IngestConfig(include=("leave/annual-leave.md",))))
    return platform


def test_a_ranker_and_a_retriever_of_a_package_shape_what_is_found(acme: Path, leave: LocalPlatform) -> None:
    notices = {"name": "notices", "options": {"notices": {"carrying": "Days are carried over until the end of March."}}}
    query = "How does carrying over unused days work?"
    plain, with_notice, ranked = (
        search(leave, rag_of(retriever={"top_k": 20, "components": parts}), [query])[0]
        for parts in ([], [notices], [notices, {"name": "title_first", "options": {"shortest": 5}}])
    )
    assert {source.document for source in plain} == {"leave/annual-leave.md"}
    assert "carrying" in {source.document for source in with_notice[:2]}
    assert {source.content for source in ranked} == {source.content for source in with_notice}
    headed = ["carrying" in (source.heading or "").lower() for source in ranked]
    assert headed == sorted(headed, reverse=True)


@pytest.mark.parametrize(
    ("override", "words"),
    [
        ("guardrails.validators.house_wrods={on_input: refuse}", "did you mean 'house_words'"),
        ("guardrails.validators.house_words={on_inptu: refuse}", "unknown key"),
        ("retriever.components=[{name: title_frist}]", "did you mean 'title_first'"),
    ],
)
def test_unknown_names_are_refused_with_the_nearest(acme: Path, override: str, words: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load_settings(overrides=[override])
    assert words in f"{caught.value.message} {caught.value.hint}"


def test_another_version_of_the_package_is_another_candidate(acme: Path) -> None:
    rag = rag_of(guardrails=HOUSE_WORDS)
    before = fingerprint(rag, [])
    information = next(acme.glob("*.dist-info")) / "METADATA"
    text = information.read_text()
    try:
        information.write_text(text.replace("Version: 1.2.0", "Version: 1.3.0"))
        forget()
        assert fingerprint(rag, []) != before
    finally:
        information.write_text(text)
        forget()


@pytest.mark.slow
def test_a_version_brings_the_name_of_its_package_and_runs_with_it(
    acme: Path, leave: LocalPlatform, monkeypatch: pytest.MonkeyPatch
) -> None:
    rag = rag_of(guardrails=HOUSE_WORDS, retriever={"components": [{"name": "title_first"}]})
    tags = dict.fromkeys(("fingerprint", "index", "index_version", "dataset"), "x")
    client = connect(leave, "rag-assistant")
    version = str(leave.index(rag).version())
    with run_of(client, "deploy", {}):
        number = register(client, CandidateVersion("acme", rag, version, MODEL_SCRIPT, CODE_PATHS, tags), "candidate")
    needed = download_artifacts(f"models:/acme/{number}/requirements.txt")
    assert "acme-llmops==1.2.0" in Path(needed).read_text().splitlines()
    monkeypatch.setenv("LLMOPS_HOME", str(leave.home.root))
    place = {"platform_name": "local", "tracking_uri": leave.tracking_uri(), "version": "1", "index": rag.index_name}
    place |= {"assistant": "acme", "experiment_id": client.experiment_id}
    with VersionProcess(f"models:/acme/{number}", controlled=lambda: False, **place) as running:
        answer = running.ask([{"role": "user", "content": QUESTION}], 60).answer
    assert "27 days" in answer["response"]
    assert "<HOUSE_WORD>" in answer["response"]
    assert [hit["validator"] for hit in answer["guardrails"] if hit["action"] == "mask"] == ["house_words"]


def test_a_version_does_not_run_without_its_package(acme: Path) -> None:
    assert require_installed(["acme-llmops==1.2.0"]) == {}
    assert require_installed(["acme-llmops==1.1.0"]) == {"acme-llmops==1.1.0": "1.2.0"}
    with pytest.raises(PluginError, match=r"registered with acme-other==1\.0, which this environment lacks") as caught:
        require_installed(["acme-llmops==1.2.0", "acme-other==1.0"])
    assert "pip install acme-other==1.0" in caught.value.hint


def test_a_provider_of_a_package_is_a_block_like_ours(acme: Path, prefect_harness: None) -> None:
    from acme_llmops.providers import AcmeGateway

    from blocks.collection import register_blocks
    from blocks.llmops_platform import LLMOpsPlatform

    assert "acme-gateway" in register_blocks()
    with OpenAIStub() as stub:
        AcmeGateway(base_url=stub.url, team="handbook").save("prod", overwrite=True)
        LLMOpsPlatform(providers=["acme-gateway/prod"]).save("acme", overwrite=True)
        llm = Settings.model_validate({"llm": {"model": "acme/stub-chat"}}).llm
        generator = resolve_platform("acme").chat_generator(llm)
        assert generator is not None
        generator.run(messages="What is a notice period?")
        assert stub.bodies("chat")[0]["user"] == "handbook"


def test_a_package_that_cannot_be_imported_is_named(package: Callable[..., None]) -> None:
    package("broken_llmops", "metrics", "tone", "import a_module_that_is_missing")
    with pytest.raises(PluginError, match=r"tone \(metric of broken_llmops 0\.1\) cannot be imported.*a_module_that"):
        plugin_metrics()


@pytest.mark.parametrize(
    ("body", "words"), [("1 / 0", "failed: ZeroDivisionError"), ("float('nan')", "gave nan"), ("'good'", "ValueError")]
)
def test_a_metric_that_fails_on_a_row_is_named_with_its_package(
    package: Callable[..., None], body: str, words: str
) -> None:
    package("bad_llmops", "metrics", "tone", f"def part(row):\n    return {body}")
    with pytest.raises(PluginError, match=r"tone \(metric of bad_llmops 0\.1\)") as caught:
        plugin_metrics()["tone"].function(None)  # type: ignore[arg-type]
    assert words in caught.value.message


def test_a_metric_must_not_bear_the_name_of_one_of_ours(package: Callable[..., None]) -> None:
    package("greedy_llmops", "metrics", "groundedness", "def part(row):\n    return 1.0")
    with pytest.raises(PluginError, match="greedy_llmops 0.1.*name of a metric of ours"):
        plugin_metrics()


def test_two_packages_with_the_same_name_are_both_named(package: Callable[..., None]) -> None:
    package("first_llmops", "components", "rank", "part = 1")
    package("second_llmops", "components", "rank", "part = 1")
    with pytest.raises(PluginError, match="first_llmops.*second_llmops|second_llmops.*first_llmops"):
        plugins("components")


def test_a_source_of_a_package_is_kept_in_sync_by_its_scheme(acme: Path, home: Home, tmp_path: Path) -> None:
    file = tmp_path / "faq.jsonl"
    entries = [
        {"id": "leave", "question": "How many days of leave?", "answer": "It is 27 days.", "readers": ["staff"]},
        {"id": "pay", "question": "When is payday?", "answer": "On the 25th."},
    ]

    def ingested() -> IngestResult:
        file.write_text("\n".join(json.dumps(entry) for entry in entries))
        config = IngestConfig(source=f"questions://{file}", allow_mass_delete=True)
        return synchronise(LocalPlatform(home), Settings(ingest=config))

    first = ingested()
    assert (first.added, first.failed, first.source) == (2, [], f"questions://{file}")
    assert ingested().unchanged == 2
    del entries[1]
    assert ingested().deleted == 1
    opened = open_source(DocumentLocation(f"questions://{file}"))
    assert [(each.path, each.readers) for each in opened.files()] == [("leave.md", ("staff",))]
    file.unlink()
    with pytest.raises(InputError, match=r"questions://.* cannot be listed"):
        list(opened.files())


@pytest.mark.parametrize(
    ("scheme", "code", "words"),
    [
        ("https", "part = print", "takes a scheme of ours"),
        ("board", "def part(location, suffixes):\n    1 / 0", r"cannot open 'board://x': ZeroDivisionError"),
        ("board", "def part(location, suffixes):\n    return object()", "without uri, former, files"),
    ],
)
def test_a_source_that_does_not_fit_is_named_with_its_package(
    package: Callable[..., None], scheme: str, code: str, words: str
) -> None:
    package("bad_llmops", "sources", scheme, code)
    with pytest.raises(PluginError, match=rf"{scheme} \(source of bad_llmops 0\.1\).*{words}"):
        open_source(DocumentLocation("board://x"))


def test_doctor_has_a_row_for_each_of_two_that_bear_one_name_and_says_so(package: Callable[..., None]) -> None:
    package("first_llmops", "metrics", "tone", "def part(row):\n    return 1.0")
    package("second_llmops", "metrics", "tone", "import a_module_that_is_missing")
    rows = {check.name: check for check in (_check(LocalPlatform(), *part) for part in _plugins().items())}
    assert rows["plug-in tone (metric of first_llmops 0.1)"].ok
    assert "a_module_that" in rows["plug-in tone (metric of second_llmops 0.1)"].detail
    assert re.search(r"called 'tone': (first|second)_llmops 0\.1 and ", rows["plug-ins"].detail)


def test_doctor_finds_an_entry_point_group_that_nothing_reads(package: Callable[..., None]) -> None:
    package("hasty_llmops", "metric", "tone", "def part(row):\n    return 1.0")
    with pytest.raises(PluginError, match=r"hasty_llmops 0\.1 names 'tone'.*did you mean 'llmops_flows\.metrics'"):
        _plugins()["plug-ins"]()


def test_a_validator_that_raises_fails_closed_and_the_log_names_its_package(
    package: Callable[..., None], caplog: pytest.LogCaptureFixture
) -> None:
    code = "class part:\n    def find(self, text, context):\n        raise ValueError(text)"
    package("loud_llmops", "validators", "loud", code)
    config = rag_of(guardrails={"validators": {"loud": {"on_input": "mask"}}}).guardrails
    guardrails = build_guardrails(config, LocalPlatform().embedder(RagConfig().embedder))
    assert guardrails.check_input([Message(role="user", content="my secret")]).action == "refuse"
    assert "loud (validator of loud_llmops 0.1) failed with ValueError" in caplog.text
    assert "my secret" not in caplog.text


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("def part():\n    return 1", "is no Haystack component"),
        ("def part(wrong):\n    return 1", "cannot be made with options {}"),
        (COUNTER, "must take `query`, `documents` or `query_embedding`, and give `documents`"),
    ],
)
def test_a_component_that_does_not_fit_is_named(
    package: Callable[..., None], leave: LocalPlatform, code: str, words: str
) -> None:
    package("odd_llmops", "components", "odd", code)
    with pytest.raises(PluginError, match="odd_llmops 0.1") as caught:
        search(leave, rag_of(retriever={"components": [{"name": "odd"}]}), [QUESTION])
    assert words in caught.value.message
