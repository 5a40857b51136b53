"""``GitDocuments``: documents in a git repository, with its credentials."""

from typing import Any

from pydantic import Field, SecretStr

from blocks.base import link, revealed
from blocks.documents import Documents
from tasks_lib.assistant.contract.documents import DocumentLocation


class GitDocuments(Documents):
    """
    Documents in a git repository, at a branch or a tag.

    Example:
        Save the block, and use it:
        ```python
        from blocks.git_documents import GitDocuments

        GitDocuments(
            repository="https://git.acme.com/wiki.git", revision="main", folder="docs", username="reader", token="…"
        ).save("BLOCK_NAME")

        git_documents = GitDocuments.load("BLOCK_NAME")
        git_documents.location()
        ```
    """

    _block_type_name = "LLMOps documents in git"
    _block_type_slug = "llmops-git-documents"
    _description = "Documents in a git repository, at a branch or a tag."
    _documentation_url = link("https://git-scm.com/docs/git-clone#_git_urls")

    repository: str = Field(
        pattern=r"^(https|http|ssh|file|git)://[^:@]*(@|:\d|/|$)",
        title="Repository",
        description="Its address without a password, such as `https://host/team/wiki.git` or `ssh://git@host/wiki.git`.",
    )
    revision: str | None = Field(
        default=None, title="Branch or tag", description="Empty: the repository's default branch."
    )
    folder: str | None = Field(default=None, title="Folder", description="Folder of it. Empty: the whole repository.")
    username: str | None = Field(default=None, title="User", description="For HTTP. Empty: `git`, as for most tokens.")
    token: SecretStr | None = Field(
        default=None, repr=False, title="Token or password", description="For HTTP. Empty: what git finds by itself."
    )
    private_key: SecretStr | None = Field(
        default=None, repr=False, title="Private key", description="For SSH, as in a key file. Empty: the agent's keys."
    )
    known_hosts: str | None = Field(
        default=None,
        title="Known hosts",
        description="For SSH: lines as in `~/.ssh/known_hosts`. Empty: the file of the machine.",
    )
    include: list[str] = Field(
        default_factory=list,
        title="Patterns",
        description='Files to take, as `["*.md", "*.pdf"]`. Empty: every known format.',
    )

    @property
    def uri(self) -> str:
        """`git+https://host/repository@branch#subdirectory=folder`."""
        revision = f"@{self.revision}" if self.revision else ""
        return f"git+{self.repository}{revision}" + (f"#subdirectory={self.folder}" if self.folder else "")

    def location(self, include: tuple[str, ...] = ()) -> DocumentLocation:
        """The folder at the branch."""
        return self.location_at(self.uri, include)

    def location_at(self, uri: str, include: tuple[str, ...] = ()) -> DocumentLocation:
        """Another folder or branch, with the same credentials."""
        return DocumentLocation(uri, include or tuple(self.include), options=self.options)

    def opens(self, uri: str) -> bool:
        """Whether `uri` names the repository, at any branch."""
        base = f"git+{self.repository.rstrip('/')}"
        return uri.rstrip("/") == base or uri.startswith((f"{base}@", f"{base}#", f"{base}/@", f"{base}/#"))

    def options(self) -> dict[str, Any]:
        """The credentials, revealed."""
        return {
            "username": self.username,
            "password": revealed(self.token),
            "private_key": revealed(self.private_key),
            "known_hosts": self.known_hosts,
        }
