"""Where the API keys of a platform's endpoint are kept: what the platform names, else the environment, else the home.

This module imports neither Prefect nor AWS: an endpoint with keys in its home needs neither.
"""

import logging
import os
from functools import partial
from typing import TYPE_CHECKING, Any

from blocks.local import LOCAL
from tasks_lib.config.key_file import KeyFile
from tasks_lib.config.key_ring import KeyRing, key_ring
from tasks_lib.home import Home

if TYPE_CHECKING:
    from tasks_lib.config.key_store import KeyStore

logger = logging.getLogger(__name__)

SECRET_VARIABLE = "LLMOPS_KEYS_SECRET"  # noqa: S105  (the name of a variable)
"""Name or ARN of a secret of AWS Secrets Manager with the list of keys, for platforms that name no place for it."""


def key_store(platform: str = LOCAL) -> "KeyStore":
    """The place of a platform's keys.

    :raises ConfigurationError: If there is no such platform, or the block that it names is missing, unreadable or of
        another kind.
    """
    store = outside_key_store(platform) or KeyFile(Home.from_environment().api_keys)
    logger.info("platform %s: API keys are in %s", platform, store.place)
    return store


def outside_key_store(platform: str = LOCAL) -> "KeyStore | None":
    """The same, `None` for the home."""
    if platform not in {LOCAL, ""}:
        from blocks.resolve import saved_platform

        slug = saved_platform(platform).keys
        if slug:
            from blocks.api_keys import ApiKeyPlace
            from blocks.slugs import resolve_slug

            return resolve_slug(slug, ApiKeyPlace, "keys").store()  # type: ignore[type-abstract]
    secret = os.environ.get(SECRET_VARIABLE)
    return _of_environment(secret) if secret else None


def platform_keys(host: str, platform: str = LOCAL, *, tokens: bool = False) -> KeyRing:
    """:func:`~tasks_lib.config.key_ring.key_ring` of the environment and a platform."""
    return key_ring(host, key_store(platform), tokens=tokens)


def _of_environment(secret: str) -> "KeyStore":
    from blocks.aws_key_store import CLIENT, AwsKeyStore

    return AwsKeyStore(secret, SECRET_VARIABLE, partial(_client, CLIENT))


def _client(options: dict[str, Any]) -> Any:
    """With what boto3 finds by itself, and with `AWS_REGION`, which it does not read."""
    import boto3
    from botocore.config import Config

    session = boto3.Session(region_name=os.environ.get("AWS_REGION") or None)
    return session.client("secretsmanager", config=Config(**options))
