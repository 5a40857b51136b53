"""``SiteDocuments``: the pages of a web site, with its credentials."""

from typing import Any
from urllib.parse import urlsplit

from prefect.types import SecretDict
from pydantic import Field, SecretStr

from blocks.base import Address, link, revealed
from blocks.documents import Documents
from tasks_lib.assistant.contract.documents import DocumentLocation


class SiteDocuments(Documents):
    """
    The pages of a web site, as its sitemap lists them.

    Example:
        Save the block, and use it:
        ```python
        from blocks.site_documents import SiteDocuments

        SiteDocuments(sitemap="https://wiki.acme.com/sitemap.xml", username="reader", password="…").save("BLOCK_NAME")

        site_documents = SiteDocuments.load("BLOCK_NAME")
        site_documents.location()
        ```
    """

    _block_type_name = "LLMOps pages of a web site"
    _block_type_slug = "llmops-site-documents"
    _description = "The pages of a web site, as its sitemap lists them."
    _documentation_url = link("https://www.sitemaps.org/protocol.html")

    sitemap: Address = Field(
        pattern=r"^https?://",
        title="Sitemap",
        description="Address of the sitemap, such as `https://host/sitemap.xml`.",
    )
    username: str | None = Field(default=None, title="User", description="For a site that asks for one (HTTP Basic).")
    password: SecretStr | None = Field(default=None, repr=False, title="Password", description="Of the user.")
    headers: SecretDict | None = Field(
        default=None,
        title="Headers",
        description='Sent to the site\'s own origin with each request, as `{"Authorization": "Bearer …"}`.',
    )
    include: list[str] = Field(
        default_factory=list,
        title="Patterns",
        description='Pages to take by their paths, as `["docs/**"]`. Empty: all that are documents.',
    )

    @property
    def uri(self) -> str:
        """The address, said to be a sitemap's where its name does not tell."""
        named = urlsplit(self.sitemap).path.lower().endswith((".xml", ".xml.gz"))
        return self.sitemap if named else f"sitemap+{self.sitemap}"

    def location(self, include: tuple[str, ...] = ()) -> DocumentLocation:
        """The site."""
        return self.location_at(self.uri, include)

    def location_at(self, uri: str, include: tuple[str, ...] = ()) -> DocumentLocation:
        """Another sitemap of the site, with the same credentials."""
        return DocumentLocation(uri, include or tuple(self.include), options=self.options)

    def opens(self, uri: str) -> bool:
        """Whether `uri` is a sitemap of the site."""
        mine, other = urlsplit(self.sitemap), urlsplit(uri.removeprefix("sitemap+"))
        return (mine.scheme, mine.netloc.lower()) == (other.scheme, other.netloc.lower())

    def options(self) -> dict[str, Any]:
        """The credentials, revealed."""
        headers = self.headers.get_secret_value() if self.headers else {}
        return {"username": self.username, "password": revealed(self.password), "headers": dict(headers)}
