"""Answers that must be JSON of a given shape."""

import json
from typing import Any

from tasks_lib.assistant.guardrails.detection import CheckContext, Finding
from tasks_lib.errors import ConfigurationError

NOT_JSON, INVALID = "NOT_JSON", "SCHEMA_VIOLATION"


class OutputSchemaDetector:
    """Checks an answer against a JSON Schema (draft 2020-12 unless the schema names another).

    :raises ConfigurationError: If the schema itself is not valid.
    """

    def __init__(self, schema: dict[str, Any]) -> None:
        import jsonschema

        validator = jsonschema.validators.validator_for(schema, default=jsonschema.Draft202012Validator)
        try:
            validator.check_schema(schema)
        except jsonschema.SchemaError as error:
            msg = f"guardrails.output_schema.json_schema is not a JSON Schema: {error.message}"
            raise ConfigurationError(msg, hint="Correct the schema, or leave it out for free text.") from error
        self._validator = validator(schema)

    def find(self, text: str, context: CheckContext) -> list[Finding]:  # noqa: ARG002 - as every detector
        """One finding on the whole answer if it breaks the schema."""
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            return [Finding(NOT_JSON, 0, len(text))]
        if self._validator.is_valid(value):
            return []
        return [Finding(INVALID, 0, len(text))]
