"""What of the documents is found and listed without an answer, for whoever asks."""

from pathlib import Path

import pytest

from blocks.local import LocalPlatform
from flows.ingest import synchronise
from serving.passages import find_passages, list_documents
from tasks_lib.assistant.contract.access import DocumentAccess, Groups
from tasks_lib.assistant.contract.index import contents
from tasks_lib.config.ingest import IngestConfig
from tasks_lib.config.rag import RagConfig
from tasks_lib.config.settings import Settings
from tasks_lib.errors import InputError
from tasks_lib.registry.live import LiveVersion

LIVE = LiveVersion("rag-assistant", 1, "run", {}, RagConfig(), None)
ACCESS: dict[str, Groups] = {"leave.md": ("public",), "salaries.md": ("hr",), "secret.md": ("nobody",)}


@pytest.fixture
def controlled(platform: LocalPlatform, tmp_path: Path) -> LocalPlatform:
    """An index of three documents, of which one is public."""
    folder = tmp_path / "documents"
    folder.mkdir()
    for name in ACCESS:
        (folder / name).write_text(f"# Annual leave\n\nWhat {name} says of annual leave.")
    synchronise(platform, Settings(ingest=IngestConfig(source=str(folder))))
    index = platform.index(LIVE.rag)
    held = contents(index)
    (source,) = {source for source, _ in held}
    stated = {name: DocumentAccess(groups, held[source, name]) for name, groups in ACCESS.items()}
    index.save_access(index.access().with_sync(source, stated))
    return platform


@pytest.mark.parametrize(
    ("groups", "shown"),
    [((), ["leave.md"]), (("hr",), ["leave.md", "salaries.md"]), (("nobody", "sales"), ["leave.md"])],
)
def test_a_caller_finds_and_lists_its_own_documents(
    controlled: LocalPlatform, groups: tuple[str, ...], shown: list[str]
) -> None:
    assert [one["document"] for one in list_documents(controlled, LIVE, groups)] == shown
    found = find_passages(controlled, LIVE, "annual leave", groups=groups)
    assert sorted(one["document"] for one in found) == shown
    narrowed = find_passages(controlled, LIVE, "annual leave", ["document=*.md"], groups)
    assert sorted(one["document"] for one in narrowed) == shown


def test_a_pattern_names_no_document_of_others(controlled: LocalPlatform) -> None:
    with pytest.raises(InputError, match=r"matches none of the 1 in the index, such as leave\.md$"):
        find_passages(controlled, LIVE, "annual leave", ["document=sal*"])
