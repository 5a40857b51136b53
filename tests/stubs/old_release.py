"""What an earlier release left behind, in the archives of `tests/data`."""

import tarfile
from pathlib import Path

DATA = Path(__file__).parents[1] / "data"
HOME = DATA / "home-0.1.0.tar.xz"
VERSION = DATA / "version-0.1.0.tar.xz"


def unpack(archive: Path, folder: Path) -> None:
    """Unpack one of the archives into a folder, also on Python 3.11.3 and older, whose `tarfile` knows no filters."""
    with tarfile.open(archive) as opened:
        opened.extraction_filter = getattr(tarfile, "data_filter", lambda member, path: member)
        opened.extractall(folder)  # noqa: S202  (an archive of our own)
