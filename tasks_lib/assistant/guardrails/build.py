"""``build_guardrails``: the guards of a configuration."""

from typing import TYPE_CHECKING

from tasks_lib.assistant.contract.embedder import Embedder
from tasks_lib.assistant.guardrails.cached import RememberingDetector
from tasks_lib.assistant.guardrails.external import own_validators
from tasks_lib.assistant.guardrails.grounding import GroundingDetector
from tasks_lib.assistant.guardrails.guardrails import BoundDetector, Guardrails
from tasks_lib.assistant.guardrails.injection import InjectionDetector, InjectionScorer, PassageInjectionDetector
from tasks_lib.assistant.guardrails.length import LengthDetector
from tasks_lib.assistant.guardrails.output_schema import OutputSchemaDetector
from tasks_lib.assistant.guardrails.personal_data.detector import PersonalDataDetector, personal_data_finder
from tasks_lib.assistant.guardrails.secrets import SecretsDetector
from tasks_lib.assistant.guardrails.topics import TopicsDetector
from tasks_lib.config.rag import GuardrailsConfig

if TYPE_CHECKING:
    from haystack.components.generators.chat.types import ChatGenerator


def build_guardrails(
    config: GuardrailsConfig, embedder: Embedder, chat_generator: "ChatGenerator | None" = None
) -> Guardrails:
    """Guards ready to check: frameworks and models are loaded here, in two to four seconds, not at the first question.

    :param embedder: Compares meanings (topics, injection, grounding). Thresholds are calibrated for all-MiniLM-L6-v2.
    :param chat_generator: Confirms topics, where that is configured.
    :raises ConfigurationError: If an entity or a JSON Schema is not valid, or a plug-in is missing or broken.
    """
    on_input: list[BoundDetector] = []
    on_output: list[BoundDetector] = []
    on_passages: list[BoundDetector] = []
    if config.length.enabled:
        on_input.append((LengthDetector(config.length), config.length))
        on_output.append((LengthDetector(config.length), config.length))
    if config.personal_data.enabled and config.personal_data.entities:
        own = config.personal_data
        finder = personal_data_finder(own)
        on_input.append((PersonalDataDetector(finder, own.on_input), own))
        on_output.append((PersonalDataDetector(finder, own.on_output), own))
        on_passages.append((RememberingDetector(PersonalDataDetector(finder, own.on_passages)), own))
    if config.secrets.enabled:
        on_input.append((SecretsDetector(config.secrets), config.secrets))
        on_output.append((SecretsDetector(config.secrets), config.secrets))
    if config.injection.enabled:
        scorer = InjectionScorer(config.injection, embedder)
        on_input.append((InjectionDetector(scorer, config.injection), config.injection))
        in_passages = RememberingDetector(PassageInjectionDetector(scorer, config.injection))
        on_passages.append((in_passages, config.injection))
    if config.topics.enabled and (config.topics.forbidden or config.topics.allowed):
        on_input.append((TopicsDetector(config.topics, embedder, chat_generator), config.topics))
    if config.output_schema.enabled and config.output_schema.json_schema is not None:
        schema = config.output_schema
        on_output.append((OutputSchemaDetector(config.output_schema.json_schema, schema.on_output), schema))
    if config.grounding.enabled:
        on_output.append((GroundingDetector(config.grounding, embedder), config.grounding))
    for own_validator in own_validators(config):
        on_input += own_validator.detector(own_validator.config.on_input)
        on_output += own_validator.detector(own_validator.config.on_output)
        on_passages += own_validator.detector(own_validator.config.on_passages)
    guardrails = Guardrails(config, embedder, on_input=on_input, on_output=on_output, on_passages=on_passages)
    guardrails.warm_up()
    return guardrails
