"""What a version is made of that the one before it was not: configuration, documents, questions and code."""

from collections.abc import Iterator, Mapping
from textwrap import shorten
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tasks_lib.config.rag import RagConfig

CHANGED_TAG = "llmops.changed"
"""Tag of a run: what is another than in the version that was in production before."""
DOCUMENTS = ("index", "index_version")
ORIGIN = ("dataset", "git_sha", "package_version", "plugins")
"""Tags of a version that tell of its questions and its code."""
LONGEST = 1000


def changes(
    before: "RagConfig", rag: "RagConfig", tags_before: Mapping[str, str], tags: Mapping[str, str]
) -> dict[str, str]:
    """Key → `old → new`, for every key of the configuration and every tag of the origin that is another one."""
    old, new = dict(flat(before.model_dump(mode="json"))), dict(flat(rag.model_dump(mode="json")))
    keys = {name: (old.get(name), new.get(name)) for name in sorted({*old, *new})}
    origin = {name: (tags_before.get(name), tags.get(name)) for name in (*DOCUMENTS, *ORIGIN)}
    return {name: f"{one} → {other}" for name, (one, other) in {**keys, **origin}.items() if one != other}


def in_short(changed: Mapping[str, str]) -> str:
    """The changes on one line, as a tag holds them."""
    return shorten("; ".join(f"{name} {change}" for name, change in changed.items()), LONGEST, placeholder=" …")


def flat(content: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Every value with its dotted name."""
    for name, value in content.items():
        if isinstance(value, dict):
            yield from flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value
