"""``KeyHolder``: a block with one key, which lies in the block or in AWS Secrets Manager."""

import json
from abc import ABC
from typing import Annotated, Any, Self

from pydantic import Field, PrivateAttr, SecretStr, StringConstraints, model_validator

from blocks.aws import secrets_manager
from blocks.base import PlatformBlock, revealed, secrets_in
from blocks.loading import load_block
from tasks_lib.assistant.providers.redact import redact
from tasks_lib.errors import ConfigurationError

CLIENT = {"connect_timeout": 10, "read_timeout": 10, "retries": {"total_max_attempts": 3, "mode": "standard"}}
"""Options of botocore's `Config`, unless the AWS credentials bring others."""

SecretSlug = Annotated[str, StringConstraints(pattern=r"^aws-secret/[a-z0-9-]+$")]
AwsSecretSlug = Annotated[
    SecretSlug | None,
    Field(
        title="AWS secret",
        description="Slug of an AWS Secret block, such as `aws-secret/prod`, if the key is to be read from AWS Secrets "
        "Manager whenever the platform is resolved. Then no key is given here.",
    ),
]


class KeyHolder(PlatformBlock, ABC):
    """A block with one key, given in its field or by the AWS secret that it names."""

    aws_secret: AwsSecretSlug = None

    _read: SecretStr | None = PrivateAttr(default=None)

    @model_validator(mode="after")
    def _one_place_for_the_key(self) -> Self:
        if self.aws_secret and revealed(getattr(self, self.key_field)):
            msg = f"give {self.key_field}, or the AWS secret that holds it, not both"
            raise ValueError(msg)
        return self

    @property
    def key_field(self) -> str:
        """The field that holds the key; also its name in an AWS secret of several entries."""
        return "api_key"

    def key(self) -> str | None:
        """The key; `None` if there is none. What is read from AWS is kept for as long as this object lives.

        :raises ConfigurationError: If there is no such AWS secret, or it cannot be read.
        """
        if self.aws_secret and self._read is None:
            self._read = SecretStr(_read(self.aws_secret, self.key_field, self.slug))
        return revealed(self._read or getattr(self, self.key_field))

    def secrets(self) -> tuple[str, ...]:
        """With the key that was read from AWS, if it was."""
        secrets = super().secrets()
        return (*secrets, self._read.get_secret_value()) if self._read else secrets


def _read(slug: str, entry: str, holder: str) -> str:
    """The secret behind the block `slug`; of a JSON object, the value called `entry`."""
    from botocore.exceptions import BotoCoreError, ClientError
    from prefect_aws.secrets_manager import AwsSecret

    block = load_block(slug, AwsSecret, f"aws_secret of {holder}")
    try:
        client = secrets_manager(block.aws_credentials, slug, CLIENT)
        answer = client.get_secret_value(SecretId=block.secret_name)
    except (BotoCoreError, ClientError) as error:
        detail = redact(str(error), secrets_in(block))
        raise ConfigurationError(
            f"{holder} takes its key from the AWS secret {block.secret_name!r}, which cannot be read: {detail}",
            hint=f"Check name, region and credentials of {slug}, and that they may call GetSecretValue.",
        ) from None
    return _value(answer, entry, block.secret_name)


def _value(answer: dict[str, Any], entry: str, name: str) -> str:
    text = str(answer.get("SecretString") or answer.get("SecretBinary", b"").decode()).strip()
    try:
        entries = json.loads(text)
    except ValueError:
        entries = None
    if not isinstance(entries, dict):
        if not text:
            raise ConfigurationError(f"the AWS secret {name!r} is empty", hint="Store the key in it.")
        return text
    if not entries.get(entry):
        raise ConfigurationError(
            f"the AWS secret {name!r} has no entry {entry!r}; it has {', '.join(sorted(entries)) or 'none'}",
            hint=f"Call the entry with the key {entry!r}, or store the key alone.",
        )
    return str(entries[entry])
