"""Whatever is done with three assistants in whatever order, each sees its own, and an index goes when nobody needs it.

Random sequences of ingest, dataset, deploy, ask, monitor, rollback and drop, against a model. Registry, index, embedder
and traces are real, versions answer in processes of their own. Of `deploy` only the evaluation is left out: candidates
are registered as it registers them, and promoted by its moves. ``LLMOPS_PROPERTY_EXAMPLES=50`` tries more sequences.
"""

import itertools
import json
import os
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from blocks.local import LocalPlatform
from flows.ask import ask, search
from flows.dataset import dataset
from flows.indexes import drop_index, list_indexes
from flows.ingest import synchronise
from flows.rollback import rollback
from tasks_lib.config.gate import GateConfig
from tasks_lib.config.ingest import IngestConfig
from tasks_lib.config.monitor import MonitorConfig
from tasks_lib.config.rag import IndexConfig
from tasks_lib.config.settings import DatasetConfig, Settings
from tasks_lib.dataset.datasets import load
from tasks_lib.errors import InputError, NotDeployedError
from tasks_lib.gate.plan import plan_deployment
from tasks_lib.gate.tasks import register_candidate
from tasks_lib.home import Home
from tasks_lib.ingestion.publish import log_run
from tasks_lib.monitoring import record
from tasks_lib.monitoring import tasks as monitoring
from tasks_lib.monitoring.window import past_windows
from tasks_lib.registry import aliases, moves
from tasks_lib.registry.agreement import require_production
from tasks_lib.registry.live import find_live
from tasks_lib.registry.register import tag_version
from tasks_lib.registry.tracking import activate, connect, last_runs, run_of
from tests.tasks_lib.registry import fakes

EXAMPLES = int(os.environ.get("LLMOPS_PROPERTY_EXAMPLES", "0")) or 6
STEPS = 9
NAMES = ("docs", "staff", "it")
ROLES = GateConfig().aliases
VERBS = ("ask", "ingest", "make_dataset", "deploy", "monitor", "roll_back", "drop")
ENOUGH = 2
"""Traces of a window that is closed."""
ANSWERS = """
def behave(question):
    source = {{"document": "a.md", "start": 0, "end": 4, "score": 1.0, "content": "{who}"}}
    return {{"response": "{who}", "source_documents": [source], "refused": False, "guardrails": [],
        "usage": {{"input_tokens": 1, "output_tokens": 1, "cost": None}}, "refusal_reason": "", "model": "fake"}}
"""


@dataclass
class Expected:
    """What one assistant must see."""

    collection: str
    runs: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    sets: list[tuple[str, str]] = field(default_factory=list)
    """Question and index of each version of its evaluation set."""
    versions: list[str] = field(default_factory=list)
    """Index of each version."""
    aliases: dict[str, int] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    """What it answered, since the beginning."""
    waiting: int = 0
    """Answers that no closed window holds."""

    @property
    def known(self) -> bool:
        return any(self.runs.values()) or bool(self.versions)


