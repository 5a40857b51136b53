"""All block types of this package, as Prefect finds them: `prefect block register -m blocks.collection`."""

from blocks.base import PlatformBlock
from blocks.bedrock import BedrockModels
from blocks.documents import FolderDocuments, S3Documents
from blocks.lancedb import LanceDBStore
from blocks.llmops_platform import LLMOpsPlatform
from blocks.local_models import LocalModels
from blocks.ollama import OllamaModels
from blocks.openai import OpenAICompatibleModels
from blocks.tracking import MLflowTracking
from blocks.weaviate import WeaviateStore

BLOCKS: tuple[type[PlatformBlock], ...] = (
    BedrockModels,
    FolderDocuments,
    LanceDBStore,
    LLMOpsPlatform,
    LocalModels,
    MLflowTracking,
    OllamaModels,
    OpenAICompatibleModels,
    S3Documents,
    WeaviateStore,
)


def register_blocks() -> list[str]:
    """Tell the Prefect server about every block type, so that its forms are there; idempotent.

    :returns: Slugs of the types.
    """
    from prefect_aws import AwsCredentials

    AwsCredentials.register_type_and_schema(_sync=True)  # type: ignore[call-arg]  # Prefect's dispatch takes it away
    for block in BLOCKS:
        block.register_type_and_schema(_sync=True)  # type: ignore[call-arg]
    return [block.get_block_type_slug() for block in BLOCKS]
