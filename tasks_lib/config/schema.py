"""JSON Schema of the configuration, whole or as one verb reads it."""

from difflib import get_close_matches
from typing import Any

from tasks_lib.config.rag import RagConfig
from tasks_lib.config.settings import Settings
from tasks_lib.errors import ConfigurationError

SECTIONS = tuple(name for name in Settings.model_fields if name not in RagConfig.model_fields)
SECTIONS_BY_VERB = {
    **{section: (section,) for section in SECTIONS},
    "deploy": ("gate",),
    "ingest": ("ingest", "gate", "release"),
    "release": ("gate", "release"),
    "promote": ("gate",),
    "rollback": ("gate",),
    "tune": ("gate",),
    "ask": ("gate",),
    "status": ("gate", "ingest", "monitor"),
    "forget": ("ingest",),
    "search": (),
    "guard": (),
    "demo": SECTIONS,
    "mcp": ("gate", "serve"),
    "up": ("serve", "up"),
    "review": ("review", "gate", "serve"),
}


def configuration_schema(verb: str | None = None) -> dict[str, Any]:
    """The schema of all keys, or of the top level and the sections that `verb` reads.

    :raises ConfigurationError: If `verb` is unknown.
    """
    schema = Settings.model_json_schema()
    if verb is None:
        return schema
    if verb not in SECTIONS_BY_VERB:
        match = get_close_matches(verb, SECTIONS_BY_VERB, n=1)
        raise ConfigurationError(
            f"there is no configuration for {verb!r}; verbs: {', '.join(sorted(SECTIONS_BY_VERB))}",
            hint=f"Did you mean {match[0]!r}?" if match else "Leave the verb out for every key.",
        )
    read = {*RagConfig.model_fields, *SECTIONS_BY_VERB[verb]}
    schema["properties"] = {name: value for name, value in schema["properties"].items() if name in read}
    used = str(schema["properties"])
    definitions = schema.pop("$defs", {})
    kept: dict[str, Any] = {}
    while True:
        new = {name: body for name, body in definitions.items() if name not in kept and f"#/$defs/{name}'" in used}
        if not new:
            break
        kept |= new
        used += str(new)
    return {**schema, "$defs": kept}