class Assistants(RuleBasedStateMachine):
    """Three names; two may share their documents."""

    platform: LocalPlatform
    folder: Path
    numbers: Iterator[int]

    @initialize(shared=st.booleans(), begun=st.tuples(*[st.sampled_from([3, 3, 2, 1, 0])] * len(NAMES)))
    def name_them(self, shared: bool, begun: tuple[int, ...]) -> None:
        """Some are in production already, some have only begun: ten steps alone seldom lead that far."""
        self.expected = {name: Expected("docs" if shared and name == "it" else name) for name in NAMES}
        self.documents: dict[str, dict[str, str]] = {}
        for name, stage in zip(NAMES, begun, strict=True):
            for step in [lambda name: self.ingest(name, "a.md"), self.make_dataset, self.deploy][:stage]:
                step(name)

    @rule(verb=st.sampled_from(VERBS), name=st.sampled_from(NAMES), other=st.booleans())
    def step(self, verb: str, name: str, other: bool) -> None:
        """One rule for all, of which Hypothesis leaves none out."""
        if verb == "ingest":
            self.ingest(name, "b.md" if other else "a.md")
        elif verb == "drop":
            self.drop(name, force=other)
        else:
            getattr(self, verb)(name)

    def ingest(self, name: str, document: str) -> None:
        expected, index = self.expected[name], self.index_of(name)
        held = self.documents.setdefault(index, {})
        held[document] = f"Rule {next(self.numbers)} of {expected.collection} {document}."
        source = self.folder / f"documents-{expected.collection}"
        source.mkdir(exist_ok=True)
        for path in ("a.md", "b.md"):
            (source / path).unlink(missing_ok=True)
        for path, text in held.items():
            (source / path).write_text(text, encoding="utf-8")
        result = synchronise(self.platform, self.settings(name, ingest=IngestConfig(source=str(source))))
        log_run(result, self.platform, name)
        assert (result.index, result.chunks) == (index, len(held))
        expected.runs["ingest"] += 1

    def make_dataset(self, name: str) -> None:
        expected, question = self.expected[name], f"What is said to {name} in {next(self.numbers)}?"
        if not expected.known and self.index_of(name) not in self.documents:
            with pytest.raises(InputError, match=f"there is no assistant '{name}'"):
                dataset.fn(self.settings(name))
            return
        file = self.folder / "questions.jsonl"
        rows = [
            {"question": question, "kind": "unanswerable"},
            {"question": f"{question} Really?", "kind": "off_topic"},
        ]
        file.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
        made = dataset.fn(self.settings(name, dataset=DatasetConfig(import_file=str(file))))
        expected.sets.append((question, self.index_of(name)))
        expected.runs["dataset"] += 1
        assert (made.version, made.index) == (len(expected.sets), self.index_of(name))

    def deploy(self, name: str) -> None:
        expected = self.expected[name]
        if not expected.sets or self.index_of(name) not in self.documents:
            with pytest.raises(InputError):
                self.plan(name)
            return
        plan = self.plan(name)
        assert plan.production_version == expected.aliases.get("production")
        assert plan.dataset.examples[0].question == expected.sets[-1][0]
        client = connect(self.platform, name)
        activate(client)
        with run_of(client, "deploy"):
            number = register_candidate.fn(self.platform, plan.candidate, ROLES["candidate"])
            with moves.alias_lock(name):
                before = aliases.read_aliases(client, name, ROLES)
                wanted = aliases.after_promotion(before, ROLES, number)
                moves.begin(client, name, moves.Move(verb="deploy", before=before, wanted=wanted))
                passed = {"passed_tests": True, "beats_threshold": True, "decision": "promote"}
                tag_version(client, name, number, passed)
                moves.finish(client, name)
        expected.versions.append(self.index_of(name))
        assert number == len(expected.versions)
        if live := expected.aliases.get("production"):
            expected.aliases["previous"] = live
        expected.aliases |= {"production": number, ROLES["candidate"]: number}
        expected.runs["deploy"] += 1

    def ask(self, name: str) -> None:
        expected = self.expected[name]
        live = expected.aliases.get("production")
        if live is None or self.index_of(name) not in self.documents:
            refused = (InputError, NotDeployedError) if expected.known else InputError
            with pytest.raises(refused):
                ask("Who are you?", self.settings(name))
            return
        answer = ask("Who are you?", self.settings(name))
        assert (answer.response, answer.model_uri) == (f"{name} v{live}", f"models:/{name}/{live}")
        expected.asked.append(answer.response)
        expected.waiting += 1

    def monitor(self, name: str) -> None:
        expected = self.expected[name]
        if not expected.known:
            with pytest.raises(InputError, match=f"there is no assistant '{name}'"):
                self.monitored(name)
            return
        result = self.monitored(name)
        assert result.traces == expected.waiting
        expected.runs["monitor"] += 1
        if expected.waiting >= ENOUGH:
            expected.waiting = 0

    def roll_back(self, name: str) -> None:
        held = self.expected[name].aliases
        if "previous" not in held or self.index_of(name) not in self.documents:
            with pytest.raises((InputError, NotDeployedError)):
                rollback.fn(self.settings(name))
            return
        result = rollback.fn(self.settings(name))
        assert (result.model, result.from_version, result.to_version) == (name, held["production"], held["previous"])
        held["production"], held["previous"] = held["previous"], held["production"]
        self.expected[name].runs["rollback"] += 1

    def drop(self, name: str, *, force: bool) -> None:
        index = self.index_of(name)
        missing, needed = index not in self.documents, bool(self.needs(index))
        if missing or (needed and not force):
            with pytest.raises(InputError, match="there is no index" if missing else "is needed by"):
                drop_index(index, Settings(), "local")
            return
        assert drop_index(index, Settings(), "local", force=force, consent=lambda _: True).dropped == index
        del self.documents[index]

    @invariant()
    def each_sees_its_own(self) -> None:
        known = {name for name, expected in self.expected.items() if expected.known}
        for name, expected in self.expected.items():
            client = connect(self.platform, name)
            assert set(client.assistants()) == known
            for verb in ("ingest", "dataset", "deploy", "monitor", "rollback"):
                assert len(last_runs(client, verb, limit=100)) == expected.runs[verb], (name, verb)
            self.sees_its_questions(name)
            live = find_live(client, name, ROLES["production"])
            assert (live.version if live else None) == expected.aliases.get("production")
            assert sorted(self.answers(name)) == sorted(expected.asked)
            assert len(past_windows(client)) == expected.runs["monitor"]
            self.finds_its_documents(name)

    @invariant()
    def the_list_tells_who_needs_what(self) -> None:
        rows = {row.name: row for row in list_indexes(Settings(), "local").indexes}
        assert set(rows) == set(self.documents)
        for index, row in rows.items():
            assert set(row.needs) == self.needs(index)

    def sees_its_questions(self, name: str) -> None:
        client, sets = connect(self.platform, name), self.expected[name].sets
        if not sets:
            with pytest.raises(InputError, match="no dataset"):
                load(client)
            return
        newest = load(client)
        assert (newest.version, newest.examples[0].question) == (len(sets), sets[-1][0])

    def finds_its_documents(self, name: str) -> None:
        held = self.documents.get(self.index_of(name))
        if not self.expected[name].known or held is None:
            with pytest.raises(InputError):
                list(search(["What is the rule?"], None, self.settings(name)))
            return
        (found,) = search(["What is the rule?"], None, self.settings(name))
        assert {result["content"] for result in found["results"]} == set(held.values())

    def needs(self, index: str) -> set[str]:
        found = set()
        for name, expected in self.expected.items():
            if expected.sets and expected.sets[-1][1] == index:
                found.add(f"evaluation set questions:{len(expected.sets)} of {name}")
            for alias, number in expected.aliases.items():
                if expected.versions[number - 1] == index:
                    found.add(f"{alias} of {name} (version {number})")
        return found

    def index_of(self, name: str) -> str:
        return self.settings(name).index_name

    def settings(self, name: str, **sections: Any) -> Settings:
        given = {} if self.expected[name].collection == name else {"collection": self.expected[name].collection}
        given |= {"gate": GateConfig(minimum_questions=2), "monitor": MonitorConfig(minimum_traces=ENOUGH)}
        return Settings(assistant=name, index=IndexConfig(follow="latest"), **given, **sections)

    def plan(self, name: str) -> Any:
        number = len(self.expected[name].versions) + 1
        folder = self.folder / f"{name}-{next(self.numbers)}"
        script = fakes.write_script(folder, ANSWERS.format(who=f"{name} v{number}"))
        return plan_deployment(self.platform, self.settings(name), script, [fakes.write_room(folder, folder.name)])

    def answers(self, name: str) -> list[str]:
        client = connect(self.platform, name)
        if client.known_experiment_id is None:
            return []
        found = client.search_traces(locations=[client.experiment_id], max_results=100)
        return [trace.data.spans[0].outputs["response"] for trace in found]

    def monitored(self, name: str) -> Any:
        given = self.settings(name)
        require_production(self.platform, given)
        window = monitoring.open_window.fn(self.platform, given)
        traffic = monitoring.read_traces.fn(self.platform, window, given)
        scores = monitoring.score_traces.fn(self.platform, traffic, given)
        analysis = monitoring.compare_window.fn(self.platform, window, traffic, scores, given)
        return monitoring.record_window.fn(self.platform, window, analysis, given, 0.0)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_each_of_three_assistants_sees_its_own(
    tracked_home: Callable[[Path], Home],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    prefect_harness: None,
) -> None:
    monkeypatch.setattr(record, "evidently_snapshot", lambda *_: None)
    homes = itertools.count()

    class Machine(Assistants):
        def __init__(self) -> None:
            super().__init__()
            self.folder = tmp_path / str(next(homes))
            self.platform = LocalPlatform(tracked_home(self.folder / "home"))
            self.numbers = itertools.count(1)
            monkeypatch.setenv("LLMOPS_HOME", str(self.platform.home.root))

    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            phases=[Phase.generate],  # ten steps are read as they are: making them fewer takes minutes
            derandomize="LLMOPS_PROPERTY_EXAMPLES" not in os.environ,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
