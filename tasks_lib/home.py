"""Where the embedded state lives: everything below ``LLMOPS_HOME``; deleting the folder resets everything."""

import errno
import os
import stat
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from unicodedata import category

from tasks_lib.errors import ConfigurationError
from tasks_lib.home_replacement import REPLACEMENT, finish_replacement
from tasks_lib.storage_errors import Cause, cause_of, way_out

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
        """The home that ``LLMOPS_HOME`` names, else ``.llmops`` in the working directory.

        :raises ConfigurationError: If it is below a user's home that does not exist (`~nobody/state`), or relative to a
            working directory that does not.
        """
        named = os.environ.get(ENVIRONMENT_VARIABLE) or DEFAULT_HOME
        try:
            return cls(Path(named).expanduser().absolute())
        except (RuntimeError, FileNotFoundError) as error:
            raise ConfigurationError(
                f"{ENVIRONMENT_VARIABLE} {named!r} leads nowhere: {error}",
                hint=f"Set {ENVIRONMENT_VARIABLE} to a folder's whole path.",
            ) from error

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
    def api_keys(self) -> Path:
        """File with the digests of the endpoint's keys."""
        return self.root / "api-keys.json"

    @property
    def pseudonym_secret(self) -> Path:
        """File with the secret behind the pseudonyms of callers."""
        return self.root / "pseudonym-secret"

    @property
    def forget_secret(self) -> Path:
        """File with the secret behind the digests of what was forgotten."""
        return self.root / "forget-secret"

    @property
    def forgotten(self) -> Path:
        """File with the digests of what is kept out of the indexes, since it was forgotten."""
        return self.root / "forgotten.json"

    @property
    def audit(self) -> Path:
        """File of who did what: a line each, chained."""
        return self.root / "audit.jsonl"

    @property
    def spending(self) -> Path:
        """Sqlite file of what the endpoints' answers took in each month."""
        return self.root / "spending.db"

    @property
    def reports(self) -> Path:
        """Folder where the latest reports are copied for opening in a browser."""
        return self.root / "reports"

    @property
    def unfinished(self) -> Path:
        """Folder of what an interrupted run has paid for and goes on with."""
        return self.root / "unfinished"

    def ensure(self) -> "Home":
        """Create the folder, for its owner only; a restore that was killed is brought to its end.

        :raises ConfigurationError: If the path is a file, is named so that the stores cannot use it, or cannot be
            written.
        """
        if any(category(character) in {"Cc", "Cs"} for character in str(self.root)):  # LanceDB takes neither
            raise ConfigurationError(
                f"{ENVIRONMENT_VARIABLE} {str(self.root)!r} has control characters or bytes that are no UTF-8",
                hint=f"Set {ENVIRONMENT_VARIABLE} to a folder with another name.",
            )
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            self.locks.mkdir(exist_ok=True)
            if (self.root / REPLACEMENT).exists():
                finish_replacement(self.root)
            self._close_to_others()
        except OSError as error:
            raise self._unusable(error) from error
        if not os.access(self.root, os.W_OK | os.X_OK):
            raise self._unusable(PermissionError(errno.EACCES, "no permission to write there"))
        return self

    def _close_to_others(self) -> None:
        """Let the owner alone enter, as ssh and gpg do: documents, questions and answers lie below.

        What others cannot enter was arranged by somebody, such as 0750 for a group, and stays; so does the group of a
        folder with the set-group-ID bit, as shared folders and Kubernetes' `fsGroup` have it. A folder that serves
        other purposes as well (`/tmp`, the one we work in, the user's own) is not ours to close.
        """
        mode = self.root.stat().st_mode
        if not mode & stat.S_IRWXO or mode & stat.S_ISVTX or os.environ.get("HOME") == str(self.root):
            return
        with suppress(FileNotFoundError):  # the folder we work in is gone
            if Path.cwd().is_relative_to(self.root):
                return
        kept = stat.S_IRWXU | stat.S_ISGID | (stat.S_IRWXG if mode & stat.S_ISGID else 0)
        with suppress(PermissionError):  # somebody else's folder
            self.root.chmod(stat.S_IMODE(mode) & kept)

    def _unusable(self, error: OSError) -> ConfigurationError:
        if isinstance(error, (FileExistsError, NotADirectoryError)):
            hint = f"Set {ENVIRONMENT_VARIABLE} to a folder that you can write, or move the file away."
        else:
            cause = cause_of(error, self.root)
            hint = way_out(cause, str(self.root), f"Set {ENVIRONMENT_VARIABLE} to a folder that you can write.")
            if cause is Cause.PERMISSION:
                hint += (
                    f" Reading verbs write there, too (locks, traces): copy the home to a folder of yours and set "
                    f"{ENVIRONMENT_VARIABLE} to the copy, which works as the original does."
                )
        return ConfigurationError(
            f"{ENVIRONMENT_VARIABLE} {str(self.root)!r} cannot be used: {error.strerror or error}", hint=hint
        )


def at_home(name: str, assistant: str) -> str:
    """What a file of an assistant is called in the home, where those of all assistants lie side by side."""
    return name if assistant == DEFAULT_ASSISTANT else f"{name}@{assistant}"


def is_sqlite(path: Path) -> bool:
    """Whether a file begins as sqlite databases do."""
    with path.open("rb") as file:
        return file.read(len(SQLITE_MAGIC)) == SQLITE_MAGIC
