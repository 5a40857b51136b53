"""``build_guardrails``: the guardrails of a configuration."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal

from tasks_lib.assistant.contract.embedder import Embedder
from tasks_lib.assistant.guardrails.cached import CachedDetector
from tasks_lib.assistant.guardrails.certificate import LanguageDetector
from tasks_lib.assistant.guardrails.check import Check
from tasks_lib.assistant.guardrails.detection import Detector
from tasks_lib.assistant.guardrails.external import external_detectors
from tasks_lib.assistant.guardrails.grounding import GroundingDetector
from tasks_lib.assistant.guardrails.guardrails import Guardrails
from tasks_lib.assistant.guardrails.injection import InjectionDetector, InjectionScorer, PassageInjectionDetector
from tasks_lib.assistant.guardrails.length import LengthDetector
from tasks_lib.assistant.guardrails.output_schema import OutputSchemaDetector
from tasks_lib.assistant.guardrails.personal_data.finder import personal_data_finder
from tasks_lib.assistant.guardrails.results import Verdict
from tasks_lib.assistant.guardrails.secrets import SecretsDetector
from tasks_lib.assistant.guardrails.topics import TopicsDetector
from tasks_lib.config.guardrails import GuardrailsConfig, ValidatorConfig

if TYPE_CHECKING:
    from haystack.components.generators.chat.types import ChatGenerator

_Text = Literal["input", "output", "passages"]


def build_guardrails(
    config: GuardrailsConfig, embedder: Embedder, chat_generator: "ChatGenerator | None" = None
) -> Guardrails:
    """Guardrails ready to check: models are loaded here, in about a second, not at the first question.

    :param embedder: Compares meanings (topics, injection, grounding). Thresholds are calibrated for all-MiniLM-L6-v2.
    :param chat_generator: Confirms topics, where that is configured.
    :raises ConfigurationError: If an entity or a JSON Schema is not valid, or a plug-in is missing or broken.
    """
    checks: dict[_Text, list[Check]] = {"input": [], "output": [], "passages": []}
    for name, section, detectors in _detectors(config, embedder, chat_generator):
        for text, detector in detectors.items():
            action: Verdict | None = getattr(section, f"on_{text}", "refuse")
            if action:
                checks[text].append(Check(name, detector, section, action))
    unknown: Verdict = "refuse" if config.unknown_language == "refuse" else "allow-and-log"
    checks["input"].append(Check("language", LanguageDetector(config, embedder), ValidatorConfig(), unknown))
    guardrails = Guardrails(
        config, embedder, on_input=checks["input"], on_output=checks["output"], on_passages=checks["passages"]
    )
    guardrails.warm_up()
    return guardrails


def _detectors(
    config: GuardrailsConfig, embedder: Embedder, chat_generator: "ChatGenerator | None"
) -> Iterator[tuple[str, ValidatorConfig, dict[_Text, Detector]]]:
    """Name, configuration, and the detector for each kind of text, of all that is enabled, in the order of checking."""
    if config.length.enabled:
        length = LengthDetector(config.length)
        yield "length", config.length, {"input": length, "output": length}
    if config.personal_data.enabled and config.personal_data.entities:
        finder = personal_data_finder(config.personal_data)
        detectors: dict[_Text, Detector] = {"input": finder, "output": finder, "passages": CachedDetector(finder)}
        yield "personal_data", config.personal_data, detectors
    if config.secrets.enabled:
        secrets = SecretsDetector(config.secrets)
        yield "secrets", config.secrets, {"input": secrets, "output": secrets}
    if config.injection.enabled:
        scorer = InjectionScorer(config.injection, embedder)
        in_passages = CachedDetector(PassageInjectionDetector(scorer, config.injection))
        yield (
            "injection",
            config.injection,
            {"input": InjectionDetector(scorer, config.injection), "passages": in_passages},
        )
    if config.topics.enabled and (config.topics.forbidden or config.topics.allowed):
        yield "topics", config.topics, {"input": TopicsDetector(config.topics, embedder, chat_generator)}
    if config.output_schema.enabled and config.output_schema.json_schema is not None:
        detector = OutputSchemaDetector(config.output_schema.json_schema)
        yield "output_schema", config.output_schema, {"output": detector}
    if config.grounding.enabled:
        yield "grounding", config.grounding, {"output": GroundingDetector(config.grounding, embedder)}
    for name, section, external in external_detectors(config):
        yield name, section, {"input": external, "output": external, "passages": external}
