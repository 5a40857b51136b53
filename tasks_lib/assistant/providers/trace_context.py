"""The caller's trace (W3C Trace Context), handed on with the calls of models that an answer makes."""

import re

CONTEXT_KEY = "llmops.traceparent"
"""Under which the process of a version keeps the caller's header while it answers."""
_SPAN_ID = re.compile(r"[0-9a-f]{16}")


def outgoing_headers() -> dict[str, str]:
    """`traceparent` for a call that is made now, with MLflow's open span as its parent; nothing where none was given.

    The trace and its flags are the caller's.
    """
    from opentelemetry import context

    given = context.get_value(CONTEXT_KEY)
    if not isinstance(given, str) or not given:
        return {}
    import mlflow

    _, trace, parent, flags = given.split("-")[:4]
    span = mlflow.get_current_active_span()
    own = span.span_id if span is not None and _SPAN_ID.fullmatch(span.span_id) else parent
    return {"traceparent": f"00-{trace}-{own}-{flags}"}
