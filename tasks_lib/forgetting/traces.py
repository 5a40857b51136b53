"""Out of MLflow's traces, with their spans, tags and assessments: a trace that holds it goes as a whole."""

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

from tasks_lib.errors import InputError
from tasks_lib.forgetting.needles import Needles
from tasks_lib.forgetting.redaction import holds
from tasks_lib.registry import trace_deletion
from tasks_lib.registry.tracking import TRACE_CALLER_TAG

if TYPE_CHECKING:
    from mlflow.entities import Trace

    from tasks_lib.config.pseudonyms import Pseudonyms
    from tasks_lib.registry.assistant_client import AssistantClient

PAGE = 100
"""Traces that are read at once."""


def traces_with(client: "AssistantClient", needles: Needles) -> dict[str, list[str]]:
    """Experiment → ids of the traces that hold the needles."""
    found: dict[str, list[str]] = {}
    for trace in all_traces(client):
        if holds(trace.to_dict(), needles):
            found.setdefault(str(trace.info.experiment_id), []).append(trace.info.trace_id)
    return found


def traces_of_user(client: "AssistantClient", pseudonyms: "Pseudonyms", name: str) -> "list[Trace]":
    """The traces of a caller, named by the holder of a key, by a token's issuer and subject, or by pseudonym."""
    wanted = {name, pseudonyms.of(f"key {name}"), pseudonyms.of(name)}
    return [trace for trace in all_traces(client) if trace.info.tags.get(TRACE_CALLER_TAG) in wanted]


def require_trace(client: "AssistantClient", trace_id: str) -> "Trace":
    """One trace.

    :raises InputError: If there is none of this id.
    """
    from mlflow.exceptions import MlflowException

    try:
        trace: Trace = client.get_trace(trace_id, display=False)
    except MlflowException as error:
        raise InputError(
            f"there is no trace {trace_id!r}", hint="`llmops ask` and the endpoint tell the ids of their answers."
        ) from error
    return trace


def questions_of(trace: "Trace") -> list[str]:
    """What was asked, whatever the form of the request."""
    return list(_asked(trace.data.request and _json(trace.data.request)))


def delete_traces(client: "AssistantClient", found: dict[str, list[str]]) -> int:
    """Delete traces by experiment; how many there were."""
    return sum(trace_deletion.delete_traces(client, experiment, ids) for experiment, ids in found.items())


def all_traces(client: "AssistantClient") -> "Iterator[Trace]":
    """Every trace of every assistant."""
    for experiment in client.all_experiments():
        token = None
        while True:
            page = client.search_traces(
                locations=[experiment.experiment_id], max_results=PAGE, page_token=token, include_spans=True
            )
            yield from page
            token = page.token
            if not token:
                break


def _json(text: object) -> object:
    try:
        return json.loads(text) if isinstance(text, str) else text
    except ValueError:
        return text


def _asked(value: object) -> Iterator[str]:
    """Contents of the user's messages, and texts under the name of a question."""
    if isinstance(value, dict):
        if value.get("role") == "user" and isinstance(value.get("content"), str):
            yield value["content"]
        for key, each in value.items():
            if key in {"question", "query"} and isinstance(each, str):
                yield each
            elif not isinstance(each, str):
                yield from _asked(each)
    elif isinstance(value, list):
        for each in value:
            yield from _asked(each)
