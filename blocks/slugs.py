"""From slugs to blocks that are ready to use: saved ones of every installed type, and providers of the environment."""

from typing import TypeVar

from prefect.blocks.core import Block

from blocks.aws_secret import KeyHolder
from blocks.collection import block_types
from blocks.environment import ENVIRONMENT, providers_of_environment
from blocks.loading import load_block
from blocks.provider import ModelProvider
from tasks_lib.errors import ConfigurationError

Role = TypeVar("Role", bound=Block)


def resolve_slug(slug: str, role: type[Role], purpose: str) -> Role:
    """The saved block behind `slug`; a key that lies in AWS Secrets Manager is read.

    :param purpose: What the block is for, as errors name it.
    :raises ConfigurationError: As :func:`~blocks.loading.load_block`, or if the key cannot be read.
    """
    block_types()
    block = load_block(slug, role, purpose)
    if isinstance(block, KeyHolder):
        block.key()
    return block


def load_provider(slug: str) -> ModelProvider:
    """The provider behind a slug, as stored pipelines name it.

    :raises ConfigurationError: If there is none.
    """
    if not slug.startswith(f"{ENVIRONMENT}/"):
        return resolve_slug(slug, ModelProvider, "the pipeline")  # type: ignore[type-abstract]
    for provider in providers_of_environment():
        if provider.slug == slug:
            return provider
    raise ConfigurationError(
        f"the environment describes no provider {slug!r}", hint="Set its variables, or save a block for it."
    )
