"""The schema that `llmops schema` prints."""

import json

import pytest

from tasks_lib.config.schema import SECTIONS_BY_VERB, configuration_schema
from tasks_lib.errors import ConfigurationError


def test_whole_schema_has_every_section() -> None:
    assert {"retriever", "ingest", "dataset", "gate", "monitor", "serve"} <= configuration_schema()["properties"].keys()


@pytest.mark.parametrize("verb", SECTIONS_BY_VERB)
def test_schema_of_a_verb_resolves_its_references(verb: str) -> None:
    schema = configuration_schema(verb)
    text = json.dumps(schema)
    assert "retriever" in schema["properties"]
    for name in schema["$defs"]:
        assert f"#/$defs/{name}" in text
    assert text.count("#/$defs/") >= len(schema["$defs"])
    assert all(
        f'"{part.split(chr(34))[0]}"' in json.dumps(list(schema["$defs"])) for part in text.split("#/$defs/")[1:]
    )


def test_schema_of_a_verb_leaves_other_sections_out() -> None:
    assert "monitor" not in configuration_schema("ingest")["properties"]


def test_unknown_verb_is_refused_with_the_nearest() -> None:
    with pytest.raises(ConfigurationError) as caught:
        configuration_schema("ingst")
    assert "'ingest'" in caught.value.hint
