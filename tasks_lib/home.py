"""Where the embedded state lives: everything below ``LLMOPS_HOME``; deleting the folder resets everything."""

import os
from dataclasses import dataclass
from pathlib import Path

from tasks_lib.errors import ConfigurationError

SQLITE_MAGIC = b"SQLite format 3\x00"
ENVIRONMENT_VARIABLE = "LLMOPS_HOME"
DEFAULT_HOME = ".llmops"
DEFAULT_ASSISTANT = "rag-assistant"
"""Name of the one assistant where nobody names any."""
EXPERIMENT = DEFAULT_ASSISTANT
"""MLflow's experiment of the default assistant, the oldest one, at home and on every tracking server."""


@dataclass(frozen=True)
class Home:
    """Paths of the embedded platform. Nothing is created until a path is used through :meth:`ensure`."""

    root: Path

    @classmethod
    def from_environment(cls) -> "Home":
        """The home that ``LLMOPS_HOME`` names, else ``.llmops`` in the working directory."""
        return cls(Path(os.environ.get(ENVIRONMENT_VARIABLE) or DEFAULT_HOME).expanduser().absolute())

    @property
    def indexes(self) -> Path:
        """Folder of the LanceDB database."""
        return self.root / "lancedb"

    @property
    def mlflow_database(self) -> Path:
        """The sqlite file behind MLflow tracking and registry."""
        return self.root / "mlflow" / "mlflow.db"

    @property
    def mlflow_artifacts(self) -> Path:
        """Folder of MLflow artifacts."""
        return self.root / "mlflow" / "artifacts"

    @property
    def prefect(self) -> Path:
        """``PREFECT_HOME`` of the embedded Prefect."""
        return self.root / "prefect"

    @property
    def locks(self) -> Path:
        """Folder of the writers' lock files."""
        return self.root / "locks"

    @property
    def reports(self) -> Path:
        """Folder where the latest reports are copied for opening in a browser."""
        return self.root / "reports"

    @property
    def unfinished(self) -> Path:
        """Folder of what an interrupted run has paid for and goes on with."""
        return self.root / "unfinished"

    def ensure(self) -> "Home":
        """Create the folder.

        :raises ConfigurationError: If the path is a file or cannot be written.
        """
        try:
            for folder in (self.root, self.locks):
                folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise self._unusable(error) from error
        if not os.access(self.root, os.W_OK | os.X_OK):
            raise self._unusable(PermissionError(f"no permission to write in {self.root}"))
        return self

    def _unusable(self, error: OSError) -> ConfigurationError:
        return ConfigurationError(
            f"{ENVIRONMENT_VARIABLE} {str(self.root)!r} cannot be used: {error.strerror or error}",
            hint=f"Set {ENVIRONMENT_VARIABLE} to a folder that you can write, or move the file away.",
        )


def at_home(name: str, assistant: str) -> str:
    """What a file of an assistant is called in the home, where those of all assistants lie side by side."""
    return name if assistant == DEFAULT_ASSISTANT else f"{name}@{assistant}"


def is_sqlite(path: Path) -> bool:
    """Whether a file begins as sqlite databases do."""
    with path.open("rb") as file:
        return file.read(len(SQLITE_MAGIC)) == SQLITE_MAGIC
