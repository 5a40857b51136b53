"""Who may see a document comes with its source, and holds with the next sync."""

from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from tasks_lib.assistant.contract.access import asked_by, member_of
from tasks_lib.assistant.contract.index import shown_documents
from tasks_lib.errors import AccessNotHeldError
from tasks_lib.ingestion.result import IngestResult
from tasks_lib.ingestion.sources.folder import FolderSource
from tests.stubs.ingesting import sync

SIDECAR = ".llmopsaccess"


@pytest.fixture
def run(documents: Path, index: Any, embedder: Any, settings: Any) -> Callable[..., IngestResult]:
    """One sync of the folder."""

    def once(**ingest: object) -> IngestResult:
        return sync(documents, index, embedder, settings(allow_mass_delete=True, **ingest))

    return once


def seen_by(index: Any, *groups: str) -> set[str]:
    """Documents that a caller finds."""
    with asked_by(member_of(groups)):
        found = index.vector_retriever(top_k=50).run(query_embedding=[0.5] * 8)
        shown = {document for _, document in shown_documents(index)}
    assert {document.meta["document"] for document in found["documents"]} == shown
    return shown


def put(folder: Path, texts: dict[str, str]) -> None:
    """Files by path."""
    for name, text in texts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


def test_a_source_without_statements_leaves_the_index_uncontrolled(run: Any, index: Any, documents: Path) -> None:
    put(documents, {"a.md": "---\ntitle: A\n---\nAlpha.", "b.md": "---\nno: yaml: here\n---\nBeta."})
    assert run().access is None
    assert not index.access().controlled


def test_a_change_of_access_embeds_nothing_and_makes_no_state(
    run: Any, index: Any, embedder: Any, documents: Path
) -> None:
    put(documents, {"a.md": "Alpha.", "b.md": "Beta.", SIDECAR: "a.md: hr\n"})
    first = run()
    assert (first.access.restricted, first.access.changed, first.added) == (1, 1, 2)
    assert (seen_by(index), seen_by(index, "hr")) == ({"b.md"}, {"a.md", "b.md"})
    embedder.texts.clear()
    seen = []
    for text in ("'*': public\n", "a.md: [legal]\n", "a.md: []\n"):
        put(documents, {SIDECAR: text})
        result = run()
        assert (result.changed, result.embedded_chunks, result.access.changed) == (False, 0, 1)
        assert result.index_version == first.index_version
        seen.append((seen_by(index), seen_by(index, "legal")))
    both, beta = {"a.md", "b.md"}, {"b.md"}
    assert seen == [(both, both), (beta, both), (beta, beta)]
    (documents / SIDECAR).unlink()
    assert run().access.restricted == 0
    assert seen_by(index) == both
    assert not embedder.texts


