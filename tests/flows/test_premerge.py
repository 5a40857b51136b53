"""Changes in a repository, measured before they are merged: a real repository, index, registry and versions."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from flows.cli import run
from flows.premerge import LONGEST_REPORT, PremergeResult, premerge
from tasks_lib.config.load import load_settings
from tasks_lib.home import Home
from tests.stubs.git_server import WorkTree, git
from tests.stubs.small_documents import write_documents

QUESTIONS = {
    "How often is the anchor winch checked?": "13 days",
    "How much do repairs of the anchor winch cost?": "154 euros",
    "How often is the oil filter checked?": "16 days",
    "How much do repairs of the boom light cost?": "171 euros",
    "Since when does the slewing gear belong to department B?": "1991",
    "How often is the brake lining checked?": "15 days",
}
CONFIGURATION = "ingest:\n  source: docs\ndataset:\n  import_file: questions.jsonl\ngate:\n  minimum_questions: 5\n"


@pytest.fixture
def tree(tmp_path: Path) -> WorkTree:
    """A repository with documents, questions and a configuration, on a branch of its own."""
    made = WorkTree(tmp_path / "repository")
    write_documents(made.folder, "docs")
    lines = [json.dumps({"question": question, "answer": answer}) for question, answer in QUESTIONS.items()]
    (made.folder / "questions.jsonl").write_text("\n".join(lines) + "\n")
    (made.folder / "llmops.yaml").write_text(CONFIGURATION)
    made.commit()
    git(made.folder, "checkout", "--quiet", "-b", "change")
    return made


@pytest.fixture
def measured(
    tree: WorkTree,
    tmp_path: Path,
    tracked_home: Callable[[Path], Home],
    prefect_harness: None,
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[[], PremergeResult]:
    """What the gates say of the branch, committed as it is now."""

    def measure() -> PremergeResult:
        tree.commit()
        home = tracked_home(tmp_path / "home").root
        monkeypatch.setenv("LLMOPS_HOME", str(home))
        return premerge(tree.folder, home, "main", "HEAD", lambda: load_settings(["llmops.yaml"]))

    return measure


@pytest.mark.slow
def test_a_wrong_figure_is_rejected_with_its_document_and_question(
    tree: WorkTree, measured: Callable[[], PremergeResult]
) -> None:
    page = tree.folder / "docs" / "anchor-winch.md"
    page.write_text(page.read_text().replace("13 days", "31 days"))
    result = measured()
    assert result.decision == "rejected"
    decided = result.documents[0]
    assert (decided.decision, decided.documents) == ("held", ["anchor-winch.md"])
    assert [worse.question for worse in decided.questions.worse] == ["How often is the anchor winch checked?"]
    assert decided.questions.asked < len(QUESTIONS)
    assert any("anchor-winch.md" in reason for reason in result.reasons)
    assert result.report.startswith("# Answers after this change: rejected\n")
    assert "`anchor-winch.md`" in result.report
    assert "every 31 days" in result.report
    assert len(result.report) <= LONGEST_REPORT
    assert git(tree.folder, "status", "--porcelain") == ""


@pytest.mark.slow
def test_a_harmless_page_passes_both_gates(tree: WorkTree, measured: Callable[[], PremergeResult]) -> None:
    (tree.folder / "docs" / "bicycles.md").write_text("# Bicycles\n\nA pump hangs beside the door of the cellar.\n")
    result = measured()
    assert (result.decision, result.documents[0].decision) == ("passed", "released"), result.report
    assert (result.version, result.reasons) == (None, [])
    assert "`bicycles.md`" in result.report


@pytest.mark.slow
def test_another_configuration_meets_the_gate_of_versions_which_says_what_few_questions_prove(
    tree: WorkTree, measured: Callable[[], PremergeResult]
) -> None:
    (tree.folder / "llmops.yaml").write_text(CONFIGURATION + "retriever:\n  top_k: 8\n")
    result = measured()
    assert result.version
    assert (result.decision, result.documents, result.version.decision) == ("undecided", [], "undecided")
    assert "questions would settle it" in " ".join(result.reasons)
    assert "<details><summary>The gate's report</summary>" in result.report


def test_a_branch_without_a_commit_passes_unasked(tree: WorkTree, tmp_path: Path) -> None:
    result = premerge(tree.folder, tmp_path / "home", "main", "HEAD", load_settings)
    assert (result.decision, result.reasons) == ("passed", ["the change has no commit of its own"])


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--base", "nowhere"], "'nowhere' is no commit"),
        (["--head", "nowhere"], "'nowhere' is no commit"),
        (["--platform", "aws", "--base", "main"], "nothing is registered before a change is merged"),
        (["--home", "docs", "--base", "main"], "is not an empty folder"),
        (["--config", "other.yaml", "--base", "main"], "other.yaml"),
        (["--base", "main"], "names no source of documents"),
    ],
)
def test_what_is_wrong_is_said_before_anything_is_measured(
    tree: WorkTree,
    tmp_path: Path,
    arguments: list[str],
    told: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tree.folder / "docs" / "new.md").write_text("# New\n\nA page.\n")
    tree.commit()
    monkeypatch.chdir(tree.folder)
    monkeypatch.setenv("LLMOPS_HOME", str(tmp_path / "home"))
    assert run(["premerge", *arguments]) == 2
    said = capsys.readouterr()
    assert told in said.err
    assert said.out == ""
    assert "Traceback" not in said.err
    assert git(tree.folder, "worktree", "list").count("\n") == 0


def test_it_wants_a_repository(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LLMOPS_HOME", str(tmp_path / "home"))
    assert run(["premerge"]) == 2
    assert "not a git repository" in capsys.readouterr().err
