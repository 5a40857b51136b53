"""Our validators on Guardrails AI's base. Imported only where guards are built: the framework takes seconds to load."""

import logging
from typing import Any

from guardrails import Guard, OnFailAction, Validator, register_validator
from guardrails.classes.rc import RC
from guardrails.settings import settings
from guardrails_ai.types import ErrorSpan, FailResult, PassResult, ValidationResult

from tasks_lib.assistant.guardrails.detection import CheckContext, Detection, Detector
from tasks_lib.assistant.guardrails.time_limit import TimeLimit
from tasks_lib.config.rag import ValidatorConfig
from tasks_lib.errors import PluginError

logger = logging.getLogger(__name__)

CONTEXT = "context"
"""Key of the metadata that carries the `CheckContext`."""
DETECTIONS = "detections"
FAILED = "VALIDATOR_FAILED"
TIMED_OUT = "VALIDATOR_TIMED_OUT"


class DetectorValidator(Validator):  # type: ignore[misc]  # the framework is untyped
    """Runs a detector within its time; an error or a timeout is a hit on the whole text."""

    def __init__(self, detector: Detector, config: ValidatorConfig) -> None:
        super().__init__(on_fail=OnFailAction.NOOP)
        self.detector = detector
        self.config = config
        limit: TimeLimit[list[Detection]] = TimeLimit(config.time_limit)
        self._run = limit.run_here if getattr(detector, "ends_by_itself", False) else limit.run

    def _validate(self, value: Any, metadata: dict[str, Any]) -> ValidationResult:
        context: CheckContext = metadata[CONTEXT]
        if context.stopped:
            return PassResult()
        detections = self._detections(str(value), context)
        if not detections:
            return PassResult()
        return FailResult(
            error_message=", ".join(sorted({d.kind for d in detections})),
            error_spans=[ErrorSpan(start=d.start, end=d.end, reason=d.kind) for d in detections],
            metadata={**metadata, DETECTIONS: detections},  # the framework hands it to the next validator
        )

    def _detections(self, text: str, context: CheckContext) -> list[Detection]:
        try:
            return self._run(lambda: self.detector.detect(text, context), until=context.deadline)
        except TimeoutError:
            logger.warning("guardrail %s exceeded its time on %d characters", self.detector.name, len(text))
            return [Detection(TIMED_OUT, 0, len(text), 1.0, self.config.on_failure)]
        except Exception as error:  # noqa: BLE001 - fail closed, whatever it was; the message may hold the text
            what = error.message if isinstance(error, PluginError) else type(error).__name__
            logger.warning("guardrail %s failed: %s", self.detector.name, what)
            return [Detection(FAILED, 0, len(text), 1.0, self.config.on_failure)]


@register_validator("llmops/length", data_type="string")
class LengthValidator(DetectorValidator):
    """Texts that are too long."""


@register_validator("llmops/personal_data", data_type="string")
class PersonalDataValidator(DetectorValidator):
    """Personal data."""


@register_validator("llmops/secrets", data_type="string")
class SecretsValidator(DetectorValidator):
    """Keys, tokens and passwords."""


@register_validator("llmops/injection", data_type="string")
class InjectionValidator(DetectorValidator):
    """Attempts to change the instructions."""


@register_validator("llmops/topics", data_type="string")
class TopicsValidator(DetectorValidator):
    """Topics that are not answered."""


@register_validator("llmops/output_schema", data_type="string")
class OutputSchemaValidator(DetectorValidator):
    """Answers that break their JSON Schema."""


@register_validator("llmops/grounding", data_type="string")
class GroundingValidator(DetectorValidator):
    """Answers that their passages do not support."""


VALIDATORS: dict[str, type[DetectorValidator]] = {
    "length": LengthValidator,
    "personal_data": PersonalDataValidator,
    "secrets": SecretsValidator,
    "injection": InjectionValidator,
    "topics": TopicsValidator,
    "output_schema": OutputSchemaValidator,
    "grounding": GroundingValidator,
}


def validator_of(detector: Detector, config: ValidatorConfig) -> DetectorValidator:
    """The validator of a detector; one that another package brings is registered under its name."""
    kind = VALIDATORS.get(detector.name)
    if kind is None:
        own = type("OwnValidator", (DetectorValidator,), {"__doc__": "A validator of another package."})
        kind = VALIDATORS[detector.name] = register_validator(f"llmops/{detector.name}", data_type="string")(own)
    return kind(detector, config)


class QuietGuard(Guard):  # type: ignore[misc]  # the framework is untyped
    """A guard that never reports metrics, whatever the machine's settings file says."""

    def _load_rc(self) -> None:
        settings.rc = RC(enable_metrics=False, use_remote_inferencing=False)


def new_guard(name: str, validators: list[DetectorValidator]) -> QuietGuard:
    """A guard of these validators, for one thread at a time."""
    guard = QuietGuard(name=name, history_max_length=1)
    guard.use(*validators)
    return guard


def detections_of(guard: QuietGuard, text: str, context: CheckContext) -> dict[str, list[Detection]]:
    """Validate `text`; detector name → what it found, for every validator that ran. The guard forgets the text."""
    try:
        guard.validate(text, metadata={CONTEXT: context})
        found: dict[str, list[Detection]] = {}
        for log in guard.history.last.iterations.last.validator_logs:
            result = log.validation_result
            name = log.registered_name.removeprefix("llmops/")
            found[name] = list(result.metadata[DETECTIONS]) if isinstance(result, FailResult) else []
        return found
    finally:
        guard.history.clear()