def test_access_is_there_before_the_chunks(
    run: Any, index: Any, documents: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(documents, {"a.md": "Alpha.", SIDECAR: "'*': hr\n"})
    saved: list[bool] = []
    replace = index.replace
    monkeypatch.setattr(index, "replace", lambda *given: (saved.append(index.access().controlled), replace(*given))[1])
    run()
    assert saved
    assert all(saved)


@pytest.mark.parametrize(
    "broken", ["a.md: [hr", "- a.md", "", "a.md: 7", "a.md: hr\na.md: public", "'!a.md': hr", "a.md: {hr: 1}", "a.md:"]
)
def test_a_broken_sidecar_closes_everything_below_and_is_named(
    run: Any, index: Any, documents: Path, broken: str
) -> None:
    put(documents, {"top.md": "Top.", "in/a.md": "Alpha.", f"in/{SIDECAR}": broken})
    put(documents, {"in/deep/b.md": "Beta.", f"in/deep/{SIDECAR}": "'*': public"})
    result = run()
    assert [problem.path for problem in result.access.problems] == [f"in/{SIDECAR}"]
    assert seen_by(index, "hr", "nobody") == {"top.md"}


def test_a_sidecar_that_is_no_file_closes_everything_below(run: Any, index: Any, documents: Path) -> None:
    put(documents, {"a.md": "Alpha.", "in/b.md": "Beta."})
    (documents / "in" / SIDECAR).symlink_to("nowhere")
    assert [problem.path for problem in run().access.problems] == [f"in/{SIDECAR}"]
    assert seen_by(index) == {"a.md"}


def test_front_matter_narrows_and_a_broken_one_closes(run: Any, index: Any, documents: Path) -> None:
    heads = {"hr": "access: hr", "both": "access: [hr, legal]", "open": "access: public", "broken": "access: [hr"}
    heads |= {"wrong": "access: true", "silent": "title: S", "toml": ""}
    put(documents, {f"{name}.md": f"---\n{head}\n---\nText {name}." for name, head in heads.items() if head})
    put(documents, {"toml.md": '+++\naccess = ["legal"]\n+++\nText.'})
    result = run()
    assert [problem.path for problem in result.access.problems] == ["broken.md", "wrong.md"]
    assert seen_by(index) == {"open.md", "silent.md"}
    assert seen_by(index, "hr") == {"open.md", "silent.md", "hr.md", "both.md"}
    assert seen_by(index, "legal") == {"open.md", "silent.md", "toml.md", "both.md"}
    put(documents, {SIDECAR: "'*': legal\n"})
    assert run().embedded_chunks == 0
    assert seen_by(index, "hr") == set()
    assert seen_by(index, "legal", "hr") == {"open.md", "silent.md", "toml.md", "both.md"}


def test_by_default_nobody_sees_what_nothing_is_said_of(run: Any, index: Any, documents: Path) -> None:
    put(documents, {"a.md": "Alpha.", "b.md": "---\naccess: hr\n---\nBeta."})
    result = run(access={"default": "nobody"}, dry_run=False)
    assert result.access.restricted == 2
    assert (seen_by(index), seen_by(index, "hr")) == (set(), {"b.md"})


def test_an_edited_document_that_opens_keeps_its_earlier_content_closed(run: Any, index: Any, documents: Path) -> None:
    put(documents, {"a.md": "---\naccess: hr\n---\nSecret."})
    earlier = run().index_version
    put(documents, {"a.md": "Open."})
    run()
    assert seen_by(index) == {"a.md"}
    assert seen_by(index.at(earlier)) == set()


def test_a_source_names_readers_itself(index: Any, documents: Path) -> None:
    from dataclasses import replace

    from tasks_lib.config.settings import Settings
    from tasks_lib.ingestion.plan import make_plan

    class Named(FolderSource):
        def files(self) -> Any:
            readers = {"a.md": ("hr",), "b.md": (), "c.md": None}
            return (replace(file, readers=readers[file.path]) for file in super().files())

    put(documents, {"a.md": "Alpha.", "b.md": "Beta.", "c.md": "Gamma."})
    source = Named(documents)
    access = make_plan(source, index, Settings()).access
    assert access is not None
    groups = {path: entry.groups for (_, path), entry in access.access.documents.items()}
    assert groups == {"a.md": ("hr",), "b.md": ("nobody",), "c.md": ("public",)}


def test_a_document_whose_statement_could_not_be_read_stays_out(
    run: Any, index: Any, documents: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(documents, {"a.md": "---\naccess: hr\n---\nAlpha.", "b.md": "Beta."})
    read, refused = FolderSource.read, ["a.md"]

    def once_refused(source: FolderSource, path: str, etag: str = "") -> bytes:
        if path in refused:
            refused.remove(path)
            msg = "busy"
            raise OSError(msg)
        return read(source, path, etag)

    monkeypatch.setattr(FolderSource, "read", once_refused)
    assert [failure.path for failure in run().failed] == ["a.md"]
    assert seen_by(index, "hr") == {"b.md"}
    run()
    assert (seen_by(index), seen_by(index, "hr")) == ({"b.md"}, {"a.md", "b.md"})


def test_an_index_that_cannot_hold_it_takes_nothing_in(
    run: Any, index: Any, documents: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(documents, {"a.md": "Alpha.", SIDECAR: "'*': hr\n"})

    def refuse(_: object) -> None:
        raise AccessNotHeldError("access is to be strict", hint="Ingest under another collection.")

    monkeypatch.setattr(index, "save_access", refuse)
    with pytest.raises(AccessNotHeldError, match="strict") as refused:
        run()
    assert refused.value.exit_code == 2
    assert not index.exists()


FOLDERS = ("", "sub/", "sub/deep/")
NAMES = tuple(folder + name for folder in FOLDERS for name in ("a.md", "b.md"))
GROUPS = st.lists(st.sampled_from(["hr", "legal", "public", "nobody"]), max_size=2)
GLOBS: dict[str, Callable[[str], bool]] = {
    "*.md": lambda _: True,
    "a.md": lambda path: path.endswith("a.md"),
    "/b.md": lambda path: path == "b.md",
    "deep/": lambda path: "deep/" in path,
}
RULES = st.lists(st.tuples(st.sampled_from(sorted(GLOBS)), GROUPS), unique_by=lambda rule: rule[0], min_size=1)
ANYBODY = {"anybody", "hr", "legal"}


def admitted(groups: Collection[str]) -> set[str]:
    """Which kinds of people a statement lets in."""
    if "nobody" in groups:
        return set()
    return ANYBODY if "public" in groups else set(groups)


def expected(path: str, sidecars: dict[str, Any], own: dict[str, Any], default: str) -> set[str]:
    """Who may see a document, by the words of the how-to."""
    said = [] if own[path] is None else [admitted(own[path])]
    above = [(folder, sidecars[folder]) for folder in reversed(FOLDERS) if path.startswith(folder) and sidecars[folder]]
    if any(rules == "broken" for _, rules in above):
        return set()
    for folder, rules in above:
        matching = [groups for glob, groups in rules if GLOBS[glob](path.removeprefix(folder))]
        if matching:
            said.append(admitted(matching[-1]))
            break
    return set.intersection(ANYBODY, *said) if said else admitted([default])


@given(
    sidecars=st.fixed_dictionaries(dict.fromkeys(FOLDERS, st.none() | st.just("broken") | RULES | RULES)),
    own=st.fixed_dictionaries(dict.fromkeys(NAMES, st.none() | st.none() | GROUPS)),
    default=st.sampled_from(["public", "nobody"]),
)
@hypothesis_settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
def test_whatever_is_stated_everyone_sees_what_they_may(
    run: Any, index: Any, documents: Path, sidecars: dict[str, Any], own: dict[str, Any], default: str
) -> None:
    """One index through all examples: each is a sync after the one before."""
    for name in NAMES:
        head = "" if own[name] is None else f"---\naccess: [{', '.join(own[name])}]\n---\n"
        put(documents, {name: f"{head}Text of {name}."})
    for folder, rules in sidecars.items():
        (documents / folder / SIDECAR).unlink(missing_ok=True)
        if rules:
            lines = [] if rules == "broken" else [f"'{glob}': [{', '.join(groups)}]" for glob, groups in rules]
            put(documents, {folder + SIDECAR: "\n".join(lines) or "[broken"})
    run(access={"default": default})
    for caller in ((), ("hr",), ("legal",), ("hr", "legal"), ("sales", "nobody")):
        may = {name for name in NAMES if expected(name, sidecars, own, default) & {"anybody", *caller}}
        assert seen_by(index, *caller) == may
