"""The language certificate: how much each validator finds, and how often it is wrong, by language and embedder.

Its figures are a data file of the package, measured by benchmarks/guardrails/certify.py. A language that is not listed
for a validator may work all the same, but nobody has measured it: a text in it is said to be unchecked.
"""

from functools import lru_cache
from importlib.resources import files
from itertools import starmap

from pydantic import BaseModel, ConfigDict, Field

from tasks_lib.assistant.contract.embedder import Embedder, embedder_id
from tasks_lib.assistant.guardrails.detection import CheckContext, Finding
from tasks_lib.config.guardrails import GuardrailsConfig
from tasks_lib.config.rag import MINILM
from tasks_lib.text.languages import language_of, other_scripts

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


Measured = dict[str, dict[str, Figures]]
"""Validator → language (ISO 639-1) → figures."""


class Certificate(BaseModel):
    """What the validators do beside one embedder."""

    model_config = ConfigDict(frozen=True)

    embedder: str = Field(description="Id of the embedder.")
    validators: Measured = Field(description="Validator → language (ISO 639-1) → figures.")
    of_embedder: list[str] = Field(description="Those of them that compare meanings: measured with this embedder.")
    unmeasured: list[str] = Field(description="Validators that nobody has measured with this embedder.")
    measured_embedders: list[str] = Field(description="Ids of the embedders that were measured.")

    def languages(self, validator: str) -> frozenset[str]:
        """Those in which a validator was measured."""
        return frozenset(self.validators.get(validator, {}))


class Figured(BaseModel):
    """The data file: what is measured without an embedder, and by the id of each (empty: any other)."""

    validators: Measured
    embedders: dict[str, Measured]


@lru_cache(maxsize=1)
def measured() -> Figured:
    """All figures of the package."""
    text = files("tasks_lib.assistant.guardrails").joinpath(FIGURES).read_text(encoding="utf-8")
    return Figured.model_validate_json(text)


@lru_cache
def certificate(embedder: str = MINILM) -> Certificate:
    """The certificate of a version with this embedder.

    :param embedder: Its id; with one that nobody has measured, attempts are found by their cue words alone.
    """
    known = measured()
    own = known.embedders.get(embedder) or known.embedders[""]
    every = {name for figures in known.embedders.values() for name in figures}
    return Certificate(
        embedder=embedder,
        validators={**known.validators, **own},
        of_embedder=sorted(own) if embedder in known.embedders else [],
        unmeasured=sorted(every - own.keys()),
        measured_embedders=sorted(filter(None, known.embedders)),
    )


class LanguageDetector:
    """Finds that a question is in a language in which a validator that reads it was never measured.

    So it is with one of mixed scripts, if a part of it is. A text of few letters whose language cannot be told, such as
    one word or an emoji, is let through.
    """

    ends_by_itself = True
    judges_newest = True

    def __init__(self, config: GuardrailsConfig, embedder: Embedder) -> None:
        own = certificate(embedder_id(embedder))
        languages = [own.languages(name) for name in BY_LANGUAGE if getattr(config, name).enabled]
        self._measured = frozenset.intersection(*languages) if languages else None

    def find(self, text: str, context: CheckContext) -> list[Finding]:
        """One finding on the newest turn, if its language is outside the certificate."""
        if self._measured is None:
            return []
        newest = context.messages[-1].content if context.messages else text
        if not (self._is_unmeasured(newest) or any(starmap(self._is_unmeasured_part, other_scripts(newest)))):
            return []
        return [Finding(UNCHECKED, len(text) - len(newest), len(text))]

    def _is_unmeasured(self, text: str) -> bool:
        language = language_of(text)
        return language not in (self._measured or ()) and (
            language is not None or sum(map(str.isalpha, text)) >= _TELLING
        )

    def _is_unmeasured_part(self, script: str, text: str) -> bool:
        """Of another script than most of the question; Latin words of no language are names and terms."""
        language = language_of(text)
        return language not in (self._measured or ()) and (language is not None or script != "LATIN")
