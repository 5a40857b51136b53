"""``GuardrailsConfig``: what is checked of questions, passages and answers; a part of what shapes an answer."""

from typing import Any, Literal, Self

from pydantic import Field, model_validator

from tasks_lib.config.strict import StrictModel


class ValidatorConfig(StrictModel):
    """What every validator of the guardrails shares."""

    enabled: bool = Field(default=True, description="Whether the validator runs.")
    time_limit: float = Field(default=5.0, gt=0, le=60, description="Seconds after which it counts as failed.")
    on_failure: Literal["refuse", "allow-and-log"] = Field(
        default="refuse",
        description="What happens when it raises or exceeds its time: `refuse` fails closed.",
    )
    message: str | None = Field(default=None, min_length=1, description="What is said when it refuses.")


class PersonalDataConfig(ValidatorConfig):
    """Personal data in questions, answers and passages."""

    entities: tuple[str, ...] = Field(
        default=(
            "CREDIT_CARD",
            "IBAN_CODE",
            "US_SSN",
            "NATIONAL_ID",
            "TAX_ID",
            "EMAIL_ADDRESS",
            "PHONE_NUMBER",
            "IP_ADDRESS",
        ),
        description="Entity names. PERSON, LOCATION, NRP, ORGANIZATION and TITLE cost a run of spaCy's model.",
    )
    language: Literal["en"] = Field(default="en", description="Language of the entity finder.")
    score_threshold: float = Field(default=0.5, ge=0, le=1, description="Score from which a finding counts.")
    allow: tuple[str, ...] = Field(
        default=(),
        description="Texts that are never personal data, such as our own telephone number, or `@domain` for mailboxes.",
    )
    on_input: Literal["refuse", "mask", "allow-and-log"] = Field(default="refuse", description="Action on questions.")
    on_output: Literal["refuse", "mask", "allow-and-log"] = Field(default="mask", description="Action on answers.")
    on_passages: Literal["drop", "mask", "allow-and-log"] = Field(
        default="mask",
        description="Action on retrieved passages; `mask` keeps their length.",
    )


class TopicsConfig(ValidatorConfig):
    """Topics by example questions. With allowed topics the rest is off topic; without any, nothing is refused."""

    forbidden: dict[str, tuple[str, ...]] = Field(
        default_factory=dict,
        description="Topic that is refused → its description and example questions.",
    )
    allowed: dict[str, tuple[str, ...]] = Field(
        default_factory=dict,
        description="Topic that is answered → its description and example questions.",
    )
    threshold: float = Field(
        default=0.35,
        ge=-1,
        le=1,
        description="Cosine similarity with the three nearest examples from which a forbidden topic is met.",
    )
    allowed_threshold: float = Field(
        default=0.2,
        ge=-1,
        le=1,
        description="Cosine similarity with the three nearest examples below which no allowed topic is met.",
    )
    small_talk: bool = Field(default=True, description="Let greetings and thanks through.")
    history: int = Field(default=2, ge=0, le=10, description="Earlier questions that a follow-up is read with.")
    confirm: bool = Field(default=False, description="Ask the language model before a question is refused.")
    on_input: Literal["refuse", "allow-and-log"] = Field(default="refuse", description="Action on questions.")


class InjectionConfig(ValidatorConfig):
    """Attempts to change the assistant's instructions, in questions and in passages."""

    threshold: float = Field(default=0.5, ge=0, le=1, description="Score from which a text counts as an attempt.")
    on_input: Literal["refuse", "allow-and-log"] = Field(default="refuse", description="Action on questions.")
    on_passages: Literal["drop", "mask", "allow-and-log"] = Field(
        default="mask",
        description="Action on passages: `mask` blanks the sentences, `drop` leaves the passage out.",
    )


class SecretsConfig(ValidatorConfig):
    """Keys, tokens and passwords."""

    on_input: Literal["refuse", "mask", "allow-and-log"] = Field(default="mask", description="Action on questions.")
    on_output: Literal["refuse", "mask", "allow-and-log"] = Field(default="mask", description="Action on answers.")


class OutputSchemaConfig(ValidatorConfig):
    """The JSON Schema that an answer must satisfy."""

    json_schema: dict[str, Any] | None = Field(default=None, description="JSON Schema; empty for free text.")
    on_output: Literal["refuse", "allow-and-log"] = Field(default="refuse", description="Action on answers.")


class GroundingConfig(ValidatorConfig):
    """Whether the answer is supported by its passages."""

    threshold: float = Field(
        default=0.4,
        ge=0,
        le=1,
        description="Support of the weakest sentence, 0 to 1, below which an answer counts as invented.",
    )
    numbers: bool = Field(
        default=True,
        description="Whether a number that neither passages nor question hold is invented; computed ones count too.",
    )
    on_output: Literal["refuse", "allow-and-log"] = Field(default="refuse", description="Action on answers.")


class LengthConfig(ValidatorConfig):
    """Longest text that is let through, in characters."""

    input_characters: int = Field(default=8_000, ge=1, description="Longest question.")
    conversation_characters: int = Field(
        default=32_000, ge=1, description="Longest conversation; older turns are left out."
    )
    output_characters: int = Field(default=20_000, ge=1, description="Longest answer.")


class ExternalValidatorConfig(ValidatorConfig):
    """A validator of another package. Where no action is given, that text is not checked; one is needed."""

    options: dict[str, Any] = Field(default_factory=dict, description="What the validator is made with.")
    on_input: Literal["refuse", "mask", "allow-and-log"] | None = Field(
        default=None, description="Action on questions."
    )
    on_output: Literal["refuse", "mask", "allow-and-log"] | None = Field(default=None, description="Action on answers.")
    on_passages: Literal["drop", "mask", "allow-and-log"] | None = Field(
        default=None, description="Action on retrieved passages."
    )

    @model_validator(mode="after")
    def _checks_something(self) -> Self:
        if self.enabled and not (self.on_input or self.on_output or self.on_passages):
            msg = "a validator needs on_input, on_output or on_passages, else it checks nothing"
            raise ValueError(msg)
        return self


class GuardrailsConfig(StrictModel):
    """What is checked on the way in and on the way out."""

    personal_data: PersonalDataConfig = PersonalDataConfig()
    topics: TopicsConfig = TopicsConfig()
    injection: InjectionConfig = InjectionConfig()
    secrets: SecretsConfig = SecretsConfig()
    output_schema: OutputSchemaConfig = OutputSchemaConfig()
    grounding: GroundingConfig = GroundingConfig()
    length: LengthConfig = LengthConfig()
    validators: dict[str, ExternalValidatorConfig] = Field(
        default_factory=dict,
        description="Validators of other packages: entry points of the group `llmops_flows.validators` by their name, "
        "published Guardrails validators by theirs, such as `guardrails/profanity_free`.",
    )
    unknown_language: Literal["allow", "refuse"] = Field(
        default="allow",
        description="What happens to a question in a language in which the validators were not measured "
        "(`llmops guard --languages`); it is logged and counted either way.",
    )
    time_limit: float = Field(
        default=10.0, gt=0, le=300, description="Seconds for all validators of one text together."
    )
    message: str = Field(
        default="I cannot help with that: the request or the answer was stopped by a guardrail.",
        min_length=1,
        description="What is said when a guardrail refuses.",
    )

    def refusal_message(self, validator: str) -> str:
        """What is said when this validator refuses: its message, else the common one."""
        config = self.validators.get(validator) or getattr(self, validator, None)
        return (config.message if isinstance(config, ValidatorConfig) else None) or self.message
