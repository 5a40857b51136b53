"""Presidio's analyzer without spaCy and its own recognizers, which take most of its import: we have our own."""

from tasks_lib.deferred import deferred

with deferred("spacy", "presidio_analyzer.nlp_engine.stanza_nlp_engine", "presidio_analyzer.predefined_recognizers"):
    from presidio_analyzer import (
        AnalyzerEngine,
        EntityRecognizer,
        LocalRecognizer,
        RecognizerRegistry,
        RecognizerResult,
    )
    from presidio_analyzer.context_aware_enhancers import ContextAwareEnhancer
    from presidio_analyzer.nlp_engine import NlpArtifacts, NlpEngine

__all__ = [
    "AnalyzerEngine",
    "ContextAwareEnhancer",
    "EntityRecognizer",
    "LocalRecognizer",
    "NlpArtifacts",
    "NlpEngine",
    "RecognizerRegistry",
    "RecognizerResult",
]
