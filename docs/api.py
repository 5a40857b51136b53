"""The page of what a plug-in, or a program of one's own, imports."""

import dataclasses
import inspect
import re
from types import FunctionType, ModuleType

from pydantic import BaseModel
from tables import fields, first_line, plain, table

REQUIRED = "**Yours to write.** "


def python() -> str:
    """What a plug-in, or code of one's own, imports."""
    from blocks import provider
    from tasks_lib import plugins
    from tasks_lib.assistant.answering import assistant
    from tasks_lib.assistant.contract import answer as types
    from tasks_lib.assistant.contract import embedder, platform
    from tasks_lib.assistant.guardrails import detection
    from tasks_lib.dataset import examples
    from tasks_lib.gate import answer_metrics, scorers
    from tasks_lib.ingestion.sources import document_source

    wanted: list[tuple[ModuleType, tuple[str, ...]]] = [
        (answer_metrics, ("Row",)),
        (examples, ("Example", "Reference")),
        (scorers, ("Metric",)),
        (detection, ("Detector", "CheckContext", "Finding")),
        (provider, ("ModelProvider",)),
        (platform, ("Platform",)),
        (embedder, ("Embedder",)),
        (document_source, ("DocumentSource", "SourceFile")),
        (plugins, ("Plugin",)),
        (assistant, ("Assistant",)),
        (types, ("Message", "Source", "Answer")),
    ]
    parts = ["# Python", "What a plug-in or a program of yours imports. Everything else may change between versions."]
    for module, names in wanted:
        parts += [_described(module, name) for name in names]
    return "\n\n".join(parts)


def _described(module: ModuleType, name: str) -> str:
    kind = getattr(module, name)
    said = re.sub(r"\bExample:\n(.*?)```python", "```python", inspect.getdoc(kind) or "", flags=re.DOTALL)
    lines = [f"## {name}", f"`from {module.__name__} import {name}`", plain(said)]
    if issubclass(kind, BaseModel) and name != "ModelProvider":
        lines.append(fields(kind))
    if dataclasses.is_dataclass(kind):
        lines.append(
            table(["field", "type"], ([f"`{f.name}`", f"`{_type(f.type)}`"] for f in dataclasses.fields(kind)))
        )
    unwritten = getattr(kind, "__abstractmethods__", ())
    rows = [
        [f"`{key}{_signature(value)}`", f"{REQUIRED if key in unwritten else ''}{first_line(value)}"]
        for key, value in vars(kind).items()
        if not key.startswith(("_", "model_")) and isinstance(value, FunctionType | property)
    ]
    if rows:
        lines.append(table(["member", "does"], rows))
    return "\n\n".join(line for line in lines if line)


def _signature(member: FunctionType | property) -> str:
    if isinstance(member, property):
        return ""
    found = [str(part.replace(annotation=part.empty)) for part in inspect.signature(member).parameters.values()]
    return f"({', '.join(found[1:])})"


def _type(annotation: object) -> str:
    """An annotation without its modules."""
    return re.sub(r"\b(?:\w+\.)+", "", inspect.formatannotation(annotation))
