"""Where a platform's documents come from: ``Documents``, ``FolderDocuments`` and ``S3Documents``."""

from abc import ABC, abstractmethod
from typing import Any

from prefect_aws import AwsCredentials
from pydantic import Field

from blocks.aws import AWS_LOGO, session_of
from blocks.base import Address, PlatformBlock, link
from tasks_lib.assistant.contract.documents import DocumentLocation


class Documents(PlatformBlock, ABC):
    """A source of documents."""

    @abstractmethod
    def location(self, include: tuple[str, ...] = ()) -> DocumentLocation:
        """Where the documents that match `include` lie; without patterns, those that the block names."""

    def location_at(self, uri: str, include: tuple[str, ...] = ()) -> DocumentLocation:
        """Another place that :meth:`opens` accepts, with the same credentials."""
        return DocumentLocation(uri, include)

    def opens(self, uri: str) -> bool:  # noqa: ARG002  (a folder has no credentials to lend)
        """Whether the credentials of this block are those for `uri`."""
        return False


class FolderDocuments(Documents):
    """
    Documents in a folder that every worker can read.

    Example:
        Save the block, and use it:
        ```python
        from blocks.documents import FolderDocuments

        FolderDocuments(path="/srv/handbook", include=["*.md", "*.pdf"]).save("BLOCK_NAME")

        folder_documents = FolderDocuments.load("BLOCK_NAME")
        folder_documents.location()
        ```
    """

    _block_type_name = "LLMOps documents in a folder"
    _block_type_slug = "llmops-folder-documents"
    _description = "Documents in a folder that every worker can read."
    _documentation_url = link("https://git-scm.com/docs/gitignore#_pattern_format")

    path: str = Field(title="Folder", description="Path of the folder, as the workers see it.")
    include: list[str] = Field(
        default_factory=list,
        title="Patterns",
        description='Files to take, as `["*.md", "*.pdf"]`. Empty: every known format.',
    )

    def location(self, include: tuple[str, ...] = ()) -> DocumentLocation:
        """The folder."""
        return DocumentLocation(self.path, include or tuple(self.include))


class S3Documents(Documents):
    """
    Documents below a prefix of an S3 bucket.

    Example:
        Save the block, and use it:
        ```python
        from prefect_aws import AwsCredentials

        from blocks.documents import S3Documents

        S3Documents(
            bucket="acme-documents", prefix="handbook", credentials=AwsCredentials(region_name="eu-central-1")
        ).save("BLOCK_NAME")

        s3_documents = S3Documents.load("BLOCK_NAME")
        s3_documents.get_client()
        ```
    """

    _block_type_name = "LLMOps documents in S3"
    _block_type_slug = "llmops-s3-documents"
    _logo_url = link(AWS_LOGO)
    _description = "Documents below a prefix of an S3 bucket, or of a store that speaks S3's API."
    _documentation_url = link("https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-prefixes.html")

    bucket: str = Field(min_length=1, title="Bucket", description="Name of the bucket.")
    prefix: str = Field(default="", title="Prefix", description="Folder in the bucket. Empty: the whole bucket.")
    credentials: AwsCredentials = Field(
        default_factory=AwsCredentials,
        repr=False,
        title="AWS credentials",
        description="Keys, profile or role to assume. Empty: what the process finds in its environment.",
    )
    endpoint_url: Address | None = Field(
        default=None, title="Endpoint", description="Address of a store that speaks S3's API. Empty: AWS's own."
    )
    include: list[str] = Field(
        default_factory=list,
        title="Patterns",
        description='Objects to take, as `["*.md", "*.pdf"]`. Empty: every known format.',
    )

    @property
    def uri(self) -> str:
        """`s3://bucket/prefix`."""
        return f"s3://{self.bucket}/{self.prefix.strip('/')}".rstrip("/")

    def location(self, include: tuple[str, ...] = ()) -> DocumentLocation:
        """The prefix."""
        return self.location_at(self.uri, include)

    def location_at(self, uri: str, include: tuple[str, ...] = ()) -> DocumentLocation:
        """Another prefix of the same bucket, with the same credentials."""
        return DocumentLocation(uri, include or tuple(self.include), self.get_client)

    def opens(self, uri: str) -> bool:
        """Whether `uri` lies in the bucket."""
        return uri == f"s3://{self.bucket}" or uri.startswith(f"s3://{self.bucket}/")

    def get_client(self) -> Any:
        """A boto3 client of S3."""
        parameters = self.credentials.aws_client_parameters.get_params_override()
        if self.endpoint_url:
            parameters["endpoint_url"] = self.endpoint_url
        return session_of(self.credentials, None, self.slug).client("s3", **parameters)
