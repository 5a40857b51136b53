"""One source, one name: however it is written, and wherever its link points."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks_lib.ingestion.sources.folder import FolderSource
from tasks_lib.ingestion.sources.name import folder_of, source_name

PARTS = st.text(st.characters(codec="utf-8", exclude_characters="/\0"), min_size=1, max_size=8).filter(
    lambda part: part not in {".", ".."} and not part.startswith("~")
)
NOISE = st.sampled_from(["/", "//", "/./", "/x/../"])


@given(parts=st.lists(PARTS, min_size=1, max_size=4), noise=st.lists(NOISE, min_size=5, max_size=5))
def test_every_way_to_write_a_path_is_one_name(parts: list[str], noise: list[str]) -> None:
    plain = "/" + "/".join(parts)
    noisy = "".join(between + part for between, part in zip(noise, parts, strict=False)) + noise[-1]
    name = source_name(plain)
    assert source_name(noisy) == source_name(name) == source_name(os.path.relpath(plain)) == name
    assert source_name(str(folder_of(name))) == name


@given(st.lists(PARTS, min_size=1, max_size=3))
def test_different_paths_have_different_names(parts: list[str]) -> None:
    longer = "/" + "/".join([*parts, "more"])
    assert source_name(longer) != source_name("/" + "/".join(parts))


def test_forms_of_a_name_that_differ_in_unicode_are_one() -> None:
    assert source_name("/docs/U\u0308bersicht") == source_name("/docs/\u00dcbersicht")


def test_home_and_prefixes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert source_name("~/docs/") == (tmp_path / "docs").as_uri()
    assert source_name("~nobody-of-this-name") == (Path.cwd() / "~nobody-of-this-name").as_uri()
    for prefix in ("s3://docs/h/2024", "s3://docs/h/2024/", "s3://docs//h/2024//"):
        assert source_name(prefix) == "s3://docs/h/2024"
    assert source_name("s3://docs") == source_name("s3://docs/") == "s3://docs"


def test_a_link_keeps_its_name_and_is_read_where_it_pointed_when_it_was_opened(tmp_path: Path) -> None:
    for version in ("v1", "v2"):
        (tmp_path / version).mkdir()
        (tmp_path / version / "a.md").write_text(version)
    current = tmp_path / "current"
    current.symlink_to("v1")
    first = FolderSource(current)
    current.unlink()
    current.symlink_to("v2")
    second = FolderSource(current)
    assert first.uri == second.uri == current.as_uri()
    assert (first.read("a.md"), second.read("a.md")) == (b"v1", b"v2")
