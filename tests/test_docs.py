"""What README and pages say can be typed: every command parses, every configuration is valid, every target exists."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from flows.cli import VERBS, app, run
from flows.command.examples import EXAMPLES
from flows.command.options import Options
from tasks_lib.config.load import load_settings
from tasks_lib.config.settings import Settings
from tasks_lib.home import Home

ROOT = Path(__file__).parents[1]
PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    *(path for path in sorted((ROOT / "docs" / "pages").rglob("*.md")) if path.parent.name != "reference"),
]
BLOCK = re.compile(r"^( *)```(\w+)\n(.*?)^\1```", re.DOTALL | re.MULTILINE)
COMMAND = re.compile(r"^(?:\$ )?(?:\.venv/bin/)?llmops\s+(.*)")


def blocks(*languages: str) -> Iterator[tuple[str, str]]:
    """Page and text of every code block in one of these languages."""
    for page in PAGES:
        for indent, language, text in BLOCK.findall(page.read_text(encoding="utf-8")):
            if language in languages:
                yield page.name, "\n".join(line.removeprefix(indent) for line in text.splitlines())


def commands() -> list[tuple[str, str]]:
    """Page and arguments of every `llmops` line in a shell block, and of the examples in `--help`."""
    found = [
        (page, match[1])
        for page, text in blocks("sh", "console")
        for line in text.replace("\\\n", " ").splitlines()
        if (match := COMMAND.match(line))
    ]
    return found + [(f"{verb} --help", line.removeprefix("llmops ")) for verb in EXAMPLES for line, _ in EXAMPLES[verb]]


@pytest.mark.parametrize(("page", "line"), commands())
def test_a_command_of_the_pages_is_one_that_llmops_takes(page: str, line: str) -> None:
    tokens = shlex.split(line.partition(" &")[0].partition(" > ")[0], comments=True)
    _, bound, _ = app.parse_args(tokens, exit_on_error=False, print_error=False)
    options = bound.arguments.get("options", Options())
    assert load_settings([], options.set)


def test_pages_hold_commands_of_every_verb() -> None:
    assert {line.split()[0] for _, line in commands()} >= set(VERBS)


@pytest.mark.parametrize(("page", "text"), [*blocks("yaml")])
def test_a_configuration_of_the_pages_is_valid(page: str, text: str) -> None:
    found = yaml.safe_load(text)
    assert isinstance(found, dict)
    if found.keys() <= Settings.model_fields.keys():
        Settings.model_validate(found)
    else:
        assert found.keys() & {"name", "on", "jobs", "services", "repos", "stages"}, f"{page}: {sorted(found)}"


@pytest.mark.parametrize(("page", "text"), [*blocks("python")])
def test_code_of_the_pages_compiles(page: str, text: str) -> None:
    if not text.startswith("--8<--"):
        compile(text, page, "exec")


def test_a_file_that_a_page_includes_is_written_so_that_the_page_shows_it() -> None:
    """In a block of Python the formatter turns the one-line form into a comparison, and the page shows that."""
    lines = [(page.name, line) for page in PAGES for line in page.read_text(encoding="utf-8").splitlines()]
    assert not [line for line in lines if re.match(r"\s*-+\s*8\s*<", line[1]) and "--8<--" not in line[1]]


@pytest.mark.parametrize(
    "path", [".ci/run", ".pre-commit-config.yaml", ".github/workflows", "README.md", "CONTRIBUTING.md"]
)
def test_every_make_target_that_is_named_exists(path: str) -> None:
    named = ROOT / path
    files = [named] if named.is_file() else sorted(named.glob("*.yml"))
    text = "\n".join(file.read_text(encoding="utf-8") for file in files)
    named_targets = re.findall(r"(?:^\s*|`|run: |entry: )make ([a-z-]+)", text, re.MULTILINE)
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    assert named_targets
    assert set(named_targets) <= targets


def test_the_readme_lists_every_verb() -> None:
    table = (ROOT / "README.md").read_text(encoding="utf-8").partition("## Verbs")[2].partition("\n## ")[0]
    assert set(re.findall(r"`([a-z]+)`", "".join(re.findall(r"^\|([^|]*)\|", table, re.MULTILINE)))) == set(VERBS)


def test_every_page_is_in_the_navigation() -> None:
    names = re.findall(r"([\w/-]+\.md)$", (ROOT / "mkdocs.yml").read_text(encoding="utf-8"), re.MULTILINE)
    pages = {path.relative_to(ROOT / "docs" / "pages").as_posix() for path in PAGES if "pages" in path.parts}
    assert pages == {name for name in names if not name.startswith("reference/")}


def test_mlproject_calls_verbs_that_exist() -> None:
    project = yaml.safe_load((ROOT / "MLproject").read_text(encoding="utf-8"))
    for entry in project["entry_points"].values():
        values = {name: str(given["default"]) for name, given in entry.get("parameters", {}).items()}
        line = entry["command"].format(**values)
        app.parse_args(shlex.split(line.removeprefix("llmops ")), exit_on_error=False, print_error=False)


@pytest.mark.parametrize("line", ["schema deploy", "status", "index list"])
def test_commands_that_need_nothing_run(line: str, home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    assert line in {text for _, text in commands()}
    assert run(shlex.split(line)) == 0
    shown = capsys.readouterr().out
    assert shown.strip()
    assert "\x1b" not in shown


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md"])
def test_links_of_the_front_pages_lead_somewhere(page: str) -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)", (ROOT / page).read_text(encoding="utf-8"))
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []
