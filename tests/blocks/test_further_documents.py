"""Sources whose credentials are in blocks: which addresses they open, and with what."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from blocks.documents import Documents
from blocks.git_documents import GitDocuments
from blocks.lancedb import LanceDBStore
from blocks.platform import ResolvedPlatform
from blocks.site_documents import SiteDocuments
from blocks.storage_documents import StorageDocuments
from tasks_lib.config.ingest import IngestConfig
from tasks_lib.config.sources import SiteConfig
from tasks_lib.errors import InputError
from tasks_lib.home import Home
from tasks_lib.ingestion.sources.open import open_source
from tests.stubs.git_server import GitServer, WorkTree
from tests.stubs.web_folder import WebFolder
from tests.stubs.web_site import WebSite

SECRET = "secret-of-ann"
SITE = IngestConfig(site=SiteConfig(private_addresses=True, requests_per_second=100))


@pytest.fixture
def wiki(tmp_path: Path) -> Iterator[GitServer]:
    """A repository that asks for a token."""
    tree = WorkTree(tmp_path / "served" / "wiki")
    tree.write(a="Alpha.", docs__b="Beta.")
    tree.commit()
    with GitServer(tree.folder.parent, SECRET) as server:
        yield server


def platform(*blocks: Documents, saved: Documents | None = None) -> ResolvedPlatform:
    return ResolvedPlatform("test", (), LanceDBStore(), saved_documents=saved, sources=blocks)


def paths(location: Any) -> list[str]:
    return [file.path for file in open_source(location, config=SITE).files()]


def test_each_address_is_read_with_the_credentials_of_its_block(wiki: GitServer, home: Home, tmp_path: Path) -> None:
    (tmp_path / "web").mkdir()
    (tmp_path / "web" / "x.md").write_text("X.")
    with WebFolder(tmp_path / "web", SECRET) as web, WebSite(page="Page.") as site:
        headers = {"Authorization": f"Bearer {SECRET}"}
        known = platform(
            StorageDocuments(uri=web.url, storage_options={"headers": headers}),
            GitDocuments(repository=f"{wiki.url}/wiki", token=SECRET),
            SiteDocuments(sitemap=site.sitemap, username="ann", password=SECRET),
        )
        assert paths(known.documents(web.url)) == ["x.md"]
        assert paths(known.documents(f"git+{wiki.url}/wiki")) == ["a.md", "docs/b.md"]
        assert paths(known.documents(f"git+{wiki.url}/wiki@main#subdirectory=docs")) == ["b.md"]
        assert paths(known.documents(site.sitemap)) == [f"{site.url}/page"]
        assert all("Authorization" in request.headers for request in site.requests)
        assert known.secrets().count(SECRET) == 2
        assert f"Bearer {SECRET}" in " ".join(known.secrets())
        with pytest.raises(InputError, match="401"):
            paths(platform().documents(web.url))


def test_the_documents_of_a_platform_may_be_any_of_them(wiki: GitServer, home: Home) -> None:
    block = GitDocuments(repository=f"{wiki.url}/wiki", folder="docs", token=SECRET, include=["*.md"])
    source = open_source(platform(saved=block).documents(None))
    assert (source.uri, [file.path for file in source.files()]) == (f"git+{wiki.url}/wiki#subdirectory=docs", ["b.md"])
    assert paths(platform(saved=block).documents(None, ("*.txt",))) == []


@pytest.mark.parametrize(
    ("block", "opened", "others"),
    [
        (
            StorageDocuments(uri="gs://acme/docs/"),
            ["gs://acme/docs", "gs://acme/docs/hr"],
            ["gs://acme/docs-of-others", "gs://acme", "az://acme/docs"],
        ),
        (
            GitDocuments(repository="https://git.acme.com/wiki.git"),
            ["git+https://git.acme.com/wiki.git", "git+https://git.acme.com/wiki.git@x#subdirectory=y"],
            [
                "git+https://git.acme.com/wiki.github",
                "git+http://git.acme.com/wiki.git",
                "https://git.acme.com/wiki.git",
            ],
        ),
        (
            SiteDocuments(sitemap="https://acme.com/sitemap.xml"),
            ["https://acme.com/other.xml", "sitemap+https://ACME.com/map"],
            [
                "https://acme.com.evil.org/sitemap.xml",
                "http://acme.com/sitemap.xml",
                "https://acme.com:8443/sitemap.xml",
            ],
        ),
    ],
    ids=lambda value: type(value).__name__,
)
def test_credentials_are_lent_to_nobody_else(block: Documents, opened: list[str], others: list[str]) -> None:
    assert all(block.opens(uri) for uri in opened)
    assert not any(block.opens(uri) for uri in others)


def test_no_address_carries_a_password() -> None:
    for make in (
        lambda: GitDocuments(repository=f"https://ann:{SECRET}@git.acme.com/wiki.git"),
        lambda: StorageDocuments(uri=f"sftp://ann:{SECRET}@files.acme.com/docs"),
        lambda: SiteDocuments(sitemap=f"https://ann:{SECRET}@acme.com/sitemap.xml"),
    ):
        with pytest.raises(ValidationError) as caught:
            make()
        assert SECRET not in str(caught.value)
    assert GitDocuments(repository="ssh://git@git.acme.com/wiki.git").uri == "git+ssh://git@git.acme.com/wiki.git"


def test_secrets_are_not_shown(wiki: GitServer) -> None:
    blocks = (
        GitDocuments(repository=f"{wiki.url}/wiki", token=SECRET, private_key=SECRET),
        StorageDocuments(uri="sftp://h/x", storage_options={"password": SECRET}),
        SiteDocuments(sitemap="https://acme.com/map", password=SECRET, headers={"X-Key": SECRET}),
    )
    assert SECRET not in repr(blocks)
    assert all(SECRET in block.secrets() for block in blocks)
    assert blocks[2].uri == "sitemap+https://acme.com/map"
