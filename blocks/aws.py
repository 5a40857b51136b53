"""From prefect-aws credentials to a boto3 session whose keys stay fresh."""

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from prefect_aws import AwsCredentials

from blocks.base import revealed
from tasks_lib.errors import ConfigurationError

if TYPE_CHECKING:
    import boto3

AWS_LOGO = str(AwsCredentials._logo_url)  # noqa: SLF001  (Prefect names the looks of a block like this)


def session_of(credentials: AwsCredentials, region: str | None, slug: str) -> "boto3.Session":
    """The session of `credentials`. Unlike prefect-aws's own, it assumes the role again before the keys expire.

    :param slug: The block that asks, for the error.
    :raises ConfigurationError: If the profile does not exist, or no credentials are there to assume the role with.
    """
    import boto3
    from botocore.exceptions import BotoCoreError

    from tasks_lib.assistant.providers.bedrock.session import Role, refreshable_session

    _hush()
    try:
        base = boto3.Session(
            aws_access_key_id=credentials.aws_access_key_id or None,
            aws_secret_access_key=revealed(credentials.aws_secret_access_key),
            aws_session_token=credentials.aws_session_token or None,
            profile_name=credentials.profile_name or None,
            region_name=region or credentials.region_name or None,
        )
        base.get_credentials()
    except BotoCoreError as error:
        raise ConfigurationError(
            f"the AWS credentials of {slug} are not usable: {error}", hint="Check profile and keys of the block."
        ) from None
    if not credentials.assume_role_arn:
        return base
    if base.get_credentials() is None:
        raise ConfigurationError(
            f"{slug} finds no AWS credentials to assume {credentials.assume_role_arn} with",
            hint="Give keys or a profile in the block, or set the AWS_* environment variables.",
        )
    parameters = credentials.assume_role_kwargs.get_params_override()
    return refreshable_session(base, Role(credentials.assume_role_arn, parameters))


def secrets_manager(credentials: AwsCredentials, slug: str, options: Mapping[str, Any]) -> Any:
    """A client of Secrets Manager.

    :param slug: As for :func:`session_of`.
    :param options: Of botocore's `Config`, unless the credentials bring others.
    :raises ConfigurationError: As :func:`session_of`.
    """
    from botocore.config import Config

    parameters = credentials.aws_client_parameters.get_params_override()
    parameters.setdefault("config", Config(**options))
    return session_of(credentials, None, slug).client("secretsmanager", **parameters)


def _hush() -> None:
    """At level DEBUG botocore logs signed headers and the answers of STS, keys and session tokens included."""
    logger = logging.getLogger("botocore")
    logger.setLevel(max(logger.level, logging.INFO))
