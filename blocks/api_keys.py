"""Where a platform keeps the API keys of its endpoint: ``ApiKeyPlace``, ``ApiKeys`` and ``AwsApiKeys``."""

from abc import ABC, abstractmethod
from functools import partial
from typing import TYPE_CHECKING

from pydantic import Field, SecretStr

from blocks.aws import AWS_LOGO, secrets_manager
from blocks.aws_key_store import CLIENT, AwsKeyStore
from blocks.aws_secret import SecretSlug
from blocks.base import PlatformBlock, link, secrets_in
from blocks.loading import load_block
from blocks.prefect_key_store import PrefectKeyStore
from tasks_lib.config.key_store import BLOCK_TYPE
from tasks_lib.errors import ConfigurationError

if TYPE_CHECKING:
    from tasks_lib.config.key_store import KeyStore


class ApiKeyPlace(PlatformBlock, ABC):
    """A place outside of the home for the list of API keys."""

    @abstractmethod
    def store(self) -> "KeyStore":
        """The place, as keys are made, changed and read there."""


class ApiKeys(ApiKeyPlace):
    """
    API keys of the endpoint, in this block: their SHA-256, holders and times. `llmops keys` changes them.

    Example:
        Save the block once, and name it in a platform:
        ```python
        from blocks.api_keys import ApiKeys
        from blocks.llmops_platform import LLMOpsPlatform

        ApiKeys().save("BLOCK_NAME")

        api_keys = ApiKeys.load("BLOCK_NAME")
        LLMOpsPlatform(keys=api_keys.slug).save("team", overwrite=True)
        ```
    """

    _block_type_name = "LLMOps API keys"
    _block_type_slug = BLOCK_TYPE
    _description = "API keys of the endpoint, as digests in a block of the Prefect server."
    _documentation_url = link("https://docs.prefect.io/v3/concepts/blocks")

    keys: SecretStr | None = Field(
        default=None, title="Keys", description="Written by `llmops keys create --platform NAME`: leave it empty."
    )

    def store(self) -> "KeyStore":
        """The block itself.

        :raises ConfigurationError: If it is not saved.
        """
        if not self._block_document_name:
            raise ConfigurationError("the block with the API keys is not saved", hint="Save it, and name its slug.")
        return PrefectKeyStore(self.get_block_type_slug(), self._block_document_name)


class AwsApiKeys(ApiKeyPlace):
    """
    API keys of the endpoint, in AWS Secrets Manager: their SHA-256, holders and times. `llmops keys` changes them.

    Example:
        Save the block, and name it in a platform:
        ```python
        from blocks.api_keys import AwsApiKeys
        from blocks.llmops_platform import LLMOpsPlatform

        AwsApiKeys(aws_secret="aws-secret/llmops-keys").save("BLOCK_NAME")

        aws_api_keys = AwsApiKeys.load("BLOCK_NAME")
        LLMOpsPlatform(keys=aws_api_keys.slug).save("team", overwrite=True)
        ```
    """

    _block_type_name = "LLMOps API keys in AWS"
    _block_type_slug = "llmops-aws-api-keys"
    _description = "API keys of the endpoint, as digests in a secret of AWS Secrets Manager."
    _logo_url = link(AWS_LOGO)
    _documentation_url = link("https://docs.aws.amazon.com/secretsmanager/latest/userguide/intro.html")

    aws_secret: SecretSlug = Field(
        title="AWS secret",
        description="Slug of the AWS Secret block of a secret that holds nothing else, as `aws-secret/llmops-keys`.",
    )

    def store(self) -> "KeyStore":
        """The secret.

        :raises ConfigurationError: If there is no such AWS Secret block.
        """
        from prefect_aws.secrets_manager import AwsSecret

        block = load_block(self.aws_secret, AwsSecret, f"aws_secret of {self.slug}")
        make = partial(secrets_manager, block.aws_credentials, self.aws_secret, CLIENT)
        return AwsKeyStore(block.secret_name, self.slug, make, hidden=tuple(secrets_in(block)))
