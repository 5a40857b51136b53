"""The trace that a caller's request is a part of, by the header `traceparent` (W3C Trace Context, version 00)."""

import re
from dataclasses import dataclass

from starlette.datastructures import Headers

TRACEPARENT = "traceparent"
_GIVEN = re.compile(r"(?!ff)([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")


@dataclass(frozen=True)
class TraceContext:
    """What a caller says of its own trace."""

    trace_id: str
    span_id: str
    flags: str

    def __str__(self) -> str:
        """As the header is written."""
        return f"00-{self.trace_id}-{self.span_id}-{self.flags}"


def trace_context(headers: Headers) -> TraceContext | None:
    """What the request says; `None` where it says nothing, or what is no such header: then it is as if it was not sent.

    Of a later version the parts of this one are read, as the standard asks for.
    """
    given = headers.getlist(TRACEPARENT)
    match = _GIVEN.fullmatch(given[0].strip(" \t")) if len(given) == 1 else None
    if match is None or (match[1] == "00" and match[5]) or not int(match[2], 16) or not int(match[3], 16):
        return None
    return TraceContext(match[2], match[3], match[4])
