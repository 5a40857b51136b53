"""`llmops diff`: what of configuration, prompt, code, documents, questions and figures is another one."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import mlflow
import pytest

from blocks.local import LocalPlatform
from flows.cli import run
from flows.diff import DiffResult, diff
from flows.ingest import synchronise
from tasks_lib.assistant.contract.answer import Message
from tasks_lib.config.rag import RagConfig
from tasks_lib.config.settings import Settings
from tasks_lib.dataset.datasets import save
from tasks_lib.dataset.examples import Example
from tasks_lib.errors import InputError, UnknownAssistantError
from tasks_lib.home import Home
from tasks_lib.registry.register import CandidateVersion, register
from tasks_lib.registry.tracking import activate, connect
from tasks_lib.registry.version_code import LONGEST, code_changes, text_changes
from tests.stubs.tracking import point_mlflow_at
from tests.tasks_lib.registry import fakes

INLINE = "{{ question }} {% for document in documents %}{{ document.content }}{% endfor %}"


def question(name: str, text: str) -> Example:
    return Example(id=name, messages=(Message(role="user", content=text),), answer="27 days")


@pytest.fixture(scope="module")
def platform(tracked_home: Callable[[Path], Home], tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalPlatform]:
    """Version 1 is in production; version 2 has another configuration, prompt, code, documents and questions."""
    root = tmp_path_factory.mktemp("diff")
    before = mlflow.get_tracking_uri()
    with pytest.MonkeyPatch.context() as patch:
        home = tracked_home(root / "home")
        patch.setenv("LLMOPS_HOME", str(home.root))
        write(LocalPlatform(home), root)
        yield LocalPlatform(home)
    point_mlflow_at(before)


def write(platform: LocalPlatform, root: Path) -> None:
    documents = root / "documents"
    documents.mkdir()
    settings = Settings.model_validate({"ingest": {"source": str(documents)}})
    texts = [{"leave.md": "27 days.", "old.md": "It goes."}, {"leave.md": "28 days.", "new.md": "It comes."}]
    asked = [
        [question("a", "How long is leave?"), question("b", "Who goes?")],
        [question("a", "How long is annual leave?"), question("c", "Who comes?")],
    ]
    rags = [{}, {"retriever": {"top_k": 9}, "prompt": {"template": INLINE}}]
    client = connect(platform, "rag-assistant")
    for number in range(2):
        for file in documents.iterdir():
            file.unlink()
        for name, text in texts[number].items():
            (documents / name).write_text(f"# Title\n\n{text}\n")
        synchronise(platform, settings)
        index = platform.index(settings.rag)
        state = str(index.version())
        dataset = save(client, "questions", asked[number], index=index.name, index_version=state, origin="import")
        folder = root / str(number)
        room = fakes.write_room(folder, "first" if number == 0 else "second")
        (room / "text").mkdir()  # a version carries no other folder of these
        (room / "text" / ("gone.py" if number == 0 else "come.py")).write_text("A = 1\n")
        (room / "text" / "weights.npy").write_bytes(b"\x93\xff" + bytes([number]))
        tags = {"fingerprint": str(number), "index": index.name, "index_version": state, "dataset": dataset.reference}
        script = fakes.write_script(folder, fakes.GOOD, streams=False)
        activate(client)
        with mlflow.start_run():
            version = register(
                client,
                CandidateVersion("rag-assistant", RagConfig.model_validate(rags[number]), state, script, (room,), tags),
                "candidate",
            )
            mlflow.log_metrics({"right_or_refused": 0.8 + number / 10, "system/cpu": 1.0})
        if number == 0:
            client.set_registered_model_alias("rag-assistant", "production", str(version))


def compared(before: str, after: str) -> DiffResult:
    return diff(before, after, Settings())


@pytest.mark.usefixtures("platform")
def test_every_part_that_is_another_one_is_told() -> None:
    found = compared("production", "candidate")
    assert (found.before.version, found.after.version) == (1, 2)
    assert [(each.name, each.before, each.after) for each in found.configuration] == [("retriever.top_k", 10, 9)]
    assert found.prompt == ["@@ -1 +1 @@", "-built-in", f"+{INLINE}"]
    assert (found.before.prompt, found.after.prompt) == ("built-in", "inline")
    code = {each.path.rpartition("/")[2]: each for each in found.code}
    assert {name: each.change for name, each in code.items()} == {
        "__init__.py": "changed",
        "come.py": "added",
        "gone.py": "removed",
        "weights.npy": "changed",
    }
    assert (code["__init__.py"].plus, code["__init__.py"].minus) == (1, 1)
    assert code["__init__.py"].lines[1:] == ['-WHO = "first"', '+WHO = "second"']
    assert code["weights.npy"].lines == []
    assert [(each.document, each.change) for each in found.documents or ()] == [
        ("leave.md", "changed"),
        ("new.md", "added"),
        ("old.md", "removed"),
    ]
    assert [(each.id, each.question, each.change) for each in found.questions or ()] == [
        ("a", "How long is annual leave?", "changed"),
        ("b", "Who goes?", "removed"),
        ("c", "Who comes?", "added"),
    ]
    assert [(each.metric, each.before, each.after) for each in found.figures] == [("right_or_refused", 0.8, 0.9)]
    assert not found.same_questions
    assert found.notes == []


@pytest.mark.usefixtures("platform")
def test_the_other_way_round_everything_is_turned_round() -> None:
    one, other = compared("1", "2"), compared("2", "1")
    turned = {"added": "removed", "removed": "added", "changed": "changed"}
    assert [(each.path, turned[each.change]) for each in one.code] == [(each.path, each.change) for each in other.code]
    assert [(each.after, each.before) for each in one.figures] == [(each.before, each.after) for each in other.figures]


@pytest.mark.usefixtures("platform")
def test_a_version_is_as_it_is() -> None:
    same = compared("1", "production")
    assert (same.configuration, same.prompt, same.code, same.documents, same.questions) == ([], [], [], [], [])


@pytest.mark.usefixtures("platform")
def test_it_reads_well_and_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["diff", "production", "2"]) == 0
    shown = capsys.readouterr().out
    assert "version 1 (production)" in shown
    assert "retriever.top_k: 10 → 9" in shown
    assert "changed leave.md" in shown
    assert "other questions" in shown
    assert run(["diff", "production", "2", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["after"]["version"] == 2
    assert run(["diff", "1", "1"]) == 0
    assert "The same: configuration, prompt, code, documents, questions." in capsys.readouterr().out


@pytest.mark.usefixtures("platform")
@pytest.mark.parametrize("named", ["3", "staging", "", "-1", "1.0"])
def test_an_unknown_version_is_refused_with_those_that_are_known(named: str) -> None:
    with pytest.raises(InputError, match="versions: 1, 2; aliases: candidate, production"):
        compared(named, "1")


def test_an_unknown_assistant_is_named(platform: LocalPlatform) -> None:
    with pytest.raises(UnknownAssistantError, match="staf"):
        diff("1", "2", Settings.model_validate({"assistant": "staf"}), platform.name)


def test_what_is_gone_is_a_note_and_the_rest_is_told(platform: LocalPlatform) -> None:
    client = connect(platform, "rag-assistant")
    tags = dict(client.get_model_version("rag-assistant", "1").tags)
    try:
        client.set_model_version_tag("rag-assistant", "1", "index", "gone__x__1")
        client.set_model_version_tag("rag-assistant", "1", "dataset", "questions:99")
        found = compared("1", "2")
    finally:
        for name in ("index", "dataset"):
            client.set_model_version_tag("rag-assistant", "1", name, tags[name])
    assert (found.documents, found.questions) == (None, None)
    assert "no index 'gone__x__1'" in found.notes[0]
    assert "questions:99" in found.notes[1]
    assert len(found.configuration) == 1


def test_long_differences_are_cut_and_counted() -> None:
    lines = [str(number) for number in range(LONGEST * 2)]
    assert text_changes("", "\n".join(lines))[-1] == f"… and {LONGEST + 1} lines more"
    (told,) = code_changes({}, {"words.txt": "\n".join(["word"] * 10_000).encode()})
    assert (told.change, told.plus, told.lines) == ("added", 0, [])
