"""The language certificate: how much each validator finds, and how often it is wrong, by language.

Its figures are a data file of the package, measured by benchmarks/guardrails/certify.py. A language that is not listed
for a validator may work all the same, but nobody has measured it: a text in it is said to be unchecked.
"""

from functools import lru_cache
from importlib.resources import files

from pydantic import BaseModel, ConfigDict, Field

from tasks_lib.assistant.guardrails.detection import CheckContext, Finding
from tasks_lib.config.guardrails import GuardrailsConfig
from tasks_lib.text.languages import language_of

FIGURES = "data/certificate.json"
UNCHECKED = "UNCHECKED_LANGUAGE"
BY_LANGUAGE = ("injection", "personal_data")
"""Validators of questions that know words: what they find depends on the language."""
_TELLING = 40
"""Letters of a text from which a language that cannot be told is one that nobody has measured."""


class Figures(BaseModel):
    """What a validator does in one language, at its default cut-off."""

    model_config = ConfigDict(frozen=True)

    recall: float = Field(description="Share found of what should be, 0 to 1.")
    false_alarms: float = Field(description="Share of harmless texts in which something is found, 0 to 1.")
    texts: int = Field(description="Texts with something to find.")
    harmless: int = Field(description="Harmless texts.")
    data: str = Field(description="What it was measured on.")


class Certificate(BaseModel):
    """Validator → language (ISO 639-1) → figures."""

    model_config = ConfigDict(frozen=True)

    validators: dict[str, dict[str, Figures]]

    def languages(self, validator: str) -> frozenset[str]:
        """Those in which a validator was measured."""
        return frozenset(self.validators.get(validator, {}))


@lru_cache(maxsize=1)
def certificate() -> Certificate:
    """The certificate of the package."""
    text = files("tasks_lib.assistant.guardrails").joinpath(FIGURES).read_text(encoding="utf-8")
    return Certificate.model_validate_json(text)


class LanguageDetector:
    """Finds that a question is in a language in which a validator that reads it was never measured.

    A text of few letters whose language cannot be told, such as one word or an emoji, is let through.
    """

    ends_by_itself = True
    judges_newest = True

    def __init__(self, config: GuardrailsConfig) -> None:
        enabled = (name for name in BY_LANGUAGE if getattr(config, name).enabled)
        measured = [certificate().languages(name) for name in enabled]
        self._measured = frozenset.intersection(*measured) if measured else None

    def find(self, text: str, context: CheckContext) -> list[Finding]:
        """One finding on the newest turn, if its language is outside the certificate."""
        if self._measured is None:
            return []
        newest = context.messages[-1].content if context.messages else text
        language = language_of(newest)
        if language in self._measured or (language is None and sum(map(str.isalpha, newest)) < _TELLING):
            return []
        return [Finding(UNCHECKED, len(text) - len(newest), len(text))]
