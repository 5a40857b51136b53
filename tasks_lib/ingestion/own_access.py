"""What a document of Markdown says itself of who may see it: the key `access` of its front matter."""

import re
from dataclasses import dataclass

from tasks_lib.assistant.contract.access import CLOSED, Groups
from tasks_lib.ingestion.converters.convert import format_of
from tasks_lib.ingestion.converters.converted import UnreadableDocumentError
from tasks_lib.ingestion.converters.encoding import decode
from tasks_lib.ingestion.converters.front_matter import front_block
from tasks_lib.ingestion.sidecars import AccessStatementError, stated_groups

_KEY = "access"
_MENTIONED = re.compile(r"\baccess\b", re.IGNORECASE)


@dataclass(frozen=True)
class OwnAccess:
    """What a document says of itself.

    :param doubted: Its front matter is no YAML or TOML, and does not look as if it spoke of access.
    """

    groups: Groups | None = None
    problem: str = ""
    doubted: bool = False


def may_speak(named: str) -> bool:
    """Whether a document of this name can say who may see it."""
    return format_of(named) in {"md", "mdx"}


def own_access(data: bytes) -> OwnAccess:
    """Read the statement of a file; one that cannot be read closes the document."""
    try:
        block = front_block(decode(data).text)
    except UnreadableDocumentError as error:
        return OwnAccess(CLOSED, error.message)
    if block is None:
        return OwnAccess()
    if block.values is None:
        return OwnAccess(CLOSED, "front matter cannot be read", doubted=not _MENTIONED.search(block.text))
    said = [value for key, value in block.values.items() if str(key).strip().lower() == _KEY]
    if not said:
        return OwnAccess()
    try:
        groups = [stated_groups(value) for value in said]
    except AccessStatementError as error:
        return OwnAccess(CLOSED, f"front matter, {_KEY}: {error}")
    return OwnAccess(groups[0]) if len(groups) == 1 else OwnAccess(CLOSED, f"front matter says {_KEY} twice")
