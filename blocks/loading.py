"""Saved blocks by their slugs, with errors that say what exists. This module imports no block type."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import httpx
from prefect.blocks.core import Block
from prefect.utilities.dispatch import get_registry_for_type
from pydantic import ValidationError

from tasks_lib.errors import ConfigurationError, LlmopsError

Role = TypeVar("Role", bound=Block)


class MissingBlockError(ConfigurationError):
    """There is no block behind a slug."""


SLUG = re.compile(r"[a-z0-9-]+/[a-z0-9-]+")
PAGE = 200
"""Most documents that a Prefect server lists at once."""


def load_block(slug: str, role: type[Role], purpose: str) -> Role:
    """The saved block behind `slug`, which must be able to play `role`. Also right in an event loop, if in a thread.

    Its type must have been imported.

    :param purpose: What the block is for, as errors name it.
    :raises ConfigurationError: If there is no such block, it cannot be read, or it is of another kind.
    :raises LlmopsError: If the Prefect server cannot be reached.
    """
    if not SLUG.fullmatch(slug):
        raise ConfigurationError(
            f"{purpose} names {slug!r}, which is no slug", hint="Write block-type/document-name in lower-case letters."
        )
    with _named_outages():
        try:
            block: Any = Block.load(slug, _sync=True)  # type: ignore[call-arg]  # Prefect's dispatch takes it away
        except (ValueError, RuntimeError, KeyError, LookupError) as error:
            if "Unable to find block document" in str(error):
                raise _missing(slug, role, purpose) from None
            if not isinstance(_validation(error), ValidationError) and "Unable to load" not in str(error):
                raise
            raise _unreadable(slug, purpose, _validation(error)) from None
    if not isinstance(block, role):
        raise ConfigurationError(
            f"{purpose} names {slug!r}, which is a {block.get_block_type_name()}; "
            f"it takes one of {', '.join(kinds_of(role))}",
            hint=f"Name a block of one of these types. {_listed(saved_slugs(role))}",
        )
    return block


def saved_slugs(role: type[Block]) -> list[str]:
    """Slugs of all saved blocks that can play `role`."""
    from prefect.client.orchestration import get_client

    kinds = set(kinds_of(role))
    slugs: list[str] = []
    with _named_outages(), get_client(sync_client=True) as client:
        while True:
            page = client.read_block_documents(offset=len(slugs), limit=PAGE, include_secrets=False)
            slugs += [f"{document.block_type.slug if document.block_type else ''}/{document.name}" for document in page]
            if len(page) < PAGE:
                return sorted(slug for slug in slugs if slug.partition("/")[0] in kinds)


def kinds_of(role: type[Block]) -> list[str]:
    """Slugs of the imported block types that can play `role`."""
    imported = (get_registry_for_type(Block) or {}).values()
    return sorted({kind.get_block_type_slug() for kind in imported if issubclass(kind, role)})


@contextmanager
def _named_outages() -> Iterator[None]:
    """Name the failure of a Prefect server that does not answer."""
    from prefect.settings import PREFECT_API_URL

    try:
        yield
    except httpx.TransportError as error:
        raise LlmopsError(
            f"no Prefect server answers at {PREFECT_API_URL.value() or 'its embedded address'}: {error}",
            hint="Prefect keeps the platforms: start its server, correct PREFECT_API_URL, or use --platform local.",
        ) from None


def _validation(error: BaseException) -> BaseException:
    return error.__cause__ if isinstance(error.__cause__, ValidationError) else error


def _missing(slug: str, role: type[Block], purpose: str) -> MissingBlockError:
    return MissingBlockError(
        f"{purpose} names the block {slug!r}, which does not exist. {_listed(saved_slugs(role))}",
        hint=f"Save the block, or name one of {', '.join(kinds_of(role))} that exists.",
    )


def _unreadable(slug: str, purpose: str, error: BaseException) -> ConfigurationError:
    """What is wrong with the fields, without their values."""
    wrong = "its fields do not fit its type"
    if isinstance(error, ValidationError):
        problems = error.errors(include_input=False, include_url=False)
        wrong = "; ".join(f"{'.'.join(map(str, problem['loc']))}: {problem['msg']}" for problem in problems)
    return ConfigurationError(
        f"{purpose} names the block {slug!r}, which cannot be read: {wrong}",
        hint="Correct the block in the Prefect UI, or save it again.",
    )


def _listed(slugs: list[str]) -> str:
    return f"Blocks: {', '.join(slugs) or 'none'}."
