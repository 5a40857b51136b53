"""``LLMOpsPlatform``: the blocks that play the roles of a platform, by their slugs."""

from typing import Annotated

from pydantic import Field, StringConstraints

from blocks.base import PlatformBlock, link

Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]+/[a-z0-9-]+$")]
"""`block-type/document-name`."""
ModelIdentifier = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]*/.+$")]


class LLMOpsPlatform(PlatformBlock):
    """
    Everything that a deployment of LLMOps flows needs to reach, by name: `llmops deploy --platform NAME`.

    Blocks are named by slug, as `block-type/document-name`. A role that is left empty is filled from the environment,
    else by what comes with the package, and the log says so.

    Example:
        Save the block, and use it:
        ```python
        from blocks.llmops_platform import LLMOpsPlatform
        from blocks.resolve import resolve_platform

        LLMOpsPlatform(
            providers=["llmops-bedrock-models/prod"],
            judge="bedrock/eu.anthropic.claude-sonnet-4-6",
            index="llmops-weaviate-store/prod",
            tracking="llmops-mlflow-tracking/prod",
            documents="llmops-s3-documents/handbook",
            keys="llmops-api-keys/prod",
        ).save("BLOCK_NAME")

        llmops_platform = LLMOpsPlatform.load("BLOCK_NAME")
        platform = resolve_platform("BLOCK_NAME")
        ```
    """

    _block_type_name = "LLMOps platform"
    _block_type_slug = "llmops-platform"
    _description = "The blocks that play the roles of a platform: models, judge, index, tracking and documents."
    _documentation_url = link("https://docs.prefect.io/v3/concepts/blocks")

    providers: list[Slug] = Field(
        default_factory=list,
        title="Model providers",
        description='Slugs of the blocks with language models and embedders, as `["llmops-bedrock-models/prod"]`. '
        "Empty: what the environment names.",
    )
    judge: ModelIdentifier | None = Field(
        default=None,
        title="Judge",
        description="Model that judges answers, as `provider/model`. Empty: answers are not judged by a model.",
    )
    index: Slug | None = Field(
        default=None,
        title="Index",
        description="Slug of the store, such as `llmops-weaviate-store/prod`. Empty: WEAVIATE_URL, else LanceDB.",
    )
    tracking: Slug | None = Field(
        default=None,
        title="Tracking",
        description="Slug of the server, such as `llmops-mlflow-tracking/prod`. Empty: MLFLOW_TRACKING_URI, else "
        "sqlite below LLMOPS_HOME.",
    )
    documents: Slug | None = Field(
        default=None,
        title="Documents",
        description="Slug of the source, such as `llmops-s3-documents/handbook`. Empty: the sample handbook.",
    )
    sources: list[Slug] = Field(
        default_factory=list,
        title="Further sources",
        description='Slugs of blocks with documents, as `["llmops-git-documents/wiki"]`: a run that names an address '
        "in one of them has its credentials.",
    )
    keys: Slug | None = Field(
        default=None,
        title="API keys",
        description="Slug of the place of the endpoint's API keys, such as `llmops-api-keys/prod`. Empty: "
        "LLMOPS_KEYS_SECRET, else a file below LLMOPS_HOME.",
    )
