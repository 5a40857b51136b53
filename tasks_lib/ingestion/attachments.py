"""Attachments of messages: documents of their own, `mail.eml/report.pdf`, that come and go with it."""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from haystack import Pipeline

from tasks_lib.ingestion.converters.components import ConverterBySuffix, FormatConverter
from tasks_lib.ingestion.converters.convert import MESSAGES, attached_to, format_of, oversized
from tasks_lib.ingestion.converters.converted import UnreadableDocumentError
from tasks_lib.ingestion.converters.mail import Attachment

MOST = 200
"""Attachments of one message, with those of messages that are attached to it."""
DEEPEST = 5
"""Messages within messages."""
_NAMED = 5
_BELOW_A_MESSAGE = re.compile(r"\.(?:eml|msg)/", re.IGNORECASE)


@dataclass
class Attachments:
    """What came with one message."""

    files: list[tuple[str, bytes]] = field(default_factory=list)
    """Path, which begins with that of the message, and content."""
    left_out: list[str] = field(default_factory=list)
    """Names and reasons."""


def left_out(reasons: list[str]) -> str:
    """What of a message is not read; at most a few are named."""
    more = f"; and {len(reasons) - _NAMED} more" if len(reasons) > _NAMED else ""
    return f"attachments are left out: {'; '.join(reasons[:_NAMED])}{more}" if reasons else ""


def opened_suffixes(pipeline: Pipeline) -> frozenset[str]:
    """Suffixes of the messages whose attachments are documents: those that our own converters read in `pipeline`."""
    parts = (part for _, part in pipeline.walk() if isinstance(part, ConverterBySuffix))
    return frozenset(
        suffix
        for part in parts
        for suffix, converter in part.converters.items()
        if isinstance(converter, FormatConverter) and converter.file_format in MESSAGES
    )


def attachments(path: str, data: bytes, understood: Collection[str], max_bytes: int) -> Attachments:
    """The files that came with a message, and with messages among them.

    :param understood: Suffixes of the files that can be converted.
    :param max_bytes: Most that one of them, and all of them together, may have.
    """
    found = Attachments()
    for name, content in _below(path, data, 1, found):
        suffix = PurePosixPath(name).suffix.lower()
        size = sum(len(each) for _, each in found.files) + len(content)
        if suffix not in understood:
            reason = f"format {suffix or 'without extension'!r} is not understood"
        elif not content:
            reason = "empty: 0 bytes"
        elif len(found.files) == MOST:
            reason = f"there are more than {MOST}"
        elif size > max_bytes:
            reason = oversized(size, max_bytes)
        else:
            found.files.append((name, content))
            continue
        found.left_out.append(f"{name.removeprefix(f'{path}/')!r}: {reason}")
    return found


def _below(path: str, data: bytes, depth: int, found: Attachments) -> Iterator[tuple[str, bytes]]:
    for attachment in _attached(path, data):
        name = f"{path}/{attachment.name}"
        yield name, attachment.data
        if format_of(name) not in MESSAGES:
            continue
        if depth < DEEPEST:
            yield from _below(name, attachment.data, depth + 1, found)
        elif _attached(name, attachment.data):
            found.left_out.append(f"what is attached to {attachment.name!r}: it lies {DEEPEST} messages deep")


def _attached(path: str, data: bytes) -> list[Attachment]:
    try:
        return list(attached_to(path, data))
    except UnreadableDocumentError:
        return []  # converting the message tells why


def by_message(documents: Iterable[str]) -> dict[str, list[str]]:
    """Message → documents among `documents` that came with it, directly or in another message."""
    known = set(documents)
    parts: defaultdict[str, list[str]] = defaultdict(list)
    for path in filter(_BELOW_A_MESSAGE.search, sorted(known)):
        folders = [str(folder) for folder in reversed(PurePosixPath(path).parents)]
        message = next((each for each in folders if format_of(each) in MESSAGES and each in known), None)
        if message is not None:
            parts[message].append(path)
    return dict(parts)
