"""Validators of other packages (Guardrails Hub): they detect, and the configuration decides the action."""

import inspect
import sys
from collections.abc import Iterator
from typing import Any

from tasks_lib.assistant.guardrails.detection import CheckContext, Detector, Finding
from tasks_lib.config.guardrails import ExternalValidatorConfig, GuardrailsConfig
from tasks_lib.plugins import Plugin, plugin


def external_detectors(config: GuardrailsConfig) -> Iterator[tuple[str, ExternalValidatorConfig, Detector]]:
    """The validators of other packages that are enabled, by name.

    :raises PluginError: If one cannot be imported or made, or is no validator.
    :raises ConfigurationError: If no installed package brings it.
    """
    for name, own in config.validators.items():
        if own.enabled:
            yield name, own, _external_detector(plugin("validators", name, "guardrails.validators"), own.options)


def _external_detector(part: Plugin, options: dict[str, Any]) -> Detector:
    if part.name in GuardrailsConfig.model_fields:
        raise part.failed("bears the name of a part of `guardrails`")
    factory = part.load()
    if inspect.ismodule(factory) or _is_validator(factory):
        return GuardrailsValidator(part, options)
    detector = part.make(options)
    if _is_validator(type(detector)):
        raise part.failed("must name the class of a Guardrails validator, not make one")
    if not callable(getattr(detector, "find", None)):
        raise part.failed("has no method `find`, and is no Guardrails validator")
    return ExternalDetector(part, detector)


def _is_validator(candidate: Any) -> bool:
    """Whether it is a class of Guardrails validators, without importing the framework for those that are not."""
    base = sys.modules.get("guardrails.validator_base")
    return base is not None and isinstance(candidate, type) and issubclass(candidate, base.Validator)


class ExternalDetector:
    """A detector of another package, whose errors name the package."""

    def __init__(self, part: Plugin, detector: Detector) -> None:
        self._part = part
        self._detector = detector

    def find(self, text: str, context: CheckContext) -> list[Finding]:
        """What the detector finds.

        :raises PluginError: If it raises; without its message, which may hold the text.
        """
        try:
            return list(self._detector.find(text, context))
        except Exception as error:
            raise self._part.failed(f"failed with {type(error).__name__}") from error


class GuardrailsValidator:
    """A validator made with Guardrails AI, as a detector. Its kind is its registered name: `DETECT_PII`.

    It is asked about each turn, passage, title and heading by itself, and about answers as a whole or, in a stream, as
    far as they are held back. A failure without `error_spans` is one on all of that text. Where the action is `mask`,
    the spans are masked; its `fix_value` is not used, since the places of other findings would move.

    :param part: Names the class, or the module that registers it under the name of the part.
    """

    def __init__(self, part: Plugin, options: dict[str, Any]) -> None:
        from tasks_lib.assistant.guardrails.framework import keep_local, validators_registry

        keep_local()
        self._part = part
        named = part.load()
        kind = validators_registry.get(part.name) if inspect.ismodule(named) else named
        if kind is None:
            raise part.failed(f"registers no validator {part.name!r}")
        try:
            self._validator = kind(**options, on_fail="noop")
        except Exception as error:
            raise part.failed(f"cannot be made with options {options!r}", error) from error
        self._kind = self._validator.rail_alias.rsplit("/", 1)[-1].replace("-", "_").upper()
        known = _metadata(CheckContext("output", 0.0))
        if unknown := sorted(set(self._validator.required_metadata_keys) - set(known)):
            raise part.failed(f"requires the metadata {', '.join(unknown)}; given are {', '.join(known)}")

    def find(self, text: str, context: CheckContext) -> list[Finding]:
        """Where it fails.

        :raises PluginError: If it raises; without its message, which may hold the text.
        """
        parts = context.parts or [(0, len(text))]
        try:
            return [f for start, end in parts if start < end for f in self._failures(text[start:end], start, context)]
        except Exception as error:
            raise self._part.failed(f"failed with {type(error).__name__}") from error

    def _failures(self, text: str, offset: int, context: CheckContext) -> list[Finding]:
        result = self._validator.validate(text, _metadata(context))
        if result.outcome == "pass":
            return []
        spans = [(span.start, span.end) for span in result.error_spans or []] or [(0, len(text))]
        return [Finding(self._kind, offset + start, offset + end) for start, end in spans]


def _metadata(context: CheckContext) -> dict[str, Any]:
    """What Guardrails validators are told beside the text, as our own are: see `validators.py`."""
    return {
        "messages": [message.model_dump() for message in context.messages],
        "sources": [source.content for source in context.sources or []],
        "question": context.question,
    }
