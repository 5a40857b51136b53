"""Block types, default blocks and variables. What a user has saved is never written over."""

from typing import TYPE_CHECKING

from prefect.blocks.core import Block
from prefect.client.schemas.actions import VariableCreate, VariableUpdate
from prefect.exceptions import ObjectNotFound

from blocks.collection import BLOCKS, PREFECT_AWS
from blocks.lancedb import LanceDBStore
from blocks.llmops_platform import LLMOpsPlatform
from blocks.local_models import LocalModels
from flows.orchestration.changes import Changes

if TYPE_CHECKING:
    from prefect.client.orchestration import SyncPrefectClient

DEFAULT = "default"


def ensure_block_types(client: "SyncPrefectClient", changes: Changes) -> None:
    """Register every block type on the Prefect server, so that its UI has their forms."""
    for block in (*PREFECT_AWS, *BLOCKS):
        wanted = block._calculate_schema_checksum()  # noqa: SLF001  (Prefect offers no other name for it)
        if changes.note(f"block type {block.get_block_type_slug()}", _checksum(client, block), wanted):
            block.register_type_and_schema(_sync=True)  # type: ignore[call-arg]  # Prefect's dispatch takes it away


def ensure_default_blocks(client: "SyncPrefectClient", changes: Changes) -> None:
    """Save a platform `default` with the packaged defaults, as blocks that can be edited in the UI."""
    models, store = LocalModels(), LanceDBStore()
    slugs = {type(block): f"{block.get_block_type_slug()}/{DEFAULT}" for block in (models, store)}
    platform = LLMOpsPlatform(providers=[slugs[LocalModels]], index=slugs[LanceDBStore])
    for block in (models, store, platform):
        slug = block.get_block_type_slug()
        if changes.note(f"block {slug}/{DEFAULT}", _document(client, slug), DEFAULT):
            block.save(DEFAULT, _sync=True)  # type: ignore[call-arg]


def ensure_variables(client: "SyncPrefectClient", values: dict[str, str], changes: Changes) -> None:
    """Create and update the Prefect variables that prefect.yaml reads."""
    for name, value in values.items():
        existing = client.read_variable_by_name(name)
        if not changes.note(f"variable {name}", existing and existing.value, value):
            continue
        if existing:
            client.update_variable(VariableUpdate(name=name, value=value))
        else:
            client.create_variable(VariableCreate(name=name, value=value))


def _checksum(client: "SyncPrefectClient", block: type[Block]) -> str | None:
    """Checksum of our schema if the server knows it, empty if it knows others of the type, `None` if it knows none."""
    try:
        client.read_block_type_by_slug(block.get_block_type_slug())
    except ObjectNotFound:
        return None
    try:
        return client.read_block_schema_by_checksum(block._calculate_schema_checksum()).checksum  # noqa: SLF001
    except ObjectNotFound:
        return ""


def _document(client: "SyncPrefectClient", slug: str) -> str | None:
    try:
        return client.read_block_document_by_name(DEFAULT, slug, include_secrets=False).name
    except ObjectNotFound:
        return None
