"""Files of old Office and Outlook, from the tests of other projects (see the README among them)."""

import tarfile
from functools import cache
from pathlib import Path

_ARCHIVE = Path(__file__).parents[1] / "data" / "old-office.tar.xz"


@cache
def old_office_file(name: str) -> bytes:
    """Content of a file, such as `table.doc`."""
    with tarfile.open(_ARCHIVE) as archive:
        content = archive.extractfile(f"old-office/{name}")
        assert content is not None
        return content.read()
