"""All block types of this package, as Prefect finds them: `prefect block register -m blocks.collection`."""

from typing import TYPE_CHECKING

from prefect.blocks.core import Block
from prefect_aws import AwsCredentials
from prefect_aws.secrets_manager import AwsSecret

from blocks.api_keys import ApiKeys, AwsApiKeys
from blocks.bedrock import BedrockModels
from blocks.documents import FolderDocuments, S3Documents
from blocks.git_documents import GitDocuments
from blocks.lancedb import LanceDBStore
from blocks.llmops_platform import LLMOpsPlatform
from blocks.local_models import LocalModels
from blocks.ollama import OllamaModels
from blocks.openai import OpenAICompatibleModels
from blocks.provider import ModelProvider
from blocks.site_documents import SiteDocuments
from blocks.storage_documents import StorageDocuments
from blocks.tracking import MLflowTracking
from blocks.weaviate import WeaviateStore
from tasks_lib.plugins import plugins

if TYPE_CHECKING:
    from blocks.base import PlatformBlock  # imported, it would be registered as a form of its own

BLOCKS: "tuple[type[PlatformBlock], ...]" = (
    ApiKeys,
    AwsApiKeys,
    BedrockModels,
    FolderDocuments,
    GitDocuments,
    LanceDBStore,
    LLMOpsPlatform,
    LocalModels,
    MLflowTracking,
    OllamaModels,
    OpenAICompatibleModels,
    S3Documents,
    SiteDocuments,
    StorageDocuments,
    WeaviateStore,
)


PREFECT_AWS: tuple[type[Block], ...] = (AwsCredentials, AwsSecret)
"""Block types of prefect-aws that this project's blocks contain or name."""


def block_types() -> "tuple[type[PlatformBlock], ...]":
    """This project's block types and plug-in providers; they must be imported before one of them is loaded.

    :raises PluginError: If a provider cannot be imported, is no `ModelProvider`, or bears the slug of another type.
    """
    types = list(BLOCKS)
    for part in plugins("providers").values():
        kind = part.load()
        if not (isinstance(kind, type) and issubclass(kind, ModelProvider)):
            raise part.failed("is no subclass of blocks.provider.ModelProvider")
        if any(kind.get_block_type_slug() == other.get_block_type_slug() for other in types):
            raise part.failed(f"bears the slug {kind.get_block_type_slug()!r}, which is another block type's")
        types.append(kind)
    return tuple(types)


def register_blocks() -> list[str]:
    """Register every block type on the Prefect server, so that its UI has their forms; idempotent.

    :returns: Slugs of the types.
    """
    types = block_types()
    for block in (*PREFECT_AWS, *types):
        block.register_type_and_schema(_sync=True)  # type: ignore[call-arg]  # Prefect's dispatch takes it away
    return [block.get_block_type_slug() for block in types]
