"""The manifest of a backup: which release made it, of what, and what every file must be."""

from datetime import datetime

from pydantic import Field

from tasks_lib.config.strict import StrictModel

NAME = "llmops-backup.json"
"""Of the manifest in the archive."""
FORMAT = 1
FILES = "home/"
"""What the names of files in the archive begin with."""


class BackedUpFile(StrictModel):
    """One file of the home."""

    path: str = Field(min_length=1, description="Below the home.")
    size: int = Field(ge=0, description="In bytes.")
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    mode: int = Field(ge=0, le=0o777, description="Permissions.")


class Manifest(StrictModel):
    """What an archive holds."""

    format: int = Field(ge=1)
    version: str = Field(description="Release of this project that made it.")
    created_at: datetime
    home: str = Field(description="Where the home lay.")
    indexes: list[str]
    files: list[BackedUpFile]

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(file.size for file in self.files)
